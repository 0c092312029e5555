/* What both yardsticks of `create-scope` bring about. */
const [resource, scope] = process.argv.slice(2);
const POLICY = 'org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy';

/** The registration policies of a realm. */
export const COMPONENTS = `components?type=${POLICY}`;

export const SCOPE = {
  name: scope,
  protocol: 'openid-connect',
  attributes: { 'mcpkc.mode': 'standing', 'mcpkc.resource': resource },
};

export const MAPPER = {
  name: 'mcp-audience',
  protocol: 'openid-connect',
  protocolMapper: 'oidc-audience-mapper',
  config: {
    'included.custom.audience': resource,
    'access.token.claim': 'true',
    'id.token.claim': 'false',
    'introspection.token.claim': 'true',
  },
};

/** What of the anonymous policies' configuration changes, by provider. */
const CONFIG = {
  'trusted-hosts': {
    'trusted-hosts': ['chatgpt.com', new URL(resource).hostname],
    'host-sending-registration-request-must-match': ['false'],
    'client-uris-must-match': ['true'],
  },
  'allowed-client-templates': { 'allowed-client-scopes': ['openid'] },
};

/** The component of a provider with its new configuration. */
export function changed(components, provider) {
  const found = components.find(
    ({ providerId, subType }) => providerId === provider && subType === 'anonymous',
  );
  return { ...found, config: { ...found.config, ...CONFIG[provider] } };
}

/** The role that proves which client is the record of what was done. */
export const RECORD_ROLE = { name: 'a-record', attributes: { proof: ['of-the-record'] } };

/** The client whose attributes are that record. */
export const RECORD = {
  clientId: 'a-record',
  bearerOnly: true,
  standardFlowEnabled: false,
  attributes: { proof: 'of-the-record' },
};

/** The client that holds the MCP server's URL as client id, so that nobody else takes it. */
export const HELD_ID = {
  clientId: resource,
  bearerOnly: true,
  standardFlowEnabled: false,
  defaultClientScopes: [],
  optionalClientScopes: [],
};
