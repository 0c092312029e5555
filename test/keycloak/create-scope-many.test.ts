import { beforeAll, expect, it } from 'vitest';
import { RECORD_CLIENT } from '../../src/realm/record.ts';
import { entriesIn } from '../../src/realm/record-attributes.ts';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import type { Representation } from '../support/keycloak/snapshot.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { CHATGPT_BODY, clientIn, registerAnonymously } from '../support/realm-things.ts';
import { openRegistration } from '../support/strangers.ts';

const RESOURCE = 'https://svc.example.com/mcp';
const MANY = 60;
const realm = await useRealm('create-scope-many');
let account: Account;
const ids: string[] = [];

beforeAll(async () => {
  account = await accountIn(realm);
  await openRegistration(realm, ['chatgpt.com']);
  for (let at = 0; at < MANY; at++) {
    ids.push(String((await registerAnonymously(realm, CHATGPT_BODY)).body.client_id));
  }
});

const create = (exit: number, ...args: string[]) =>
  expectCli(exit, ['create-scope', RESOURCE, '--preset', 'chatgpt', ...args], { env: account.env });
const recorded = async () => (await clientIn(realm, RECORD_CLIENT))?.attributes ?? {};
const kindsIn = (attributes: Record<string, string>) =>
  Object.fromEntries(
    [...Map.groupBy(entriesIn(attributes), ({ kind }) => kind)].map(([kind, all]) => [kind, all.length]),
  );
/** The connectors as they are, without what Keycloak counts on its own. */
const connectors = async (): Promise<Representation[]> =>
  (await realm.snapshot()).clients.filter(({ clientId }) => ids.includes(String(clientId)));

it('many clients that were there share attributes of the record, and --remove puts each back as it was', async () => {
  const before = await connectors();
  expect(before).toHaveLength(MANY);
  await create(0, '--yes');
  const attributes = await recorded();
  expect(Object.keys(attributes).length).toBeLessThan(30);
  expect(kindsIn(attributes).adopted).toBe(MANY);
  expect((await clientIn(realm, ids[0] ?? ''))?.attributes?.['pkce.code.challenge.method']).toBe('S256');
  expect((await create(0, '--dry-run', '--json')).json.changes).toEqual([]);

  // One loses the audience, one is deleted: their entries alone are over.
  await create(0, '--detach', ids[0] ?? '', '--yes');
  await realm.admin.del(realm.path(`clients/${ids[1]}`));
  await expectCli(0, ['prune-clients', '--observe'], { env: account.env });
  expect(kindsIn(await recorded()).adopted).toBe(MANY - 2);
  expect((await create(0, '--dry-run', '--json')).json.changes).toEqual([]);

  await create(0, '--remove', '--yes');
  const after = await connectors();
  expect(after).toEqual(before.filter(({ clientId }) => clientId !== ids[1]));
  const left = kindsIn(await recorded());
  expect(left.adopted).toBeUndefined();
  expect(left.wrote).toBeUndefined();
});
