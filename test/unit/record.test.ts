import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Adopted,
  adoptionOf,
  clientKeyOf,
  type Deed,
  type Entry,
  entriesOf,
  journalIn,
  keepOf,
  leftoversIn,
  type Provisional,
  type RealmRecord,
  type RunId,
} from '../../src/realm/record.ts';
import {
  attributesFor,
  entriesIn,
  entryName,
  entryOf,
  entryText,
  JOURNAL_LENGTH,
  recordIn,
} from '../../src/realm/record-attributes.ts';
import type { Client } from '../../src/realm/representations.ts';
import { attributesAfter, entriesAfter, oneByOne } from '../support/record-attributes.ts';

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

describe('an edit', () => {
  it('replaces the entry of the same client whose content was another', () => {
    const changed = clientLike({ name: 'Other' });
    const kept = { ...ONE_OF_EACH.kept, ...named(changed) };
    expect(entriesAfter([ONE_OF_EACH.kept], { remember: [kept] })).toEqual([kept]);
  });

  it('keeps what was before, no matter who writes it again', () => {
    const again: Entry = { ...ONE_OF_EACH.before, value: 'changed', since: '2026-11-28T00:00:00Z' };
    expect(attributesFor(oneByOne([ONE_OF_EACH.before]), { remember: [again] })).toEqual({});
    const anew = { forget: [ONE_OF_EACH.before], remember: [again] };
    expect(entriesAfter([ONE_OF_EACH.before], anew)).toEqual([again]);
  });

  it('leaves entries of others as they are', () => {
    const set = attributesFor(oneByOne(EACH), { forget: [ONE_OF_EACH.stage] });
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
    const now = entriesAfter(deeds, { remember: [{ ...ONE_OF_EACH.deed, at: '2027-01-01T00:00:00Z' }] });
    expect(now).toHaveLength(JOURNAL_LENGTH);
    expect(journalIn(recordOf(...now))[0]?.at).toBe('2027-01-01T00:00:00Z');
    expect(now).not.toContainEqual(deeds[5]);
    expect(now).toContainEqual(deeds[6]);
  });
});

/** Adoptions of one run, of so many clients. */
function adoptions(number: number, fields: Partial<Client> = {}): Adopted[] {
  return Array.from({ length: number }, (_, at) => {
    const id = `22222222-2222-4333-8444-${String(at).padStart(12, '0')}`;
    return { ...ONE_OF_EACH.adopted, ...named(clientLike({ id, clientId: id, ...fields })) };
  });
}

const sorted = (entries: readonly Entry[]) =>
  entries.map((one) => `${entryName(one)} ${entryText(one)}`).sort();

describe('many adoptions of one run', () => {
  it('are few attributes, each short enough for every database, and read as they were written', () => {
    const many = adoptions(1000);
    const there = attributesAfter({}, { remember: [...many, ONE_OF_EACH.deed] });
    expect(Object.keys(there).length).toBeLessThan(6);
    for (const text of Object.values(there)) expect(text.length).toBeLessThan(64_000);
    expect(sorted(entriesIn(there))).toEqual(sorted([...many, ONE_OF_EACH.deed]));
  });

  it('are an attribute each where they are few', () => {
    const few = adoptions(5);
    expect(attributesAfter({}, { remember: few })).toEqual(oneByOne(few));
  });

  it('end one by one, and none that another run ended at the same time comes back', () => {
    const many = adoptions(30);
    const there = attributesAfter({}, { remember: many });
    const [one, other] = [{ forget: many.slice(0, 3) }, { forget: many.slice(2, 7) }];
    // Both read the same, and write one after the other.
    const both = { ...attributesAfter(there, one), ...attributesFor(there, other) };
    expect(sorted(entriesIn(both))).toEqual(sorted(many.slice(7)));
  });

  it('leave nothing behind when all are over, in any order', () => {
    const many = adoptions(600);
    fc.assert(
      fc.property(fc.array(fc.nat(599), { maxLength: 5 }), (cuts) => {
        const ends = [0, ...cuts.sort((a, b) => a - b), 600];
        let there = attributesAfter({}, { remember: [...many, ONE_OF_EACH.kept] });
        for (const [at, end] of ends.entries()) {
          there = attributesAfter(there, { forget: many.slice(ends[at - 1] ?? 0, end) });
        }
        expect(there).toEqual(oneByOne([ONE_OF_EACH.kept]));
      }),
      { numRuns: 15 },
    );
  });

  it('are replaced by one of the same client that is something else by now, and by the same written again', () => {
    const many = adoptions(30);
    const there = attributesAfter({}, { remember: many });
    const [changed] = adoptions(1, { name: 'Other' });
    if (changed === undefined) throw new Error('No adoption.');
    const then = attributesAfter(there, { remember: [changed] });
    expect(sorted(entriesIn(then))).toEqual(sorted([changed, ...many.slice(1)]));
    const later = many.map((one) => ({ ...one, since: '2026-11-28T00:00:00Z' }));
    const again = attributesAfter(then, { remember: later });
    expect(sorted(entriesIn(again))).toEqual(sorted(later));
    expect(Object.keys(again)).toHaveLength(1);
    expect(sorted(entriesIn(attributesAfter(again, { remember: later })))).toEqual(sorted(later));
  });

  it('count as not there where somebody edited their attribute', () => {
    const there = attributesAfter({}, { remember: adoptions(30) });
    const edited = Object.fromEntries(
      Object.entries(there).map(([name, text]) => [name, text.replace('22222222', '33333333')]),
    );
    expect(entriesIn(edited)).toEqual([]);
    const [name = ''] = Object.keys(there);
    const texts = fc.oneof(fc.string(), fc.json());
    fc.assert(fc.property(texts, (text) => void entriesIn({ [name]: text })));
  });

  it('are stored together with what they changed, each kind for itself, and read in the same order of fields', () => {
    const many = adoptions(40).flatMap(({ client, since, by }): Entry[] => [
      { kind: 'before', what: 'client', of: client.id, value: { attributes: { a: null } }, since, by },
      { kind: 'wrote', what: 'client', of: client.id, value: { attributes: { a: 'S256' } }, since, by },
    ]);
    const there = attributesAfter({}, { remember: many });
    expect(Object.keys(there)).toHaveLength(2);
    const same = many.map((one) => ({ ...one, value: { a: 1 } }) as Entry);
    expect(sorted(entriesIn(attributesAfter({}, { remember: same })))).toEqual(sorted(same));
    const read = entriesIn(there);
    expect(sorted(read)).toEqual(sorted(many));
    // The state before is kept as it was first written; what was written is replaced.
    const again = many.map((one) => ({ ...one, value: { b: 1 } }) as Entry);
    const then = entriesIn(attributesAfter(there, { remember: again }));
    const expected = many.map((one, at) => (one.kind === 'before' ? one : (again[at] as Entry)));
    expect(sorted(then)).toEqual(sorted(expected));
  });

  it('are read when their kind is asked for, and the same then', () => {
    const many = adoptions(40);
    const there = attributesAfter(oneByOne(EACH), { remember: many });
    const record = recordIn(there);
    expect(sorted(record.entries)).toEqual(sorted(entriesIn(there)));
    const kinds = [...new Set(EACH.map(({ kind }) => kind))];
    expect(sorted(kinds.flatMap((kind) => entriesOf(record, kind)))).toEqual(sorted(record.entries));
    const [first] = adoptions(1);
    expect(
      first &&
        adoptionOf(record, first.resource, clientLike({ id: first.client.id, clientId: first.client.id })),
    ).toMatchObject({ state: 'same' });
  });

  it('are found for a few edits and for many, and for none of others', () => {
    const many = adoptions(200);
    const there = attributesAfter({}, { remember: many });
    for (const number of [1, 50, 51, 200]) {
      const left = entriesIn(attributesAfter(there, { forget: many.slice(0, number) }));
      expect(sorted(left)).toEqual(sorted(many.slice(number)));
    }
    expect(attributesFor(there, { forget: [ONE_OF_EACH.wrote] })).toEqual({});
  });

  it('of two runs or two servers are kept apart', () => {
    const many = adoptions(30);
    const other = many.map((one) => ({ ...one, resource: 'https://other.example.com/mcp' }));
    const there = attributesAfter(attributesAfter({}, { remember: many }), { remember: other });
    expect(sorted(entriesIn(there))).toEqual(sorted([...many, ...other]));
    expect(sorted(entriesIn(attributesAfter(there, { forget: many })))).toEqual(sorted(other));
  });
});
