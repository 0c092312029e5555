#!/bin/sh
# mcpkc validate in any CI: green (0), red (1), or a failure (2 configuration, 3 nothing answered, 4 not authorised).
#
# From the CI's variables: MCP_TRANSPORT_URL; for proofs from inside also KC_SERVER, KC_REALM, KC_CLIENT_ID and the secret
# KC_CLIENT_SECRET (an account of mcpkc init --read-only suffices). JUnit goes to mcpkc-validate.xml: let the CI collect it.
set -eu

attempt=1
while :; do
  status=0
  mcpkc validate --quiet --junit mcpkc-validate.xml "$@" || status=$?
  # A deployment that isn't up yet answers nothing (3): twice more, half a minute apart.
  if [ "$status" -ne 3 ] || [ "$attempt" -ge 3 ]; then exit "$status"; fi
  attempt=$((attempt + 1))
  sleep "${MCPKC_RETRY_SECONDS:-30}"
done
