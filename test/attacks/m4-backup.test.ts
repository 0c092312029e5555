import { beforeAll, describe, expect, it } from 'vitest';
import { backupLine } from '../../src/plan/pruned-backup.ts';
import { type Account, accountIn, runCli } from '../support/cli.ts';
import type { Representation } from '../support/keycloak/snapshot.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { openRegistration, registerWhole } from '../support/strangers.ts';

const realm = await useRealm('attack-m4');
let account: Account;
const REDIRECT = 'https://chatgpt.com/connector_platform_oauth_redirect';
const AUDIENCE = 'mcp-audience-svc';
const KEY = crypto.randomUUID();

beforeAll(async () => {
  account = await accountIn(realm);
  await openRegistration(realm, ['chatgpt.com']);
  await realm.admin.post(realm.path('client-scopes'), { name: AUDIENCE, protocol: 'openid-connect' });
  const attributes = { 'mcpkc.record': [crypto.randomUUID()], 'mcpkc.proof': [KEY] };
  await realm.admin.post(realm.path('roles'), { name: 'mcpkc-record', attributes });
});

/** A client as a backup has it, which only an administrator could have made so. */
function hostile(changes: Representation = {}): Representation & { id: string; clientId: string } {
  const id = crypto.randomUUID();
  return {
    id,
    clientId: id,
    name: 'ChatGPT',
    protocol: 'openid-connect',
    publicClient: true,
    consentRequired: true,
    fullScopeAllowed: false,
    standardFlowEnabled: true,
    redirectUris: [REDIRECT],
    attributes: {},
    defaultClientScopes: ['basic', AUDIENCE],
    optionalClientScopes: [],
    ...changes,
  };
}

const mapper = {
  name: 'sub',
  protocol: 'openid-connect',
  protocolMapper: 'oidc-hardcoded-claim-mapper',
  config: { 'claim.name': 'sub', 'claim.value': 'boss', 'access.token.claim': 'true' },
};

function recordOf(representation: Representation & { id: string; clientId: string }, server: string) {
  const { id, clientId } = representation;
  return { at: '2026-11-27T00:00:00Z', by: 'me', server, realm: realm.name, id, clientId, representation };
}

/** A line as 0.1.0 wrote it: anybody can. */
const plain = (record: object) => `${JSON.stringify({ mcpkc: 'prune-backup/v1', ...record })}\n`;

function restore(text: string, ...more: string[]) {
  return runCli(['prune-clients', '--restore', 'b.jsonl', ...more, '--json'], {
    env: account.env,
    files: { '/here/b.jsonl': text },
  });
}

async function clientNow(id: string): Promise<Representation | undefined> {
  const { status, json } = await realm.admin.request('GET', realm.path(`clients/${id}`));
  return status === 200 ? (json as Representation) : undefined;
}

describe('a backup file', () => {
  it('of somebody’s making brings nothing without consent, and then what a registration could', async () => {
    const client = hostile({ protocolMappers: [mapper] });
    const file = plain(recordOf(client, account.env.KC_SERVER ?? ''));
    const ran = await restore(file);
    expect(await clientNow(client.id), ran.out).toBeUndefined();
    expect(ran).toMatchObject({ exit: 5, json: { code: 'CONSENT_NEEDED' } });
    const shown = await restore(file, '--dry-run');
    expect(shown).toMatchObject({
      exit: 1,
      json: {
        clients: [
          {
            authentic: false,
            redirectUris: [REDIRECT],
            grants: ['authorization code'],
            scopes: { default: ['basic'], optional: [] },
            mappers: [],
            leftOut: [expect.stringContaining(AUDIENCE), expect.stringContaining('hardcoded')],
          },
        ],
      },
    });
    expect((await restore(file, '--yes')).exit).toBe(0);
    const now = await clientNow(client.id);
    expect(now).toMatchObject({
      consentRequired: true,
      redirectUris: [REDIRECT],
      defaultClientScopes: ['basic'],
    });
    expect(now?.protocolMappers ?? []).toEqual([]);
  });

  it.each([
    ['a wildcard', { redirectUris: ['https://chatgpt.com/*'] }, /wildcard/],
    ['client credentials', { publicClient: false, serviceAccountsEnabled: true }, /client credentials/],
  ])('is judged as a newcomer is: %s needs consent, sealed or not', async (_name, changes, reason) => {
    const client = hostile(changes);
    const record = recordOf(client, account.env.KC_SERVER ?? '');
    for (const file of [plain(record), backupLine(record, KEY)]) {
      const ran = await restore(file);
      expect(await clientNow(client.id), ran.out).toBeUndefined();
      expect(ran).toMatchObject({ exit: 5, json: { message: expect.stringMatching(reason) } });
    }
  });

  it('of another server needs consent, also where the realm has the same name', async () => {
    const client = hostile();
    const ran = await restore(
      backupLine(recordOf(client, 'https://other.example/auth'), 'another realm’s key'),
    );
    expect(await clientNow(client.id), ran.out).toBeUndefined();
    expect(ran).toMatchObject({
      exit: 5,
      json: { message: expect.stringContaining('https://other.example/auth') },
    });
  });

  it('that mcpkc sealed restores without asking', async () => {
    const client = hostile();
    const ran = await restore(backupLine(recordOf(client, account.env.KC_SERVER ?? ''), KEY));
    expect(ran.exit, ran.out).toBe(0);
    expect(await clientNow(client.id)).toMatchObject({
      defaultClientScopes: expect.arrayContaining(['basic', AUDIENCE]),
    });
  });

  it('that is changed after it was sealed is foreign', async () => {
    const client = hostile();
    const line = backupLine(recordOf(client, account.env.KC_SERVER ?? ''), KEY);
    const ran = await restore(line.replace(REDIRECT, 'https://chatgpt.com.evil.example/cb'));
    expect(await clientNow(client.id), ran.out).toBeUndefined();
    expect(ran.exit).toBe(5);
  });

  it('with a line of 100,000 [ is refused and doesn’t break', async () => {
    const line = plain(recordOf(hostile(), 'x')).replace(
      '"attributes":{}',
      `"x":${'['.repeat(1e5)}${']'.repeat(1e5)}`,
    );
    for (const text of ['['.repeat(1e5), line]) {
      const ran = await restore(`${text}\n`);
      expect(ran).toMatchObject({ exit: 2, json: { message: expect.stringContaining('line 1') } });
    }
  });

  it('that hides a record behind a line that looks unfinished is refused', async () => {
    const line = plain(recordOf(hostile(), 'x'));
    const ran = await restore(`${line.slice(0, 50)}\n${line}`);
    expect(ran).toMatchObject({ exit: 2, json: { message: expect.stringContaining('only the last line') } });
  });

  it('says so where a stranger took the deleted client’s id, and leaves his alone', async () => {
    const client = hostile();
    const made = await registerWhole(realm, {
      ...client,
      defaultClientScopes: undefined,
      name: 'somebody else',
    });
    expect(made.status).toBe(201);
    const ran = await restore(backupLine(recordOf(client, account.env.KC_SERVER ?? ''), KEY));
    expect(ran).toMatchObject({ exit: 5, json: { clients: [{ outcome: 'taken' }], summary: { taken: 1 } } });
    expect(await clientNow(client.id)).toMatchObject({ name: 'somebody else' });
  });
});
