/* The calls of `mcpkc create-scope` from nothing, by hand: it looks first, holds a lock, reads back what it edits. */
import { send } from './admin.mjs';
import { CLIENT_POLICY, COMPONENTS, changed, MAPPER, PROFILE, SCOPE } from './resource.mjs';

const get = async (path) => (await send('GET', path)).json;
const components = () => get(COMPONENTS);
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

async function editComponent(provider) {
  const component = changed(await components(), provider);
  await send('PUT', `components/${component.id}`, component);
  await components();
}

async function addPolicy() {
  const known = (await profiles()).profiles ?? [];
  await send('PUT', 'client-policies/profiles', { profiles: [...known, PROFILE] });
  await profiles();
  const others = (await policies()).policies ?? [];
  await send('PUT', 'client-policies/policies', { policies: [...others, CLIENT_POLICY] });
  await policies();
}

await look();
await get('clients?first=0&max=100');
await send('POST', 'roles', { name: 'a-lock' });
const lock = await get('roles/a-lock');
const { id } = await send('POST', 'client-scopes', SCOPE);
await send('POST', `client-scopes/${id}/protocol-mappers/models`, MAPPER);
await Promise.all([editComponent('trusted-hosts'), editComponent('allowed-client-templates'), addPolicy()]);
await send('PUT', `default-default-client-scopes/${id}`);
await Promise.all([send('DELETE', `roles-by-id/${lock.id}`), look()]);
