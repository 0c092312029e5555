import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  adoptionOf,
  attributesFor,
  clientKeyOf,
  type Deed,
  type Entry,
  entryName,
  entryOf,
  entryText,
  JOURNAL_LENGTH,
  journalIn,
  keepOf,
  leftoversIn,
  type Provisional,
  type RealmRecord,
  type RunId,
} from '../../src/realm/record.ts';
import type { Client } from '../../src/realm/representations.ts';

const AT = '2026-11-27T10:00:00.000Z';

function clientLike(fields: Partial<Client> & { protocolMappers?: unknown[] } = {}): Client {
  return {
    id: '11111111-2222-4333-8444-555555555555',
    clientId: '11111111-2222-4333-8444-555555555555',
    name: 'ChatGPT',
    redirectUris: ['https://chatgpt.com/a', 'https://chatgpt.com/b'],
    standardFlowEnabled: true,
    attributes: {},
    defaultClientScopes: [],
    optionalClientScopes: [],
    ...fields,
  };
}

const RUN: RunId = { by: 'ann', host: 'laptop', pid: 7, command: 'onboard', nonce: 'n1' };
const named = (client: Client) => ({
  client: { id: client.id, clientId: client.clientId },
  key: clientKeyOf(client),
});
const URL = 'https://svc.example.com/mcp';

function provisional(fields: Partial<Provisional> = {}): Provisional {
  const until = '2026-11-27T10:10:00.000Z';
  return {
    kind: 'provisional',
    ...named(clientLike()),
    resource: URL,
    scope: 'mcp-audience-svc-x',
    since: AT,
    until,
    run: RUN,
    ...fields,
  };
}

const ONE_OF_EACH: { [K in Entry['kind']]: Extract<Entry, { kind: K }> } = {
  provisional: provisional(),
  adopted: { kind: 'adopted', ...named(clientLike()), resource: URL, scope: 's', since: AT, by: 'ann' },
  allowed: {
    kind: 'allowed',
    ...named(clientLike()),
    proof: 'p',
    way: 'document',
    products: ['chatgpt'],
    resource: URL,
    scope: 's',
    madeScopes: false,
    since: AT,
    by: 'ann',
  },
  kept: { kind: 'kept', ...named(clientLike()), since: AT, by: 'ann' },
  'age-accepted': { kind: 'age-accepted', ...named(clientLike()), age: AT, since: AT, by: 'ann' },
  before: { kind: 'before', what: 'trusted-hosts', of: 'x', value: { hosts: [''] }, since: AT, by: 'ann' },
  wrote: { kind: 'wrote', what: 'trusted-hosts', of: 'x', value: { hosts: [''] }, since: AT, by: 'ann' },
  wanted: { kind: 'wanted', resource: URL, products: ['chatgpt'], since: AT },
  access: { kind: 'access', resource: URL, roles: ['finance'], since: AT, by: 'ann' },
  deed: { kind: 'deed', at: AT, did: 'adopted', to: 'x', by: 'ann', nonce: 'a' },
  'first-look': { kind: 'first-look', at: AT, after: null, keys: ['a.b'] },
  'alive-on': { kind: 'alive-on', day: '2026-11-27', keys: ['a.b'] },
  stage: { kind: 'stage', ...named(clientLike()), stage: 'marked', at: AT, markedAt: AT },
  looks: { kind: 'looks', complete: AT, on: { LOGIN: AT }, off: {} },
  'looked-through': {
    kind: 'looked-through',
    resource: URL,
    scope: 'id',
    products: { chatgpt: 'x' },
    since: AT,
  },
  'holder-look': { kind: 'holder-look', at: AT, clients: 3, holders: { s: 1 }, findings: {} },
  rehearsal: { kind: 'rehearsal', mark: '0a1b2c3d.7.mabcdefg.0a1b2c3d', since: AT },
};
const EACH = Object.values(ONE_OF_EACH);
const recordOf = (...entries: Entry[]): RealmRecord => ({ state: 'proved', entries });

describe('entries', () => {
  it.each(EACH)('$kind: what is written is read', (entry) => {
    expect(entryName(entry).length).toBeLessThanOrEqual(255);
    expect(entryOf(entryName(entry), entryText(entry))).toEqual(entry);
  });

  it.each(EACH)('$kind: edited, cut or moved to another name it is none', (entry) => {
    const name = entryName(entry);
    const text = entryText(entry);
    expect(entryOf(name, text.slice(0, -1))).toBeUndefined();
    expect(entryOf(`${name}x`, text)).toBeUndefined();
    for (const field of Object.keys(JSON.parse(text))) {
      expect(entryOf(name, JSON.stringify({ ...JSON.parse(text), [field]: { no: [1] } })), field).not.toEqual(
        entry,
      );
      if (field !== 'value') {
        expect(
          entryOf(name, JSON.stringify({ ...JSON.parse(text), [field]: undefined })),
          field,
        ).toBeUndefined();
      }
    }
  });

  it('no text of any kind throws', () => {
    const names = fc.oneof(
      fc.constantFrom(...EACH.map(entryName), 'constructor', '__proto__', ''),
      fc.string(),
    );
    fc.assert(fc.property(names, fc.oneof(fc.string(), fc.json()), (name, text) => void entryOf(name, text)));
  });
});

describe('the key of a client', () => {
  const key = clientKeyOf(clientLike());
  const mapper = {
    name: 'm',
    protocolMapper: 'oidc-usermodel-attribute-mapper',
    config: { 'claim.name': 'sub' },
  };

  it.each<[string, Partial<Client> & { protocolMappers?: unknown[] }]>([
    ['name', { name: 'ChatGPT ' }],
    ['redirect URI', { redirectUris: ['https://chatgpt.com/a'] }],
    ['implicit grant', { implicitFlowEnabled: true }],
    ['password grant', { directAccessGrantsEnabled: true }],
    ['client credentials', { serviceAccountsEnabled: true }],
    ['code flow', { standardFlowEnabled: false }],
    ['device grant', { attributes: { 'oauth2.device.authorization.grant.enabled': 'true' } }],
    ['mapper', { protocolMappers: [mapper] }],
  ])('changes its second half with another %s', (_what, fields) => {
    const other = clientKeyOf(clientLike(fields));
    expect(other).not.toBe(key);
    expect(other.split('.')[0]).toBe(key.split('.')[0]);
  });

  it('changes with a setting of a mapper', () => {
    const other = { ...mapper, config: { 'claim.name': 'aud' } };
    expect(clientKeyOf(clientLike({ protocolMappers: [mapper] }))).not.toBe(
      clientKeyOf(clientLike({ protocolMappers: [other] })),
    );
  });

  it('changes its first half with the client id', () => {
    expect(clientKeyOf(clientLike({ clientId: 'x' })).split('.')[0]).not.toBe(key.split('.')[0]);
  });

  it.each<[string, Partial<Client>]>([
    ['enabled', { enabled: false }],
    ['scopes', { defaultClientScopes: ['mcp-audience-svc'], optionalClientScopes: ['x'] }],
    ['PKCE', { attributes: { 'pkce.code.challenge.method': 'S256' } }],
    ['what Keycloak adds', { attributes: { realm_client: 'false', 'oidc.ciba.grant.enabled': 'false' } }],
    ['order of redirect URIs', { redirectUris: ['https://chatgpt.com/b', 'https://chatgpt.com/a'] }],
  ])('stays with another %s', (_what, fields) => {
    expect(clientKeyOf(clientLike(fields))).toBe(key);
  });
});

describe('what is known of a client', () => {
  const record = recordOf(ONE_OF_EACH.adopted, ONE_OF_EACH.kept);

  it('is known of the very same', () => {
    expect(adoptionOf(record, URL, clientLike()).state).toBe('same');
    expect(keepOf(record, clientLike()).state).toBe('same');
  });

  it('is not known of another with its ids', () => {
    const other = clientLike({ redirectUris: ['https://evil.example/'] });
    expect(adoptionOf(record, URL, other).state).toBe('changed');
    expect(keepOf(record, other).state).toBe('changed');
  });

  it('is of one resource', () => {
    expect(adoptionOf(record, 'https://other.example.com/mcp', clientLike()).state).toBe('none');
  });
});

describe('what a killed run left', () => {
  const own: RunId = { ...RUN, nonce: 'own', pid: 8 };
  const left = (run: Partial<RunId>, now = AT, alive = true) =>
    leftoversIn(recordOf(provisional({ run: { ...RUN, ...run } })), {
      now: Date.parse(now),
      run: own,
      isAlive: () => alive,
    }).length;

  it.each<[string, number, number]>([
    ['lives: stays', left({}), 0],
    ['is gone from this machine', left({}, AT, false), 1],
    ['is gone from another machine: not before its time', left({ host: 'ci' }, AT, false), 0],
    ['had its time', left({ host: 'ci' }, '2026-11-27T10:10:00.000Z'), 1],
    ['had this process id before', left({ pid: 8 }), 1],
    ['is this one', left({ nonce: 'own' }, '2027-01-01T00:00:00Z', false), 0],
  ])('%s', (_what, found, wanted) => {
    expect(found).toBe(wanted);
  });
});

/** What Keycloak keeps of a PUT: attributes merged, empty ones gone. */
function merged(there: readonly Entry[], set: Record<string, string>): Entry[] {
  const all = { ...Object.fromEntries(there.map((one) => [entryName(one), entryText(one)])), ...set };
  return Object.entries(all).flatMap(([name, text]) => entryOf(name, text) ?? []);
}

describe('an edit', () => {
  it('replaces the entry of the same client whose content was another', () => {
    const changed = clientLike({ name: 'Other' });
    const kept = { ...ONE_OF_EACH.kept, ...named(changed) };
    const now = merged([ONE_OF_EACH.kept], attributesFor([ONE_OF_EACH.kept], { remember: [kept] }));
    expect(now).toEqual([kept]);
  });

  it('keeps what was before, no matter who writes it again', () => {
    const again: Entry = { ...ONE_OF_EACH.before, value: 'changed', since: '2026-11-28T00:00:00Z' };
    expect(attributesFor([ONE_OF_EACH.before], { remember: [again] })).toEqual({});
    const anew = attributesFor([ONE_OF_EACH.before], { forget: [ONE_OF_EACH.before], remember: [again] });
    expect(merged([ONE_OF_EACH.before], anew)).toEqual([again]);
  });

  it('leaves entries of others as they are', () => {
    const set = attributesFor(EACH, { forget: [ONE_OF_EACH.stage] });
    expect(Object.keys(set)).toEqual([entryName(ONE_OF_EACH.stage)]);
  });

  it('cuts the journal at its oldest', () => {
    const deeds = Array.from(
      { length: JOURNAL_LENGTH + 5 },
      (_, at): Deed => ({
        ...ONE_OF_EACH.deed,
        at: new Date(Date.parse(AT) + at * 1000).toISOString(),
      }),
    );
    const now = merged(
      deeds,
      attributesFor(deeds, { remember: [{ ...ONE_OF_EACH.deed, at: '2027-01-01T00:00:00Z' }] }),
    );
    expect(now).toHaveLength(JOURNAL_LENGTH);
    expect(journalIn(recordOf(...now))[0]?.at).toBe('2027-01-01T00:00:00Z');
    expect(now).not.toContainEqual(deeds[5]);
    expect(now).toContainEqual(deeds[6]);
  });
});
