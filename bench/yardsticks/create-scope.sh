#!/bin/sh
# Scope with its mapper, trusted hosts, realm default: the five calls of kcadm.sh that people's scripts consist of.
set -eu
resource=$1
scope=$2
config=$3
kcadm() { "$KEYCLOAK_HOME/bin/kcadm.sh" "$@" --config "$config"; }

kcadm config credentials --server "$KC_SERVER" --realm "$KC_REALM" --client "$KC_CLIENT_ID" --secret "$KC_CLIENT_SECRET"
id=$(kcadm create client-scopes -r "$KC_REALM" -i -s name="$scope" -s protocol=openid-connect \
  -s "protocolMappers=[{\"name\":\"mcp-audience\",\"protocol\":\"openid-connect\",\"protocolMapper\":\"oidc-audience-mapper\",\"config\":{\"included.custom.audience\":\"$resource\",\"access.token.claim\":\"true\"}}]")
policy=$(kcadm get components -r "$KC_REALM" -q name='Trusted Hosts' --fields id --format csv --noquotes)
kcadm update "components/$policy" -r "$KC_REALM" -s 'config."trusted-hosts"=["chatgpt.com","svc.example.com"]' \
  -s 'config."host-sending-registration-request-must-match"=["false"]' -s 'config."client-uris-must-match"=["true"]'
kcadm update "default-default-client-scopes/$id" -r "$KC_REALM" -n -b '{}'
