import { beforeAll, expect, it } from 'vitest';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import type { RealmSnapshot } from '../support/keycloak/snapshot.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { type Company, company, usesOf } from './applications.ts';
import { changedThings, type NamedChange, namedThings, withoutOwn } from './changes.ts';

// Those of the twelve that differ most, in the suite of every day; twelve.test.ts has them all, and every mode.
const SOME = ['spa', 'intranet', 'nightly-job', 'https://saml.example.com/metadata'];
const RESOURCE = 'https://svc.example.com/mcp';
const realm = await useRealm('five-applications');
let account: Account;
let made: Company;
let uses: Record<string, unknown>;
let beginning: RealmSnapshot;

beforeAll(async () => {
  account = await accountIn(realm);
  made = await company(realm, SOME);
  uses = await usesOf(made);
  for (const [what, use] of Object.entries(uses)) expect(use, what).not.toHaveProperty('error');
  expect(Object.keys(uses)).toEqual([
    'spa: sign-in',
    'spa: refresh',
    'intranet: sign-in',
    'intranet: refresh',
    'by-initial-token: sign-in',
    'by-initial-token: refresh',
    'nightly-job: client credentials',
    'saml: response',
  ]);
  beginning = await realm.snapshot();
});

/** Runs a command, and expects that nothing changed but for what its plan named. */
async function expectNamed(...args: string[]): Promise<void> {
  const before = await realm.snapshot();
  const { json } = await expectCli(0, [...args, '--yes', '--json'], { env: account.env });
  const holders = (json.holders ?? []) as { clientId: string }[];
  const named = [
    ...namedThings(json.changes as NamedChange[]),
    ...holders.map(({ clientId }) => `client ${clientId}`),
  ];
  const changed = changedThings(before, await realm.snapshot());
  expect(changed.filter((one) => !named.includes(one))).toEqual([]);
}

it('a server that products register for, an application of theirs, and the way back: each signs in as before', async () => {
  await expectNamed('create-scope', '--resource', RESOURCE, '--preset', 'chatgpt', '--attach', 'none');
  expect(await usesOf(made)).toEqual(uses);
  await expectNamed('onboard', RESOURCE, 'intranet');
  const given = await usesOf(made);
  for (const [what, use] of Object.entries(uses)) {
    const { aud } = use as { aud?: unknown };
    const audience = [aud ?? [], RESOURCE].flat().toSorted();
    const now = what.startsWith('intranet: ')
      ? { ...(use as object), aud: audience.length === 1 ? audience[0] : audience }
      : use;
    expect(given[what], what).toEqual(now);
  }
  await expectNamed('create-scope', '--resource', RESOURCE, '--remove');
  expect(withoutOwn(await realm.snapshot())).toEqual(withoutOwn(beginning));
  expect(await usesOf(made)).toEqual(uses);
});
