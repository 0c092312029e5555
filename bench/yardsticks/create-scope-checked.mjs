/* The calls of `mcpkc create-scope` from nothing, by hand: it looks first, holds a lock, reads back what it edits. */
import { send } from './admin.mjs';
import { COMPONENTS, changed, HELD_ID, MAPPER, RECORD, RECORD_ROLE, SCOPE } from './resource.mjs';

const get = async (path) => (await send('GET', path)).json;
const components = () => get(COMPONENTS);
const clientNamed = (clientId) => get(`clients?clientId=${encodeURIComponent(clientId)}`);
const recordRole = () => send('GET', 'roles/a-record', undefined, 404);
const look = () =>
  Promise.all([
    get('client-scopes'),
    get('default-default-client-scopes'),
    get('default-optional-client-scopes'),
    components(),
    get('client-policies/policies'),
    get('client-policies/profiles'),
    clientNamed(process.env.KC_CLIENT_ID),
    clientNamed(HELD_ID.clientId),
  ]);

async function editComponent(provider) {
  const component = changed(await components(), provider);
  await send('PUT', `components/${component.id}`, component);
  await components();
}

const info = send('GET', '/serverinfo');
await recordRole();
await look();
await info;
await clientNamed(HELD_ID.clientId);
await send('POST', 'roles', { name: 'a-lock' });
const lock = await get('roles/a-lock');
await recordRole();
await recordRole();
await send('POST', 'roles', RECORD_ROLE);
const record = await send('POST', 'clients', RECORD);
const { id } = await send('POST', 'client-scopes', SCOPE);
await send('POST', `client-scopes/${id}/protocol-mappers/models`, MAPPER);
await send('POST', 'clients', HELD_ID);
await Promise.all([editComponent('trusted-hosts'), editComponent('allowed-client-templates')]);
await send('PUT', `default-default-client-scopes/${id}`);
await look();
await get('roles/a-lock');
await send('DELETE', `roles-by-id/${lock.id}`);
await get('roles/a-record');
await get(`clients/${record.id}`);
await send('PUT', `clients/${record.id}`, { attributes: { done: 'create-scope' } });
