/*
 * What `mcpkc apply` and `mcpkc plan` ask of the realms of a file, by bare calls in one process, four realms at a time.
 * fleet.mjs apply|plan <file>: {server, realms: [{realm, clientId, secret, resources}]}
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { signIn } from './connection.mjs';
import { fourAtATime } from './four.mjs';

const [what, file] = process.argv.slice(2);
const { server, realms } = JSON.parse(readFileSync(file, 'utf8'));
const RECORD = 'mcpkc-record';
/** The roles that client scopes map, of the whole realm in one answer. */
const ACCESS = 'partial-export?exportClients=false&exportGroupsAndRoles=false';
const COMPONENTS = 'components?type=org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy';

const nameOf = (resource) => new URL(resource).hostname.split('.')[0];

/** The scopes of a server in adopted mode, its mapper, the list that its name goes to, and the client that holds its URL. */
async function makeServer(send, resource) {
  const name = `mcp-resource-${nameOf(resource)}`;
  const hidden = { 'include.in.token.scope': 'false', 'display.on.consent.screen': 'false' };
  const [{ id: named }, { id: carrier }] = await Promise.all([
    send('POST', 'client-scopes', {
      name,
      protocol: 'openid-connect',
      attributes: { 'mcpkc.mode': 'adopted', 'mcpkc.resource': resource },
    }),
    send('POST', 'client-scopes', {
      name: `mcp-audience-${nameOf(resource)}`,
      protocol: 'openid-connect',
      attributes: { 'mcpkc.audience-of': name, ...hidden },
    }),
    send('POST', 'clients', { clientId: resource, bearerOnly: true, standardFlowEnabled: false }),
  ]);
  await send('POST', `client-scopes/${carrier}/protocol-mappers/models`, {
    name: 'mcp-audience',
    protocol: 'openid-connect',
    protocolMapper: 'oidc-audience-mapper',
    config: { 'included.custom.audience': resource, 'access.token.claim': 'true' },
  });
  await send('PUT', `default-optional-client-scopes/${named}`);
}

/** Reads the registration policies, changes the anonymous one of a provider, and reads it back. */
async function edit(send, provider, config) {
  const { json: all } = await send('GET', COMPONENTS);
  const found = all.find(({ providerId, subType }) => providerId === provider && subType === 'anonymous');
  await send('PUT', `components/${found.id}`, { ...found, config: { ...found.config, ...config } });
  await send('GET', COMPONENTS);
}

let features;

/**
 * Everything that tells how the realm is, at once: who may use the servers, too, where there are any; what the server can
 * do is asked once.
 */
async function look(send, clientId, hasServers) {
  features ??= send('GET', '/serverinfo');
  await Promise.all([
    features,
    ...['client-scopes', 'default-default-client-scopes', 'default-optional-client-scopes', COMPONENTS].map(
      (path) => send('GET', path),
    ),
    send('GET', 'client-policies/policies'),
    send('GET', 'client-policies/profiles'),
    send('GET', `clients?clientId=${clientId}`),
    send('GET', 'clients?clientId=http&search=true&first=0&max=100'),
    send('GET', 'roles?first=0&max=100'),
    readRecord(send),
    ...(hasServers ? [send('POST', ACCESS)] : []),
  ]);
}

/** What is remembered, in attributes of a client that a role names. */
async function readRecord(send) {
  const { json } = await send('GET', `roles/${RECORD}`, undefined, 404);
  const id = json.attributes?.['mcpkc.record']?.[0];
  if (id !== undefined) await send('GET', `clients/${id}`);
}

/** The record, with what was there before. */
async function makeRecord(send) {
  const id = randomUUID();
  await send('POST', 'roles', { name: RECORD, attributes: { 'mcpkc.record': [id] } });
  const before = { before: 'what was there' };
  await send('POST', 'clients', { id, clientId: RECORD, bearerOnly: true, attributes: before });
  return id;
}

async function apply(send, { clientId, resources }) {
  await look(send, clientId, false);
  await send('GET', 'clients?clientId=a-probe&search=true&first=0&max=100');
  await send('POST', 'roles', { name: 'a-lock' });
  const { json: lock } = await send('GET', 'roles/a-lock');
  await look(send, clientId, false);
  const record = await makeRecord(send);
  await Promise.all(resources.map((resource) => makeServer(send, resource)));
  await Promise.all([
    edit(send, 'trusted-hosts', {
      'trusted-hosts': ['chatgpt.com', 'chat.openai.com', 'openai.com', 'api.openai.com'],
      'host-sending-registration-request-must-match': ['false'],
    }),
    edit(send, 'allowed-client-templates', { 'allowed-client-scopes': ['openid'] }),
  ]);
  await look(send, clientId, false);
  await send('PUT', `clients/${record}`, { attributes: { journal: 'what was done, and by whom' } });
  await send('GET', 'roles/a-lock');
  await send('DELETE', `roles-by-id/${lock.id}`);
}

await fourAtATime(realms, async (one) => {
  const send = await signIn({ server, ...one });
  await (what === 'apply' ? apply(send, one) : look(send, one.clientId, true));
});
