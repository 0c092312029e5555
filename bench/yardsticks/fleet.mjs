/*
 * What `mcpkc apply` and `mcpkc plan` ask of the realms of a file, by bare calls in one process, four realms at a time.
 * fleet.mjs apply|plan <file>: {server, realms: [{realm, clientId, secret, resources}]}
 */
import { readFileSync } from 'node:fs';
import { signIn } from './connection.mjs';
import { fourAtATime } from './four.mjs';

const [what, file] = process.argv.slice(2);
const { server, realms } = JSON.parse(readFileSync(file, 'utf8'));
const COMPONENTS = 'components?type=org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy';

const nameOf = (resource) => new URL(resource).hostname.split('.')[0];

/** The scopes of a server in adopted mode, its mapper, and the list that its name goes to. */
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

/** Everything that tells how the realm is. */
async function look(send, clientId) {
  await Promise.all([
    ...['client-scopes', 'default-default-client-scopes', 'default-optional-client-scopes', COMPONENTS].map(
      (path) => send('GET', path),
    ),
    send('GET', 'client-policies/policies'),
    send('GET', 'client-policies/profiles'),
    send('GET', `clients?clientId=${clientId}`),
    send('GET', 'roles?first=0&max=100'),
    readRecord(send),
  ]);
}

async function readRecord(send) {
  const { json } = await send('GET', 'roles/a-record', undefined, 404);
  const id = json.attributes?.id?.[0];
  return id === undefined ? undefined : (await send('GET', `clients/${id}`)).json;
}

/** What is remembered, in attributes of a client that a role names. */
async function writeRecord(send, attributes) {
  const there = await readRecord(send);
  if (there) return send('PUT', `clients/${there.id}`, { attributes });
  const { id } = await send('POST', 'clients', { clientId: 'a-record', bearerOnly: true });
  await send('POST', 'roles', { name: 'a-record', attributes: { id: [id] } });
  await send('GET', `clients/${id}`);
  return send('PUT', `clients/${id}`, { attributes });
}

async function apply(send, { clientId, resources }) {
  await look(send, clientId);
  await send('GET', 'clients?clientId=a-probe&search=true&first=0&max=100');
  await send('POST', 'roles', { name: 'a-lock' });
  const { json: lock } = await send('GET', 'roles/a-lock');
  await look(send, clientId);
  await writeRecord(send, { before: 'what was there' });
  await Promise.all(resources.map((resource) => makeServer(send, resource)));
  await Promise.all([
    edit(send, 'trusted-hosts', {
      'trusted-hosts': ['chatgpt.com', 'chat.openai.com', 'openai.com', 'api.openai.com'],
      'host-sending-registration-request-must-match': ['false'],
    }),
    edit(send, 'allowed-client-templates', { 'allowed-client-scopes': ['openid'] }),
  ]);
  await writeRecord(send, { wrote: 'what was written' });
  await look(send, clientId);
  await writeRecord(send, { journal: 'by whom' });
  await send('DELETE', `roles-by-id/${lock.id}`);
}

await fourAtATime(realms, async (one) => {
  const send = await signIn({ server, ...one });
  await (what === 'apply' ? apply(send, one) : look(send, one.clientId));
});
