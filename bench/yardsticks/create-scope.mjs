/* What `mcpkc create-scope` brings about, by the bare calls, one after the other, without a look at the result. */
import { send } from './admin.mjs';

const [resource, scope] = process.argv.slice(2);
const POLICY = 'org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy';

const { id } = await send('POST', 'client-scopes', {
  name: scope,
  protocol: 'openid-connect',
  attributes: { 'mcpkc.mode': 'standing', 'mcpkc.resource': resource },
});
await send('POST', `client-scopes/${id}/protocol-mappers/models`, {
  name: 'mcp-audience',
  protocol: 'openid-connect',
  protocolMapper: 'oidc-audience-mapper',
  config: {
    'included.custom.audience': resource,
    'access.token.claim': 'true',
    'id.token.claim': 'false',
    'introspection.token.claim': 'true',
  },
});
const { json: components } = await send('GET', `components?type=${POLICY}`);
const anonymous = (provider) =>
  components.find(({ providerId, subType }) => providerId === provider && subType === 'anonymous');
const hosts = anonymous('trusted-hosts');
await send('PUT', `components/${hosts.id}`, {
  ...hosts,
  config: {
    ...hosts.config,
    'trusted-hosts': ['chatgpt.com', new URL(resource).hostname],
    'host-sending-registration-request-must-match': ['false'],
    'client-uris-must-match': ['true'],
  },
});
const scopes = anonymous('allowed-client-templates');
await send('PUT', `components/${scopes.id}`, {
  ...scopes,
  config: { ...scopes.config, 'allowed-client-scopes': ['openid'] },
});
const { json: profiles } = await send('GET', 'client-policies/profiles');
const executors = [{ executor: 'pkce-enforcer', configuration: { 'auto-configure': false } }];
await send('PUT', 'client-policies/profiles', {
  profiles: [...(profiles.profiles ?? []), { name: `pkce ${scope}`, executors }],
});
const { json: policies } = await send('GET', 'client-policies/policies');
const conditions = [{ condition: 'client-scopes', configuration: { type: 'Any', scopes: [scope] } }];
const policy = { name: `pkce ${scope}`, enabled: true, conditions, profiles: [`pkce ${scope}`] };
await send('PUT', 'client-policies/policies', { policies: [...(policies.policies ?? []), policy] });
await send('PUT', `default-default-client-scopes/${id}`);
