import { describe, expect, it } from 'vitest';
import { REALM } from '../../src/plan/kinds/all.ts';
import { entriesOfMade, forgottenBy, memoryOf, missingIn } from '../../src/plan/memory.ts';
import { REALM_KINDS, type RealmChange, type RealmKind } from '../../src/plan/plan.ts';
import { registrationChoice } from '../../src/plan/registration.ts';
import {
  allowedScopesBack,
  attributesBack,
  hostsBack,
  isMadeByMcpkc,
  listStillWanted,
  mapperTypesBack,
  originsBack,
} from '../../src/plan/way-back.ts';
import { PRESETS } from '../../src/products/index.ts';
import type { Entry, RealmRecord } from '../../src/realm/record.ts';
import { entriesIn } from '../../src/realm/record-attributes.ts';
import {
  allowedScopesOf,
  hasNoTrustedHost,
  hostsOf,
  isRegistrationRefused,
  mapperTypesOf,
  webOriginsOf,
} from '../../src/realm/registration-policies.ts';
import type { RegistrationPolicy } from '../../src/realm/representations.ts';
import { emptyRealm, type RealmSnapshot } from '../../src/realm/snapshot.ts';
import { attributesAfter } from '../support/record-attributes.ts';
import { client, policy } from './status/seen.ts';

const STAMP = { since: '2026-11-27T12:00:00.000Z', by: 'a test' };
const NOTHING = { hosts: [], patterns: [], origins: [], nothing: true };

/** A record as Keycloak keeps it: attributes that are merged. */
class Notes {
  #attributes: Record<string, string> = {};

  get record(): RealmRecord {
    return { state: 'proved', entries: entriesIn(this.#attributes) };
  }

  write(edit: { remember?: Entry[]; forget?: Entry[] }): void {
    this.#attributes = attributesAfter(this.#attributes, edit);
  }

  /** What applying a plan writes down, before and after. */
  carryOut(change: Omit<RealmChange, 'why'>, back = false): void {
    const plan = [{ ...change, why: '' } as RealmChange];
    const before = this.record;
    if (!back) this.write({ remember: memoryOf(plan, before, STAMP) });
    this.write(forgottenBy(plan, before, STAMP, back));
  }
}

const trusted = (hosts: string[], sender = false, uris = true): RegistrationPolicy =>
  policy('trusted-hosts', {
    'trusted-hosts': hosts,
    'host-sending-registration-request-must-match': [String(sender)],
    'client-uris-must-match': [String(uris)],
  });

const edited = (before: RegistrationPolicy | null, after: RegistrationPolicy): Omit<RealmChange, 'why'> => ({
  kind: 'trusted-hosts',
  action: before === null ? 'create' : 'update',
  key: 'trusted-hosts',
  before: before && { ...hostsOf(before) },
  after: { ...hostsOf(after) },
});

describe('hosts', () => {
  const theirs = trusted(['openai.com', 'their.example.com'], true);
  const opened = trusted(['chatgpt.com', 'openai.com', 'svc.example.com', 'their.example.com']);

  it('those go that mcpkc wrote; what was there, and what came since, stays', () => {
    const notes = new Notes();
    notes.carryOut(edited(theirs, opened));
    const now = trusted([...hostsOf(opened).hosts, 'since.example.com']);
    expect(hostsBack(now, notes.record, NOTHING)).toEqual({
      hosts: ['openai.com', 'since.example.com', 'their.example.com'],
      senderMatch: true,
      clientUrisMatch: true,
    });
  });

  it('what something else still needs stays, and the flags with it', () => {
    const notes = new Notes();
    notes.carryOut(edited(theirs, opened));
    const back = hostsBack(opened, notes.record, {
      hosts: ['chatgpt.com'],
      patterns: [],
      origins: [],
      nothing: false,
    });
    expect(back).toMatchObject({
      hosts: ['chatgpt.com', 'openai.com', 'their.example.com'],
      senderMatch: false,
    });
  });

  it('a flag that somebody set since stays as it was set', () => {
    const notes = new Notes();
    notes.carryOut(edited(theirs, opened));
    notes.carryOut(edited(opened, trusted([...hostsOf(opened).hosts, 'more.example.com'])));
    expect(hostsBack(trusted(['svc.example.com'], false, false), notes.record, NOTHING)).toEqual({
      hosts: [],
      senderMatch: true,
      clientUrisMatch: false,
    });
  });

  it('put back, it is forgotten: a later removal knows the realm as it was then', () => {
    const notes = new Notes();
    notes.carryOut(edited(theirs, opened));
    notes.carryOut(edited(opened, theirs), true);
    expect(notes.record.entries).toEqual([]);
    const later = trusted(['later.example.com'], false);
    notes.carryOut(edited(later, trusted(['chatgpt.com', 'later.example.com'])));
    expect(hostsBack(trusted(['chatgpt.com', 'later.example.com']), notes.record, NOTHING)).toMatchObject({
      hosts: ['later.example.com'],
      senderMatch: false,
    });
  });

  it('what was taken out on the way is not mcpkc’s any more', () => {
    const notes = new Notes();
    notes.carryOut(edited(theirs, opened));
    const without = trusted(['openai.com', 'svc.example.com', 'their.example.com']);
    notes.carryOut(edited(opened, without));
    // Somebody lists the host again, by hand.
    expect(hostsBack(opened, notes.record, NOTHING)?.hosts).toContain('chatgpt.com');
  });

  it('a policy that mcpkc made goes, unless somebody uses it', () => {
    const notes = new Notes();
    notes.carryOut(edited(null, trusted(['chatgpt.com'])));
    expect(hostsBack(trusted(['chatgpt.com']), notes.record, NOTHING)).toBeNull();
    expect(hostsBack(trusted(['chatgpt.com', 'x.example.com']), notes.record, NOTHING)?.hosts).toEqual([
      'x.example.com',
    ]);
  });

  it('without a record nothing is known, and nothing goes', () => {
    const none: RealmRecord = { state: 'none', entries: [] };
    expect(hostsBack(opened, none, NOTHING)).toEqual(hostsOf(opened));
  });
});

it('scopes, mapper types and attributes are put back alike', () => {
  const notes = new Notes();
  const scopes = policy('allowed-client-templates', { 'allow-default-scopes': ['false'] });
  const open = policy('allowed-client-templates', {
    'allow-default-scopes': ['true'],
    'allowed-client-scopes': ['openid', 'mcp-resource'],
  });
  notes.carryOut({
    kind: 'allowed-scopes',
    action: 'update',
    key: scopes.name,
    before: allowedScopesOf(scopes),
    after: allowedScopesOf(open),
  });
  expect(allowedScopesBack(open, notes.record, NOTHING, ['mcp-resource'])).toEqual({
    scopes: [],
    defaults: false,
  });

  const wide = policy('allowed-protocol-mappers', {
    'allowed-protocol-mapper-types': ['oidc-address-mapper', 'oidc-sha256-pairwise-sub-mapper'],
  });
  const narrow = policy('allowed-protocol-mappers', {
    'allowed-protocol-mapper-types': ['oidc-sha256-pairwise-sub-mapper'],
  });
  const types = (one: RegistrationPolicy) => ({ types: mapperTypesOf(one) });
  notes.carryOut({
    kind: 'mapper-types',
    action: 'update',
    key: wide.name,
    before: types(wide),
    after: types(narrow),
  });
  expect(mapperTypesBack(narrow, notes.record, NOTHING)).toEqual(mapperTypesOf(wide));
  expect(mapperTypesBack(narrow, notes.record, { ...NOTHING, nothing: false })).toBeUndefined();
  expect(mapperTypesBack(wide, notes.record, NOTHING)).toBeUndefined();

  const pkce = 'pkce.code.challenge.method';
  const change = { kind: 'client', action: 'update', key: 'theirs' } as const;
  notes.carryOut({
    ...change,
    before: { attributes: { [pkce]: null } },
    after: { attributes: { [pkce]: 'S256' } },
  });
  const held = client('theirs', { attributes: { [pkce]: 'S256', other: 'x' } });
  expect(attributesBack(held, notes.record)).toEqual({ [pkce]: '' });
  expect(attributesBack({ ...held, attributes: { [pkce]: 'plain' } }, notes.record)).toEqual({});
  notes.carryOut(
    { ...change, before: { attributes: { [pkce]: 'S256' } }, after: { attributes: { [pkce]: '' } } },
    true,
  );
  expect(attributesBack(held, notes.record)).toEqual({});
});

it('a client that registered in the place of one that mcpkc made is not taken for it', () => {
  const notes = new Notes();
  notes.carryOut({ kind: 'client', action: 'create', key: 'static', before: null, after: { name: 'x' } });
  const id = '0f8b1c1e-7d3c-4b0a-9f6e-2f1f8c1f5a11';
  expect(isMadeByMcpkc(client('static', { id }), notes.record)).toBe(true);
  const stranger = client('static', { id, consentRequired: true, fullScopeAllowed: false });
  expect(isMadeByMcpkc(stranger, notes.record)).toBe(false);
  expect(isMadeByMcpkc(client('static', { id: '..' }), notes.record)).toBe(false);
});

it('what other servers and trusted-hosts want stays wanted; of an unknown server every product', () => {
  const wish = (resource: string, products: string[]): Entry => ({
    kind: 'wanted',
    resource,
    products,
    since: STAMP.since,
  });
  const [one, other] = ['https://one.example.com/mcp', 'https://other.example.com/mcp'];
  const record = (...entries: Entry[]): RealmRecord => ({ state: 'proved', entries });
  const both = record(wish(one, ['chatgpt']), wish(other, ['claude']), wish('', ['host:x.example.com']));
  const left = listStillWanted(both, PRESETS, [other]);
  expect(left.hosts).toEqual(expect.arrayContaining(['claude.ai', 'other.example.com', 'x.example.com']));
  expect(left.hosts).not.toContain('chatgpt.com');
  expect(listStillWanted(record(wish(one, ['chatgpt'])), PRESETS, [other]).hosts).toContain('chatgpt.com');
  expect(listStillWanted(record(wish(one, ['chatgpt'])), PRESETS, []).nothing).toBe(true);
  expect(listStillWanted(both, PRESETS, []).nothing).toBe(false);
  expect(listStillWanted(record(wish(one, [])), PRESETS, [one]).hosts).toEqual(['one.example.com']);
});

describe('registration', () => {
  const realm = (...registrationPolicies: RegistrationPolicy[]) => ({
    ...emptyRealm('demo'),
    registrationPolicies,
  });
  const wish = { choice: undefined, namesProducts: false, namesClient: false };

  it.each([
    ['shut, nobody named', trusted([]), wish, 'keep'],
    ['open, nobody named', trusted(['chatgpt.com']), wish, 'open'],
    ['open, a client named', trusted(['chatgpt.com']), { ...wish, namesClient: true }, 'keep'],
    ['shut, a product named', trusted([]), { ...wish, namesProducts: true }, 'open'],
    [
      'a client and a product named',
      trusted([]),
      { ...wish, namesClient: true, namesProducts: true },
      'open',
    ],
    ['as it is said', trusted(['chatgpt.com']), { ...wish, choice: 'keep' as const }, 'keep'],
    ['as it is said', trusted([]), { ...wish, choice: 'open' as const }, 'open'],
  ])('%s: %#', (_what, hosts, said, choice) => {
    expect(registrationChoice(said, realm(hosts))).toBe(choice);
  });

  it('is open where there is no policy; one shut policy shuts it', () => {
    expect(registrationChoice(wish, realm())).toBe('open');
    expect(hasNoTrustedHost([trusted(['x.example.com']), trusted([])])).toBe(true);
    expect(isRegistrationRefused([trusted([], true)])).toBe(true);
    // A registration without a URI is let in.
    expect(isRegistrationRefused([trusted([], false)])).toBe(false);
    expect(hasNoTrustedHost([{ ...trusted([]), subType: 'authenticated' }])).toBe(false);
  });
});

it('origins: those go that mcpkc wrote and no product needs', () => {
  const notes = new Notes();
  const theirs = policy('registration-web-origins', { 'web-origins': ['https://their.example.com'] });
  const open = policy('registration-web-origins', {
    'web-origins': ['http://localhost:6274', 'https://their.example.com'],
  });
  notes.carryOut({
    kind: 'registration-origins',
    action: 'update',
    key: theirs.name,
    before: { origins: webOriginsOf(theirs) },
    after: { origins: webOriginsOf(open) },
  });
  expect(originsBack(open, notes.record, NOTHING)).toEqual(['https://their.example.com']);
  expect(originsBack(open, notes.record, { ...NOTHING, origins: ['http://localhost:6274'] })).toHaveLength(2);
});

describe('a thing that mcpkc made by its record', () => {
  const nothing = emptyRealm('demo');
  const named = { id: '1', name: 'a', description: '', protocol: 'openid-connect', attributes: {} };
  const mapper = { id: '2', name: 'b', protocol: 'openid-connect', protocolMapper: 'x', config: {} };
  const one = (provider: string) => ({
    ...nothing,
    registrationPolicies: [{ ...policy(provider, {}), name: 'a', subType: 'anonymous' }],
  });
  /** For each kind that is remembered: a thing's key, and a realm that has it. */
  const THERE: Partial<Record<RealmKind, [key: string, realm: RealmSnapshot]>> = {
    'realm-role': ['a', { ...nothing, roles: [{ client: null, name: 'a', id: '1', composite: false }] }],
    'client-scope': ['a', { ...nothing, scopes: [{ ...named, mappers: [] }] }],
    'audience-mapper': ['a/b', { ...nothing, scopes: [{ ...named, mappers: [mapper] }] }],
    'default-scope': ['a', { ...nothing, optionalScopes: ['a'] }],
    client: ['a', { ...nothing, clients: [client('a')] }],
    'trusted-hosts': ['a', one('trusted-hosts')],
    'mapper-types': ['a', one('allowed-protocol-mappers')],
    'allowed-scopes': ['a', one('allowed-client-templates')],
    'registration-origins': ['a', one('registration-web-origins')],
  };

  it.each(REALM_KINDS.filter((kind) => REALM[kind].isRemembered))(
    'is forgotten where it isn’t there, and only there: %s',
    (kind) => {
      const [key, realm] = THERE[kind] ?? [];
      if (key === undefined || realm === undefined) throw new Error(`There is no ${kind} to look at.`);
      const about = (what: string, value: unknown): Entry[] => [
        { kind: 'before', what, of: key, value, ...STAMP },
        { kind: 'wrote', what, of: key, value: {}, ...STAMP },
      ];
      const record: RealmRecord = {
        state: 'proved',
        entries: [...about(kind, null), ...about('client-policy', null)],
      };
      expect(missingIn(record, realm)).toEqual([]);
      expect(missingIn(record, nothing)).toEqual([{ kind, key }]);
      expect(entriesOfMade(record, missingIn(record, nothing))).toEqual(about(kind, null));
      // One that was there before mcpkc is nobody's to forget.
      expect(missingIn({ state: 'proved', entries: about(kind, {}) }, nothing)).toEqual([]);
    },
  );

  it('takes the entries about its parts along', () => {
    const entries: Entry[] = [
      { kind: 'before', what: 'client-scope', of: 'a', value: null, ...STAMP },
      { kind: 'before', what: 'default-scope', of: 'a', value: { list: 'none' }, ...STAMP },
      { kind: 'before', what: 'audience-mapper', of: 'a/b', value: null, ...STAMP },
      { kind: 'before', what: 'client-scope', of: 'other', value: { attributes: {} }, ...STAMP },
    ];
    const gone = entriesOfMade({ state: 'proved', entries }, [{ kind: 'client-scope', key: 'a' }]);
    expect(gone).toEqual(entries.slice(0, 3));
  });
});
