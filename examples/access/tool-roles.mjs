/**
 * Roles for single tools: the roles of a client of the MCP server's own are in the token's claim `tools`, and the server checks them
 * (../mcp-host with TOOL_ROLES=true). Anybody who has one of them gets the audience too, beside those whom `mcpkc access` lets in.
 *
 *   node tool-roles.mjs <server> <realm> <client scope> <client id> <role> [<role> …]
 *
 * The scope is the one that `mcpkc access --json` names; in mode adopted the hidden one, mcp-audience-…. An administrator's name and
 * password come from KC_BOOTSTRAP_ADMIN_USERNAME and KC_BOOTSTRAP_ADMIN_PASSWORD. Tried with Keycloak 26.7.4.
 */
const [server = '', realm = '', scope = '', clientId = '', ...roles] = process.argv.slice(2);
const { KC_BOOTSTRAP_ADMIN_USERNAME: username, KC_BOOTSTRAP_ADMIN_PASSWORD: password } = process.env;
if (clientId === '' || roles.length === 0 || !username || !password) {
  process.stderr.write('node tool-roles.mjs <server> <realm> <client scope> <client id> <role> [<role> …]\n');
  process.exit(2);
}

const signIn = await fetch(`${server}/realms/master/protocol/openid-connect/token`, {
  method: 'POST',
  body: new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', username, password }),
});
const { access_token: token } = await signIn.json();

/** 409 is what is there already. */
async function admin(method, path, body) {
  const answer = await fetch(`${server}/admin/realms/${encodeURIComponent(realm)}/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok && answer.status !== 409) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

const scopes = await admin('GET', 'client-scopes');
const found = scopes.find(({ name }) => name === scope);
if (!found) throw new Error(`there is no client scope ${scope}`);

// Nobody signs in with it: it is where the roles live.
await admin('POST', 'clients', {
  clientId,
  publicClient: false,
  bearerOnly: true,
  standardFlowEnabled: false,
  fullScopeAllowed: false,
});
const [{ id }] = await admin('GET', `clients?clientId=${encodeURIComponent(clientId)}`);
for (const name of roles) await admin('POST', `clients/${id}/roles`, { name });
const all = await admin('GET', `clients/${id}/roles`);
// On the scope, or a client that registered itself (no full scope) would have none of them in its tokens.
const mapped = all.filter(({ name }) => roles.includes(name));
await admin('POST', `client-scopes/${found.id}/scope-mappings/clients/${id}`, mapped);
await admin('POST', `client-scopes/${found.id}/protocol-mappers/models`, {
  name: 'tools',
  protocol: 'openid-connect',
  protocolMapper: 'oidc-usermodel-client-role-mapper',
  config: {
    'usermodel.clientRoleMapping.clientId': clientId,
    'claim.name': 'tools',
    'jsonType.label': 'String',
    multivalued: 'true',
    'access.token.claim': 'true',
    'id.token.claim': 'false',
    'userinfo.token.claim': 'false',
  },
});
process.stdout.write(`Tokens with ${scope} name in ‘tools’ which of ${roles.join(', ')} a person has.\n`);
