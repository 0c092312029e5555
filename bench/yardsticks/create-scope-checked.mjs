/* The calls of `mcpkc create-scope` from nothing, by hand: it looks first, holds a lock, reads back what it edits. */
import { send } from './admin.mjs';

const [resource, scope] = process.argv.slice(2);
const POLICY = 'org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy';
const get = async (path) => (await send('GET', path)).json;
const components = () => get(`components?type=${POLICY}`);
const profiles = () => get('client-policies/profiles');
const policies = () => get('client-policies/policies');
const lists = () =>
  Promise.all([get('default-default-client-scopes'), get('default-optional-client-scopes')]);
const look = () =>
  Promise.all([
    get('client-scopes'),
    lists(),
    components(),
    policies(),
    profiles(),
    get(`clients?clientId=${process.env.KC_CLIENT_ID}`),
  ]);

async function editComponent(provider, change) {
  const found = (await components()).find(
    ({ providerId, subType }) => providerId === provider && subType === 'anonymous',
  );
  await send('PUT', `components/${found.id}`, { ...found, config: { ...found.config, ...change } });
  await components();
}

async function addPolicy() {
  const executors = [{ executor: 'pkce-enforcer', configuration: { 'auto-configure': false } }];
  const known = (await profiles()).profiles ?? [];
  await send('PUT', 'client-policies/profiles', {
    profiles: [...known, { name: `pkce ${scope}`, executors }],
  });
  await profiles();
  const conditions = [{ condition: 'client-scopes', configuration: { type: 'Any', scopes: [scope] } }];
  const policy = { name: `pkce ${scope}`, enabled: true, conditions, profiles: [`pkce ${scope}`] };
  const others = (await policies()).policies ?? [];
  await send('PUT', 'client-policies/policies', { policies: [...others, policy] });
  await policies();
}

await look();
await get('clients?first=0&max=100');
await send('POST', 'roles', { name: 'a-lock' });
const lock = await get('roles/a-lock');
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
await Promise.all([
  editComponent('trusted-hosts', {
    'trusted-hosts': ['chatgpt.com', new URL(resource).hostname],
    'host-sending-registration-request-must-match': ['false'],
    'client-uris-must-match': ['true'],
  }),
  editComponent('allowed-client-templates', { 'allowed-client-scopes': ['openid'] }),
  addPolicy(),
]);
await send('PUT', `default-default-client-scopes/${id}`);
await Promise.all([send('DELETE', `roles-by-id/${lock.id}`), look()]);
