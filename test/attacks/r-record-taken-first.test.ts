import { beforeAll, expect, it } from 'vitest';
import { findClientById } from '../../src/keycloak/read/clients.ts';
import { readRecord } from '../../src/keycloak/read/record.ts';
import { clientKeyOf, type Kept, RECORD_CLIENT, type RealmRecord } from '../../src/realm/record.ts';
import { entryName, entryText } from '../../src/realm/record-attributes.ts';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import { connected } from '../support/keycloak/connection.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { CHATGPT_BODY, clientIn, registerAnonymously } from '../support/realm-things.ts';
import { openRegistration, type Registered, registerWhole, updateOwn } from '../support/strangers.ts';

const realm = await useRealm('attack-r');
let account: Account;
/** The attacker's own client, which he wants to be kept and taken for adopted. */
let his: string;
let squat: Registered;

beforeAll(async () => {
  account = await accountIn(realm);
  await openRegistration(realm, ['chatgpt.com']);
  his = String((await registerAnonymously(realm, CHATGPT_BODY)).body.client_id);
  const keycloak = await connected(account);
  const client = await findClientById(keycloak, his);
  if (!client) throw new Error('the client is gone');
  const named = { client: { id: his, clientId: his }, key: clientKeyOf(client) };
  const kept: Kept = { kind: 'kept', ...named, since: '2026-01-01T00:00:00Z', by: 'me' };
  const resource = 'https://svc.example.com/mcp';
  const adopted = { ...kept, kind: 'adopted', resource, scope: 'mcp-audience-x' } as const;
  const looks = { kind: 'looks', complete: '2030-01-01T00:00:00Z', on: {}, off: {} } as const;
  squat = await registerWhole(realm, {
    clientId: RECORD_CLIENT,
    redirectUris: ['https://chatgpt.com/cb'],
    attributes: Object.fromEntries([
      ['mcpkc.proof', crypto.randomUUID()],
      ...[kept, adopted, looks].map((entry) => [entryName(entry), entryText(entry)]),
    ]),
  });
});

it('decides nothing, before the record is made and after', async () => {
  expect(squat.status).toBe(201);
  const keycloak = await connected(account);
  const nothing: RealmRecord = { state: 'none', entries: [] };
  expect(await readRecord(keycloak)).toEqual(nothing);
  const plan = await expectCli(0, ['prune-clients', '--json'], { env: account.env });
  const clients = plan.json.clients as { clientId: string; reason: string }[];
  expect(clients.find(({ clientId }) => clientId === his)?.reason).not.toMatch(/keep|adopted/);
  await expectCli(0, ['prune-clients', '--observe'], { env: account.env });
  const kinds = (await readRecord(keycloak)).entries.map(({ kind }) => kind);
  expect(kinds.toSorted()).toEqual(['first-look', 'holder-look', 'looks']);
  const status = await expectCli(1, ['status', '--json'], { env: account.env });
  expect(status.json.journal).toEqual([]);
});

it('and what stands under that name now is none of his: his token is dead', async () => {
  expect((await clientIn(realm, RECORD_CLIENT))?.id).not.toBe(squat.body.id);
  const again = await updateOwn(realm, squat, { attributes: { 'mcpkc.proof': 'mine' } });
  expect(again.status).toBe(401);
});
