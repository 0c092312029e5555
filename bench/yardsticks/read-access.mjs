/* Who has a role, by bare reads: its users and groups, the groups' children and members, four at a time; the people are counted. */
import { fourAtATime, send } from './admin.mjs';

const [scope, role] = process.argv.slice(2);
const PAGE = 500;

async function all(path) {
  const found = [];
  for (let first = 0; ; first += PAGE) {
    const { json } = await send('GET', `${path}?first=${first}&max=${PAGE}&briefRepresentation=true`);
    found.push(...json);
    if (json.length < PAGE) return found;
  }
}

// What tells the scope, its roles, and which roles contain which.
const { json: scopes } = await send('GET', 'client-scopes');
await send('GET', `client-scopes/${scopes.find(({ name }) => name === scope).id}/scope-mappings`);
const { json: roles } = await send('GET', 'roles?first=0&max=100&briefRepresentation=true');
await fourAtATime(
  roles.filter(({ composite }) => composite),
  ({ id }) => send('GET', `roles-by-id/${id}/composites`),
);
const people = new Set();
const [users, groups] = await Promise.all([all(`roles/${role}/users`), all(`roles/${role}/groups`)]);
for (const { id } of users) people.add(id);
const open = [...groups];
await fourAtATime(groups, async ({ id }) => open.push(...(await all(`groups/${id}/children`))));
await fourAtATime(open, async ({ id }) => {
  for (const one of await all(`groups/${id}/members`)) people.add(one.id);
});
process.stdout.write(`${people.size}\n`);
