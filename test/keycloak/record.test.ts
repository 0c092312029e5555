import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import type { Keycloak } from '../../src/keycloak/connection/connect.ts';
import { readRecord } from '../../src/keycloak/read/record.ts';
import { removeRecord, writeRecord } from '../../src/keycloak/write/record.ts';
import {
  type Adopted,
  adoptedIn,
  type Kept,
  RECORD_CLIENT,
  RECORD_ROLE,
  type RealmRecord,
} from '../../src/realm/record.ts';
import { entryName, entryText } from '../../src/realm/record-attributes.ts';
import { WORKING_ROLES } from '../../src/realm/roles.ts';
import { type Account, accountIn } from '../support/cli.ts';
import { connected } from '../support/keycloak/connection.ts';
import { cheapRealm, createRealm } from '../support/keycloak/realm.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { clientIn } from '../support/realm-things.ts';
import { openRegistration, registerWhole } from '../support/strangers.ts';

const realm = await useRealm('record');
let account: Account;
let keycloak: Keycloak;

beforeAll(async () => {
  account = await accountIn(realm);
  keycloak = await connected(account);
});

afterEach(() => removeRecord(keycloak));

function kept(clientId: string): Kept {
  const id = randomUUID();
  return {
    kind: 'kept',
    client: { id, clientId },
    key: `${id.slice(0, 8)}.x`,
    since: '2026-11-27T10:00:00Z',
    by: 'ann',
  };
}

const names = ({ entries }: RealmRecord) =>
  entries.map((one) => (one.kind === 'kept' ? one.client.clientId : one.kind));

describe('the record', () => {
  it('is made by the first writer, and read by another account', async () => {
    expect((await readRecord(keycloak)).state).toBe('none');
    await writeRecord(keycloak, { remember: [kept('a')] });
    const reader = await connected(await accountIn(realm, ['view-clients', 'view-realm'], 'reader'));
    const record = await readRecord(reader);
    expect(record.state).toBe('proved');
    expect(names(record)).toEqual(['a']);
    const client = await clientIn(realm, RECORD_CLIENT);
    expect(client).toMatchObject({ enabled: false, bearerOnly: true, serviceAccountsEnabled: false });
    expect(client?.redirectUris).toEqual([]);
    expect(client?.defaultClientScopes).toEqual([]);
    expect(client?.optionalClientScopes).toEqual([]);
  });

  it('forgets one entry and keeps the others', async () => {
    const [a, b] = [kept('a'), kept('b')];
    await writeRecord(keycloak, { remember: [a, b] });
    await writeRecord(keycloak, { forget: [a] });
    expect(names(await readRecord(keycloak))).toEqual(['b']);
  });

  it('loses nothing where eight write at once, the first of them make it', async () => {
    const wanted = Array.from({ length: 24 }, (_, at) => `c${String(at).padStart(2, '0')}`);
    const writers = await Promise.all(Array.from({ length: 8 }, () => connected(account)));
    await Promise.all(
      wanted.map((clientId, at) => writeRecord(writers[at % 8] as Keycloak, { remember: [kept(clientId)] })),
    );
    expect(names(await readRecord(keycloak)).sort()).toEqual(wanted);
  });

  it('holds a thousand entries', async () => {
    const many = Array.from({ length: 1_000 }, (_, at) => kept(`c${at}`));
    await writeRecord(keycloak, { remember: many });
    const began = performance.now();
    expect((await readRecord(keycloak)).entries).toHaveLength(1_000);
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it('holds thousands of adoptions of one run in few attributes, and ends each by itself', async () => {
    const many = Array.from({ length: 3_000 }, (): Adopted => {
      const { kind: _kind, ...fields } = kept(`https://a.example.com/${randomUUID()}`);
      const key = `${randomUUID().slice(0, 22)}.x`;
      return { kind: 'adopted', ...fields, key, resource: 'https://svc.example.com/mcp', scope: 's' };
    });
    await writeRecord(keycloak, { remember: [...many, kept('a')] });
    const { attributes } = (await clientIn(realm, RECORD_CLIENT)) ?? {};
    expect(Object.keys(attributes ?? {}).length).toBeLessThan(20);
    const read = await readRecord(keycloak);
    expect(new Set(adoptedIn(read).map(({ key }) => key))).toEqual(new Set(many.map(({ key }) => key)));
    const [first, second, ...others] = many;
    const writers = await Promise.all([connected(account), connected(account)]);
    await Promise.all(
      [first, second].map((one, at) => writeRecord(writers[at] as Keycloak, { forget: one ? [one] : [] })),
    );
    const left = adoptedIn(await readRecord(keycloak));
    expect(new Set(left.map(({ key }) => key))).toEqual(new Set(others.map(({ key }) => key)));
    await writeRecord(keycloak, { forget: left });
    expect(names(await readRecord(keycloak))).toEqual(['a']);
    const then = (await clientIn(realm, RECORD_CLIENT))?.attributes ?? {};
    expect(Object.keys(then).filter((name) => name.startsWith('adopted'))).toEqual([]);
  });

  it('outlives its role, its client and a broken role', async () => {
    await writeRecord(keycloak, { remember: [kept('a')] });
    const { id } = (await clientIn(realm, RECORD_CLIENT)) ?? { id: '' };
    await realm.admin.del(realm.path(`clients/${id}`));
    expect(await readRecord(keycloak)).toEqual({ state: 'lost', entries: [] });
    await writeRecord(keycloak, { remember: [kept('b')] });
    expect(names(await readRecord(keycloak))).toEqual(['b']);
    await realm.admin.put(realm.path(`roles/${RECORD_ROLE}`), { name: RECORD_ROLE, attributes: {} });
    expect(await readRecord(keycloak)).toEqual({ state: 'lost', entries: [] });
    await writeRecord(keycloak, { remember: [kept('c')] });
    expect(names(await readRecord(keycloak))).toEqual(['c']);
    await realm.admin.del(realm.path(`roles/${RECORD_ROLE}`));
    expect(await readRecord(keycloak)).toEqual({ state: 'none', entries: [] });
    await writeRecord(keycloak, { remember: [kept('d')] });
    expect(names(await readRecord(keycloak))).toEqual(['d']);
  });

  it('goes along where the realm is exported, removed and imported', async () => {
    const moving = await createRealm(inject('keycloak'), `record-${inject('keycloak').run}`);
    onTestFinished(() => moving.remove());
    const there = await connected(await accountIn(moving));
    await writeRecord(there, { remember: [kept('a')] });
    const query = 'partial-export?exportClients=true&exportGroupsAndRoles=true';
    const exported = (await moving.admin.post(moving.path(query))).json as Record<string, unknown>;
    await moving.remove();
    // Keys and secrets are masked in this export, so that others take their place.
    await moving.admin.post('/realms', { ...exported, ...cheapRealm() });
    const back = await connected(await accountIn(moving, WORKING_ROLES, 'another'));
    expect(names(await readRecord(back))).toEqual(['a']);
    await writeRecord(back, { remember: [kept('b')] });
    expect(names(await readRecord(back)).sort()).toEqual(['a', 'b']);
  });
});

const UUID = randomUUID();

describe('a stranger who takes its client id first', () => {
  it.each([
    ['with a UUID', UUID],
    // Ids are one of a kind on a server.
    ['with a path', `../../${UUID.slice(0, 8)}`],
    ['with dots', `./${UUID.slice(0, 8)}/..`],
  ])('%s: decides nothing', async (_what, id) => {
    await openRegistration(realm, ['app.example.com']);
    const forged = kept('forged');
    const attributes = { [entryName(forged)]: entryText(forged), 'mcpkc.proof': randomUUID() };
    const made = await registerWhole(realm, {
      clientId: RECORD_CLIENT,
      id,
      attributes,
      redirectUris: ['https://app.example.com/cb'],
    });
    expect(made.status).toBe(201);
    expect(await readRecord(keycloak)).toEqual({ state: 'none', entries: [] });
    await writeRecord(keycloak, { remember: [kept('a')] });
    expect(names(await readRecord(keycloak))).toEqual(['a']);
    // His token is as dead as his client; where the id is no UUID nothing is sent to it, and it stays what it was.
    const own = `${realm.issuer}/clients-registrations/default/${RECORD_CLIENT}`;
    const headers = { authorization: `Bearer ${made.body.registrationAccessToken}` };
    const left = await fetch(own, { method: 'DELETE', headers });
    expect(left.status).toBe(id === UUID ? 401 : 204);
    expect(names(await readRecord(keycloak))).toEqual(['a']);
    expect((await realm.admin.request('GET', realm.path())).status).toBe(200);
  });
});
