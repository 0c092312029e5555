/* What `mcpkc create-scope` brings about, by the bare calls, one after the other, without a look at the result. */
import { send } from './admin.mjs';
import { COMPONENTS, changed, HELD_ID, MAPPER, RECORD, RECORD_ROLE, SCOPE } from './resource.mjs';

await send('POST', 'roles', RECORD_ROLE);
const record = await send('POST', 'clients', RECORD);
const { id } = await send('POST', 'client-scopes', SCOPE);
await send('POST', `client-scopes/${id}/protocol-mappers/models`, MAPPER);
await send('POST', 'clients', HELD_ID);
const { json: components } = await send('GET', COMPONENTS);
const hosts = changed(components, 'trusted-hosts');
await send('PUT', `components/${hosts.id}`, hosts);
const scopes = changed(components, 'allowed-client-templates');
await send('PUT', `components/${scopes.id}`, scopes);
await send('PUT', `default-default-client-scopes/${id}`);
await send('PUT', `clients/${record.id}`, { attributes: { done: 'create-scope' } });
