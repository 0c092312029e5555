/**
 * A refusal that people can read: anybody who signs in to an MCP server without its role sees a sentence on Keycloak's page instead of
 * a connection that fails later. Makes a sign-in flow of its own and a client policy that enforces it for clients with the server's
 * scope; nobody else's sign-in changes.
 *
 *   node readable-refusal.mjs <server> <realm> <client scope> <role> [<sentence>]
 *   node readable-refusal.mjs <server> <realm> --remove
 *
 * The scope is the one that `mcpkc access --json` names; in mode adopted the hidden one, mcp-audience-…. An administrator's name and
 * password come from KC_BOOTSTRAP_ADMIN_USERNAME and KC_BOOTSTRAP_ADMIN_PASSWORD. Tried with Keycloak 26.5.6 and 26.7.4.
 */
const [server = '', realm = '', scope = '', role = '', sentence = `This takes the role ${role}.`] =
  process.argv.slice(2);
const NAME = 'mcp-readable-refusal';
const { KC_BOOTSTRAP_ADMIN_USERNAME: username, KC_BOOTSTRAP_ADMIN_PASSWORD: password } = process.env;
if (realm === '' || scope === '' || (scope !== '--remove' && role === '') || !username || !password) {
  process.stderr.write('node readable-refusal.mjs <server> <realm> <client scope> <role> [<sentence>]\n');
  process.exit(2);
}

const signIn = await fetch(`${server}/realms/master/protocol/openid-connect/token`, {
  method: 'POST',
  body: new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', username, password }),
});
const { access_token: token } = await signIn.json();

async function admin(method, path, body) {
  const answer = await fetch(`${server}/admin/realms/${encodeURIComponent(realm)}/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  const text = await answer.text();
  return text === '' ? undefined : JSON.parse(text);
}

/** Policies and profiles are lists that are written whole: read, without ours, with what is wanted, back. */
async function putPolicies(policy, profile) {
  const { policies } = await admin('GET', 'client-policies/policies');
  const { profiles } = await admin('GET', 'client-policies/profiles');
  const others = policies.filter(({ name }) => name !== NAME);
  const kept = profiles.filter(({ name }) => name !== NAME);
  // A policy goes before the profile that it names, and comes after it.
  await admin('PUT', 'client-policies/policies', { policies: others });
  await admin('PUT', 'client-policies/profiles', { profiles: [...kept, ...profile] });
  if (policy.length > 0) await admin('PUT', 'client-policies/policies', { policies: [...others, ...policy] });
}

async function remove() {
  await putPolicies([], []);
  const flows = await admin('GET', 'authentication/flows');
  const own = flows.find(({ alias }) => alias === NAME);
  if (own) await admin('DELETE', `authentication/flows/${own.id}`);
}

/** Adds a step, or a flow of steps, to a flow; gives what Keycloak knows of it. */
async function add(flow, what, requirement, config) {
  const where = `authentication/flows/${encodeURIComponent(flow)}/executions`;
  const isFlow = what.startsWith(NAME);
  const body = { alias: what, type: 'basic-flow', provider: 'registration-page-form', description: '' };
  await admin('POST', `${where}/${isFlow ? 'flow' : 'execution'}`, isFlow ? body : { provider: what });
  const all = await admin('GET', `authentication/flows/${NAME}/executions`);
  const step = all.find((one) => (isFlow ? one.displayName === what : one.providerId === what));
  await admin('PUT', `authentication/flows/${NAME}/executions`, { ...step, requirement });
  if (config)
    await admin('POST', `authentication/executions/${step.id}/config`, { alias: `${NAME} ${what}`, config });
}

await remove();
if (scope === '--remove') process.exit(0);

await admin('POST', 'authentication/flows', {
  alias: NAME,
  description: 'Signs in as ever, then refuses those without the role in words.',
  providerId: 'basic-flow',
  topLevel: true,
  builtIn: false,
});
// A flow of its own. Appended to a copy of ‘browser’ the refusal would lock everybody out: its ALTERNATIVE steps are ignored
// beside a REQUIRED or CONDITIONAL one.
await add(NAME, `${NAME} sign-in`, 'REQUIRED');
await add(`${NAME} sign-in`, 'auth-cookie', 'ALTERNATIVE');
await add(`${NAME} sign-in`, 'identity-provider-redirector', 'ALTERNATIVE');
await add(`${NAME} sign-in`, `${NAME} forms`, 'ALTERNATIVE');
await add(`${NAME} forms`, 'auth-username-password-form', 'REQUIRED');
await add(NAME, `${NAME} refusal`, 'CONDITIONAL');
await add(`${NAME} refusal`, 'conditional-client-scope', 'REQUIRED', {
  client_scope: scope,
  negate: 'false',
});
await add(`${NAME} refusal`, 'conditional-user-role', 'REQUIRED', { condUserRole: role, negate: 'true' });
await add(`${NAME} refusal`, 'deny-access-authenticator', 'REQUIRED', { denyErrorMessage: sentence });
await putPolicies(
  [
    {
      name: NAME,
      description: 'Clients with the scope of the MCP server sign in by the flow of this name.',
      enabled: true,
      conditions: [{ condition: 'client-scopes', configuration: { type: 'Any', scopes: [scope] } }],
      profiles: [NAME],
    },
  ],
  [
    {
      name: NAME,
      description: '',
      executors: [{ executor: 'auth-flow-enforcer', configuration: { 'auth-flow-alias': NAME } }],
    },
  ],
);
process.stdout.write(`Anybody who signs in with ${scope} and without ${role} reads: ${sentence}\n`);
