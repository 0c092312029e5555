import { describe, expect, it } from 'vitest';
import { styleFor } from '../../../src/cli/style.ts';
import { kcadmLines } from '../../../src/commands/init/kcadm.ts';
import { excessRoles, roleName } from '../../../src/plan/account/account-role.ts';
import { ACCOUNT_CLIENT, accountReservations, desiredAccount } from '../../../src/plan/account/desired.ts';
import { planForAccount } from '../../../src/plan/kinds/index.ts';
import { changesOf } from '../../../src/plan/plan.ts';
import { planText } from '../../../src/plan/text.ts';
import { type AccountSnapshot, accountOrigin, type StoredEvents } from '../../../src/realm/account.ts';
import { EVENT_TYPES, retentionFor, retentionText } from '../../../src/realm/events.ts';
import type { Client } from '../../../src/realm/representations.ts';
import { WORKING_ROLES } from '../../../src/realm/roles.ts';

const INPUT = {
  clientId: undefined,
  target: 'mcp',
  realm: 'mcp',
  readOnly: false,
  exact: false,
  rotate: false,
  retentionMs: undefined,
};
const CLIENT: Client = {
  ...ACCOUNT_CLIENT,
  id: 'id',
  clientId: 'mcpkc',
  redirectUris: [],
  attributes: {},
  defaultClientScopes: ['basic', 'roles'],
  optionalClientScopes: [],
};
const RIGHT: AccountSnapshot = {
  realm: 'mcp',
  roleClient: 'realm-management',
  client: CLIENT,
  roles: [
    ...WORKING_ROLES.map((name) => ({ of: 'realm-management', name })),
    { of: 'mcpkc', name: 'mcpkc-account' },
  ],
  passed: [...WORKING_ROLES],
  scopes: [],
  events: undefined,
};
const named = (changes: ReturnType<typeof planForAccount>) =>
  changes.map(({ action, kind, key }) => `${action} ${kind} ${key}`);

describe('planForAccount', () => {
  it('has nothing to do where everything is right', () => {
    expect(planForAccount(desiredAccount(INPUT), RIGHT)).toEqual([]);
    expect(planForAccount(desiredAccount({ ...INPUT, exact: true }), RIGHT)).toEqual([]);
  });

  it('makes the client before it grants roles', () => {
    const plan = planForAccount(desiredAccount(INPUT), {
      ...RIGHT,
      client: undefined,
      roles: [],
      passed: [],
    });
    expect(named(plan)).toEqual([
      'create service-account mcpkc',
      ...WORKING_ROLES.map((role) => `attach account-role ${role}`),
    ]);
  });

  it('needs no scope mapping where the client passes on every role, but with --exact', () => {
    const full = { ...RIGHT, client: { ...CLIENT, fullScopeAllowed: true }, passed: [] };
    expect(planForAccount(desiredAccount(INPUT), full)).toEqual([]);
    expect(named(planForAccount(desiredAccount({ ...INPUT, exact: true }), full))).toEqual([
      'update service-account mcpkc',
      ...WORKING_ROLES.map((role) => `attach account-role ${role}`),
    ]);
  });

  it('takes roles away last, and only with --exact; what every user has stays', () => {
    const roles = [
      ...RIGHT.roles,
      { of: null, name: 'default-roles-mcp' },
      { of: null, name: 'admin' },
      { of: 'account', name: 'manage-account' },
    ];
    const rich = { ...RIGHT, roles, passed: [...RIGHT.passed, 'impersonation'] };
    const desired = desiredAccount(INPUT);
    expect(planForAccount(desired, rich)).toEqual([]);
    expect(excessRoles(desired, rich).map((role) => roleName(role, 'realm-management'))).toEqual([
      'admin (realm role)',
      'manage-account (of account)',
    ]);
    const exact = named(planForAccount(desiredAccount({ ...INPUT, exact: true }), rich));
    expect(exact.sort()).toEqual([
      'detach account-role admin (realm role)',
      'detach account-role impersonation',
      'detach account-role manage-account (of account)',
    ]);
  });

  it('takes every audience scope from the account, also one that is marked as given by name', () => {
    const scope = {
      id: 's',
      name: 'mcp-a',
      protocol: 'openid-connect',
      description: '',
      attributes: { 'mcpkc.mode': 'standing' },
      mappers: [],
    };
    const holds = { ...CLIENT, defaultClientScopes: ['basic', 'roles', 'mcp-a'] };
    const inherited = { ...RIGHT, scopes: [scope], client: holds };
    expect(named(planForAccount(desiredAccount(INPUT), inherited))).toEqual([
      'detach client-scope-assignment mcpkc mcp-a',
    ]);
    const given = { ...inherited, client: { ...holds, attributes: { 'mcpkc.adopted': 'mcp-a' } } };
    expect(planForAccount(desiredAccount(INPUT), given)).toHaveLength(1);
  });

  it('an account in master has its roles from the client of the realm', () => {
    const desired = desiredAccount({ ...INPUT, realm: 'master' });
    expect(desired.roleClient).toBe('mcp-realm');
    const none = { ...RIGHT, client: undefined, roles: [], passed: [] };
    expect(accountReservations(desired, none)).toHaveLength(1);
    expect(accountReservations(desiredAccount(INPUT), none)).toEqual([]);
    expect(accountReservations(desiredAccount(INPUT), RIGHT)).toEqual([]);
  });
});

describe('who made the client of the account', () => {
  const roles = RIGHT.roles.filter(({ of }) => of === 'realm-management');
  const origin = (client: Partial<Client>, held = RIGHT.roles, where = RIGHT.realm) =>
    accountOrigin({ ...RIGHT, realm: where, client: { ...CLIENT, ...client }, roles: held }, ACCOUNT_CLIENT)
      .kind;

  it('an administrator, by roles that were mapped', () => {
    expect(origin({})).toBe('administrator');
    expect(origin({}, roles)).toBe('administrator');
    expect(origin({ description: 'mine', standardFlowEnabled: true }, roles)).toBe('administrator');
    expect(origin({}, [{ of: 'other-realm', name: 'manage-realm' }], 'master')).toBe('administrator');
    expect(origin({}, [{ of: null, name: 'admin' }], 'master')).toBe('administrator');
  });

  it.each([
    ['users consent to it', { consentRequired: true }],
    ['it has a redirect URI', { redirectUris: ['/*'] }],
    ['it has a mapper', { protocolMappers: [{ protocolMapper: 'oidc-usermodel-attribute-mapper' }] }],
  ])('nobody knows, with roles too, where %s', (_what, fields) => {
    expect(origin(fields)).toBe('unproven');
    expect(origin(fields, [])).toBe('unproven');
  });

  it('nobody knows, without roles, but of what init itself leaves when it is cut off', () => {
    const others = [
      { of: null, name: 'default-roles-mcp' },
      { of: null, name: 'admin' },
      { of: 'evil-realm', name: 'manage-realm' },
      { of: 'evil', name: 'mcpkc-account' },
    ];
    expect(origin({}, others)).toBe('unfinished');
    expect(origin({ description: 'mine' }, others)).toBe('unproven');
    expect(origin({ publicClient: true }, others)).toBe('unproven');
    expect(origin({ standardFlowEnabled: true }, others)).toBe('unproven');
  });

  it('a secret from before the seal is made anew once; what is made anew has new roles too', () => {
    const unsealed = { ...RIGHT, roles };
    expect(named(planForAccount(desiredAccount(INPUT), unsealed))).toEqual(['update service-account mcpkc']);
    const squatted = { ...RIGHT, client: { ...CLIENT, consentRequired: true } };
    const plan = planForAccount(desiredAccount(INPUT), squatted);
    expect(named(plan)).toEqual([
      'create service-account mcpkc',
      ...WORKING_ROLES.map((role) => `attach account-role ${role}`),
    ]);
    expect(plan[0]?.before).toMatchObject({ id: 'id' });
    expect(accountReservations(desiredAccount(INPUT), squatted)).toHaveLength(1);
  });
});

describe('retention', () => {
  const stored = (fields: Partial<StoredEvents>): StoredEvents => ({
    enabled: true,
    types: [...EVENT_TYPES],
    expirationMs: undefined,
    some: false,
    ...fields,
  });

  it.each([
    ['nothing was ever stored', stored({ enabled: false }), 10],
    ['for ever', stored({}), undefined],
    ['off, with events from before', stored({ enabled: false, some: true }), undefined],
    ['longer', stored({ expirationMs: 20 }), 20],
    ['shorter', stored({ expirationMs: 5 }), 10],
  ])('%s', (_what, now, kept) => {
    expect(retentionFor(now, 10)).toBe(kept);
  });

  it('reads as an operator writes it', () => {
    const texts = [undefined, 30 * 86_400_000, 36 * 3_600_000, 90 * 60_000, 100_000].map(retentionText);
    expect(texts).toEqual(['for ever', '30d', '36h', '90m', '100s']);
  });

  it('never drops a type that is in force', () => {
    const desired = desiredAccount({ ...INPUT, retentionMs: 1000 });
    const plan = planForAccount(desired, { ...RIGHT, events: stored({ types: ['LOGOUT'] }) });
    const [change] = changesOf(plan, 'events');
    expect(change?.after?.types).toEqual(['LOGOUT', ...EVENT_TYPES]);
  });
});

describe('the plan for people', () => {
  it('says of a role whose it is, and of an account what it is', () => {
    const plan = planForAccount(desiredAccount(INPUT), {
      ...RIGHT,
      client: undefined,
      roles: [],
      passed: [],
    });
    const text = planText(plan, styleFor(false, 120));
    expect(text).toContain('client scopes basic, roles');
    expect(text).toContain('grant view-users\n      of realm-management\n');
    expect(text).not.toContain('bearerOnly');
  });
});

describe('kcadm lines', () => {
  const file = (path: string, action: 'create' | 'update' | 'none') => ({ path, action });

  it('quote what a shell would read otherwise', () => {
    const account = desiredAccount({ ...INPUT, clientId: "it's $(id)", target: 'a b', realm: 'a b' });
    const plan = planForAccount(account, { ...RIGHT, client: undefined, roles: [], passed: [] });
    const lines = kcadmLines(plan, {
      server: 'https://k/auth',
      account,
      admin: { realm: 'master', name: 'o p' },
      files: { env: file('my env', 'create'), config: file('c.json', 'none') },
      keyPath: '.keycloak-env.key',
      judgedId: undefined,
      retentionSeconds: undefined,
      seen: true,
    });
    expect(lines[0]).toBe("kcadm.sh config credentials --server https://k/auth --realm master --user 'o p'");
    expect(lines[1]).toContain(`-r a%20b -s 'clientId=it'\\''s $(id)'`);
    expect(lines.at(-2)).toBe("touch 'my env' && chmod 600 'my env'");
  });

  it('leave files alone that are right, and name what to set in a config file that is there', () => {
    const account = desiredAccount(INPUT);
    const admin = { realm: 'master', name: 'admin' };
    const context = {
      server: 'https://k',
      account,
      admin,
      keyPath: '.keycloak-env.key',
      judgedId: 'id',
      seen: true,
    };
    const files = { env: file('e', 'none'), config: file('c', 'update') };
    const lines = kcadmLines([], { ...context, files, retentionSeconds: undefined });
    expect(lines.at(-1)).toBe('# In c set: "KC_SERVER":"https://k","KC_REALM":"mcp"');
    expect(lines.join('\n')).not.toContain('> e');
  });
});
