import { describe, expect, it } from 'vitest';
import { clientKeyOf, type Entry } from '../../src/realm/record.ts';
import type { Client } from '../../src/realm/representations.ts';
import { differences, stateOf } from '../faults/state.ts';
import type { RealmSnapshot, Representation } from '../support/keycloak/snapshot.ts';
import { oneByOne } from '../support/record-attributes.ts';

const AT = new Date(1_790_000_000_000).toISOString();
const RESOURCE = 'https://svc.example.com/mcp';
const STAMP = { since: AT, by: 'mcpkc apply' };

/** A client as one run makes it: its id, and so each name of an entry about it, is another in each. */
function made(): Client {
  const id = crypto.randomUUID();
  const attributes = { 'mcpkc.made': crypto.randomUUID() };
  const scopes = { defaultClientScopes: [], optionalClientScopes: [] };
  return { id, clientId: 'mcp-svc', name: 'svc', redirectUris: ['http://127.0.0.1'], attributes, ...scopes };
}

function entriesFor(client: Client): Entry[] {
  const about = { client: { id: client.id, clientId: client.clientId }, key: clientKeyOf(client) };
  const scope = `mcp-audience-svc-${crypto.randomUUID().replaceAll('-', '')}`;
  const proof = client.attributes['mcpkc.made'] ?? '';
  const way = { way: 'client' as const, products: ['mcp-remote'], madeScopes: true };
  return [
    { kind: 'adopted', ...about, resource: RESOURCE, scope, ...STAMP },
    { kind: 'allowed', ...about, proof, ...way, resource: RESOURCE, scope, ...STAMP },
    {
      kind: 'deed',
      at: AT,
      did: 'changed',
      to: 'a',
      by: 'mcpkc apply',
      nonce: crypto.randomUUID().slice(0, 8),
    },
    { kind: 'before', what: 'client-scope', of: scope, value: null, ...STAMP },
  ];
}

/** A realm with one client and the record. */
function realmWith(client: Client, entries: readonly Entry[], proof = crypto.randomUUID()): RealmSnapshot {
  const id = crypto.randomUUID();
  const attributes = oneByOne(entries);
  const record = {
    id,
    clientId: 'mcpkc-record',
    name: 'mcpkc record',
    attributes: { ...attributes, 'mcpkc.proof': proof },
  };
  const role = { name: 'mcpkc-record', attributes: { 'mcpkc.record': [id], 'mcpkc.proof': [proof] } };
  return {
    realm: {},
    clientScopes: [],
    defaultScopes: [],
    optionalScopes: [],
    components: [],
    clientPolicies: {},
    clientProfiles: {},
    clients: [record, client as unknown as Representation],
    realmRoles: [role],
    clientRoles: {},
    serviceAccountRoles: {},
    eventsConfig: {},
  };
}

const between = (one: RealmSnapshot, other: RealmSnapshot) =>
  differences(stateOf(one, 'demo'), stateOf(other, 'demo'));

function whole(): [Client, Entry[], RealmSnapshot] {
  const client = made();
  const entries = entriesFor(client);
  return [client, entries, realmWith(client, entries)];
}

describe('the record in the fault suite', () => {
  it('is the same for two runs, whatever ids they made', () => {
    expect(between(whole()[2], whole()[2])).toEqual([]);
  });

  const [first] = [whole()[2]];
  const [client, entries] = whole();
  const run = { by: 'a', host: 'b', pid: 1, command: 'onboard', nonce: 'n' };
  const about = { client: { id: client.id, clientId: client.clientId }, key: clientKeyOf(client) };
  const LEFT: Record<string, RealmSnapshot> = {
    'an entry that is missing': realmWith(client, entries.slice(1)),
    'a rehearsal that is left': realmWith(client, [...entries, { kind: 'rehearsal', mark: 'm', since: AT }]),
    'an audience for the time being that is left': realmWith(client, [
      ...entries,
      { kind: 'provisional', ...about, resource: RESOURCE, scope: 's', since: AT, until: AT, run },
    ]),
    'entries about a client that is gone': realmWith(client, [...entries, ...entriesFor(made())]),
    'entries about a client that was changed since': realmWith({ ...client, redirectUris: [] }, entries),
    'a client with another proof': realmWith({ ...client, attributes: { 'mcpkc.made': 'x' } }, entries),
    'a thing of which nobody made the audience scope': realmWith(client, [
      ...entries,
      { kind: 'before', what: 'audience-mapper', of: 'a/b', value: null, ...STAMP },
    ]),
    'a deed of another command': realmWith(client, [
      ...entries,
      { kind: 'deed', at: AT, did: 'changed', to: 'a', by: 'mcpkc allow', nonce: '1' },
    ]),
  };

  it.each(Object.keys(LEFT))('shows %s', (what) => {
    expect(between(first, LEFT[what] as RealmSnapshot)).toHaveLength(
      what.startsWith('entries about a client that was') || what.startsWith('a client') ? 2 : 1,
    );
  });

  it('shows a record that nothing proves', () => {
    const lost = whole()[2];
    (lost.clients[0] as { attributes: Record<string, string> }).attributes['mcpkc.proof'] = 'other';
    expect(between(first, lost)).toHaveLength(1);
  });
});
