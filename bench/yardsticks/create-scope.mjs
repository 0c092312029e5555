/* What `mcpkc create-scope` brings about, by the bare calls, one after the other, without a look at the result. */
import { send } from './admin.mjs';
import { CLIENT_POLICY, COMPONENTS, changed, MAPPER, PROFILE, SCOPE } from './resource.mjs';

const { id } = await send('POST', 'client-scopes', SCOPE);
await send('POST', `client-scopes/${id}/protocol-mappers/models`, MAPPER);
const { json: components } = await send('GET', COMPONENTS);
const hosts = changed(components, 'trusted-hosts');
await send('PUT', `components/${hosts.id}`, hosts);
const scopes = changed(components, 'allowed-client-templates');
await send('PUT', `components/${scopes.id}`, scopes);
const { json: profiles } = await send('GET', 'client-policies/profiles');
await send('PUT', 'client-policies/profiles', { profiles: [...(profiles.profiles ?? []), PROFILE] });
const { json: policies } = await send('GET', 'client-policies/policies');
await send('PUT', 'client-policies/policies', { policies: [...(policies.policies ?? []), CLIENT_POLICY] });
await send('PUT', `default-default-client-scopes/${id}`);
