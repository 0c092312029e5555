import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findClientById } from '../../src/keycloak/read/clients.ts';
import { writeRecord } from '../../src/keycloak/write/record.ts';
import { clientKeyOf, type Entry } from '../../src/realm/record.ts';
import { Connector } from '../support/connectors/chatgpt.ts';
import { CHATGPT, CLAUDE } from '../support/connectors/products.ts';
import { connected as connection } from '../support/keycloak/connection.ts';
import { addScope } from '../support/realm-things.ts';
import { DAY, decisionOf, type PruneRealm, pruneRealm, runPrune } from './prune-realm.ts';

let realm: PruneRealm;
/** Kind → client id. */
const kinds: Record<string, string> = {};

const REDIRECT = 'https://chatgpt.com/connector_platform_oauth_redirect';
const fingerprint = {
  consentRequired: true,
  fullScopeAllowed: false,
  redirectUris: [REDIRECT],
  name: 'ChatGPT',
};

async function connected(options: ConstructorParameters<typeof Connector>[1] = {}): Promise<string> {
  const user = await realm.createUser();
  const connector = new Connector(realm.host.url, options);
  const result = await connector.connect(user);
  if (!result.ok) throw new Error(JSON.stringify(result));
  users[result.clientId] = user.id;
  return result.clientId;
}
const users: Record<string, string> = {};

async function made(body: Record<string, unknown>): Promise<string> {
  await realm.admin.post(realm.path('clients'), body);
  return String(body.clientId);
}

async function attribute(id: string, name: string, value: string): Promise<string> {
  const { clientId } = await realm.client(id);
  await realm.admin.put(realm.path(`clients/${id}`), { clientId, attributes: { [name]: value } });
  return id;
}

const AT = '2026-01-01T00:00:00Z';

/** Writes an entry about a client into mcpkc's record. */
async function remember(
  id: string,
  entry: (client: { client: { id: string; clientId: string }; key: string }) => Entry,
): Promise<void> {
  const { clientId, secret } = realm.account;
  const env = {
    KC_SERVER: realm.admin.access.url,
    KC_REALM: realm.name,
    KC_CLIENT_ID: clientId,
    KC_CLIENT_SECRET: secret,
  };
  const keycloak = await connection({ env });
  const client = await findClientById(keycloak, id);
  if (!client) throw new Error(`there is no client ${id}`);
  const named = { client: { id: client.id, clientId: client.clientId }, key: clientKeyOf(client) };
  await writeRecord(keycloak, { remember: [entry(named)] });
}

async function failedAtConsent(): Promise<string> {
  const connector = new Connector(realm.host.url, { refuseConsent: true });
  const result = await connector.connect(realm.user);
  if (result.ok) throw new Error('consent was refused, and yet it connected');
  return connector.client?.clientId ?? '';
}

async function makeUsed(): Promise<void> {
  kinds.connected = await connected();
  kinds.idle = await connected();
  await realm.admin.post(realm.path(`users/${users[kinds.idle]}/logout`));
  kinds.revoked = await connected();
  await realm.admin.del(realm.path(`users/${users[kinds.revoked]}/consents/${kinds.revoked}`));
  kinds.offline = await connected({ scope: 'openid offline_access' });
  const path = realm.path(`users/${users[kinds.offline]}/sessions`);
  for (const { id } of await realm.admin.get<{ id: string }[]>(path))
    await realm.admin.del(realm.path(`sessions/${id}`));
  kinds.userGone = await connected();
  await realm.admin.del(realm.path(`users/${users[kinds.userGone]}`));
}

async function makeOthers(): Promise<void> {
  const uuid = () => crypto.randomUUID();
  kinds.claude = await realm.orphan({ product: { ...CLAUDE, authMethod: 'client_secret_post' } });
  kinds.marked = await realm.orphan();
  await remember(kinds.marked, (client) => {
    const at = new Date(Date.now() + 8 * DAY).toISOString();
    return { kind: 'stage', ...client, stage: 'marked', at, markedAt: at };
  });
  kinds.kept = await realm.orphan();
  await remember(kinds.kept, (client) => ({ kind: 'kept', ...client, since: AT, by: 'ann' }));
  kinds.adopted = await realm.orphan();
  const scope = await addScope(realm, 'mcp-audience-x', {}, 'https://x.example.com/mcp');
  await realm.admin.put(realm.path(`clients/${kinds.adopted}/default-client-scopes/${scope}`));
  kinds.forged = await attribute(await realm.orphan(), 'mcpkc.keep', 'true');
  await attribute(kinds.forged, 'mcpkc.adopted', 'mcp-resource-x');
  kinds.globbed = await realm.orphan();
  kinds.probe = await attribute(await realm.orphan(), 'tosUri', 'https://mcpkc.invalid/probe/1');
  kinds.switchedOff = await realm.orphan();
  const off = { clientId: kinds.switchedOff, enabled: false };
  await realm.admin.put(realm.path(`clients/${kinds.switchedOff}`), off);
  kinds.static = await made({ clientId: 'mcp-static', ...fingerprint });
  kinds.adminUuid = await made({ clientId: uuid(), ...fingerprint });
  const id = uuid();
  kinds.adminSame = await made({ id, clientId: id, ...fingerprint, publicClient: false });
  const open = uuid();
  kinds.publicNoTime = await made({ id: open, clientId: open, ...fingerprint, publicClient: true });
  const document = 'https://chatgpt.com/oauth/client.json';
  const cimd = { 'cimd.cache.expiry.time.in.sec': '1795553271' };
  kinds.cimd = await made({ clientId: document, ...fingerprint, publicClient: true, attributes: cimd });
  kinds.saml = await made({ clientId: 'https://sp.example/saml', protocol: 'saml' });
}

beforeAll(async () => {
  realm = await pruneRealm();
  await makeUsed();
  await makeOthers();
  kinds.failed = await realm.orphan();
  kinds.refused = await failedAtConsent();
  kinds.publicFailed = await realm.orphan({ product: { ...CHATGPT, authMethod: 'none' } });
});

afterAll(() => realm?.remove());

const ORPHANS = ['failed', 'refused', 'publicFailed'];
const REASONS: Record<string, RegExp> = {
  failed: /nobody consented to it, signed in with it or has a session since it was made/,
  refused: /nobody consented to it/,
  publicFailed: /nobody consented to it/,
  connected: /sessions \(1 active, 0 offline\)/,
  idle: /a user consented to it/,
  revoked: /it was used/,
  offline: /sessions \(0 active, 1 offline\)/,
  userGone: /it was used/,
  claude: /preset claude, and only chatgpt/,
  marked: /marked since .*, disable after 3d/,
  kept: /kept \(prune-clients --keep\)/,
  adopted: /it was adopted for an MCP server/,
  forged: /nobody consented/,
  globbed: /the configuration protects it/,
  probe: /nobody consented/,
  switchedOff: /a person disabled it/,
  static: /the configuration names it/,
  adminUuid: /its client id was chosen, and its registration is not among the stored events/,
  adminSame: /its registration is not among the stored events, and no earlier observation missed it/,
  publicNoTime: /nothing tells its age/,
  cimd: /nothing tells its age/,
  saml: /protocol is saml/,
};

function files(): Record<string, string> {
  const protect = [`${String(kinds.globbed).slice(0, 20)}*`];
  return { '/here/config.local.json': JSON.stringify({ protect, OIDC_AUDIENCE: 'mcp-static' }) };
}

describe('a realm with a client of every kind', () => {
  it('is judged right, client by client, and a plan writes nothing', async () => {
    const before = await realm.snapshot();
    const run = await runPrune(realm, [], { days: 8, files: files() });
    expect(run.status).toBe(1);
    for (const [kind, reason] of Object.entries(REASONS)) {
      const { decision, reason: why } = decisionOf(run, String(kinds[kind]));
      const goes = [...ORPHANS, 'probe', 'forged'].includes(kind);
      expect({ kind, decision, why }).toEqual({
        kind,
        decision: goes ? 'mark' : 'keep',
        why: expect.stringMatching(reason),
      });
    }
    expect(decisionOf(run, 'mcpkc').reason).toMatch(/not self-registered/);
    expect(run.document.summary).toMatchObject({ mark: 5, disable: 0, delete: 0, worked: 6, gone: 0 });
    expect(await realm.snapshot()).toEqual(before);
    expect(run.io.touched).toEqual([]);
  });

  it('loses nothing while the clients are young', async () => {
    const run = await runPrune(realm, ['--apply', '--now', '--confirm', realm.name, '--max', '50'], {
      files: files(),
    });
    expect(run.status).toBe(0);
    expect(run.document.summary).toMatchObject({ delete: 0, disable: 0 });
    expect(decisionOf(run, String(kinds.failed)).reason).toMatch(/younger than 7d/);
  });

  it('loses its orphans and nothing else, and the backup holds them', async () => {
    const before = await realm.clientIds();
    const args = [
      '--apply',
      '--now',
      '--confirm',
      realm.name,
      '--max',
      '50',
      '--audit-file',
      '/here/audit.jsonl',
    ];
    const run = await runPrune(realm, args, { days: 8, files: files() });
    expect({ status: run.status, ...run.document.summary }).toMatchObject({
      status: 0,
      delete: 6,
      spared: 0,
    });
    const gone = [...ORPHANS, 'probe', 'marked', 'forged'].map((kind) => String(kinds[kind]));
    expect(await realm.clientIds()).toEqual(before.filter((id) => !gone.includes(id)));
    const backup = run.io.disk.get(String(run.document.backup));
    if (!backup || backup instanceof Error) throw new Error('there is no backup');
    expect(backup.mode).toBe(0o600);
    const records = backup.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records.map(({ clientId }) => clientId).sort()).toEqual(gone.sort());
    expect(records[0].representation).toHaveProperty('protocol', 'openid-connect');
    const audit = run.io.disk.get('/here/audit.jsonl');
    const lines = audit instanceof Error ? [] : String(audit?.text).trimEnd().split('\n');
    // The record is judged, too.
    expect(lines).toHaveLength(before.length + 1);
    expect(JSON.parse(String(lines.at(-1)))).toMatchObject({
      decision: 'delete',
      outcome: 'done',
      by: expect.stringContaining('mcpkc'),
    });
    const secrets = records.map(({ representation }) => representation.secret).filter(Boolean);
    expect(secrets.length).toBeGreaterThan(2);
    for (const secret of secrets)
      expect([run.io.out(), run.io.err(), lines.join('')].join('')).not.toContain(secret);
  });
});
