import { type AccountSnapshot, accountOrigin, type HeldRole, SEAL_ROLE } from '../../realm/account.ts';
import type { Change } from '../plan.ts';
import { ACCOUNT_CLIENT, type AccountKindRules, type DesiredAccount } from './desired.ts';

/** The purpose of each role, as the plan shows it. */
const WHY: Readonly<Record<string, string>> = {
  'manage-clients': 'to read and write client scopes and clients',
  'manage-realm': 'to read and write registration policies and client policies',
  'view-clients': 'to read client scopes and clients',
  'view-realm': 'to read registration policies and client policies',
  'view-events': 'to see registrations, refused ones too, and who still signs in',
  'manage-users':
    'to end people’s connections (connections --revoke) and grant roles (access --user); with it the account can also set anybody’s password',
  'view-users': 'to prove audiences by example tokens and to read consents',
};

/** A role as an operator calls it; its client is named where it isn't the administrative one. */
export function roleName({ of, name }: HeldRole, roleClient: string): string {
  if (of === roleClient) return name;
  return of === null ? `${name} (realm role)` : `${name} (of ${of})`;
}

/** Roles that the account holds and doesn't need; those that Keycloak grants to every user don't count. */
export function excessRoles(
  { roles, roleClient, clientId }: DesiredAccount,
  snapshot: AccountSnapshot,
): HeldRole[] {
  const everybodys = `default-roles-${snapshot.realm.toLowerCase()}`;
  return snapshot.roles.filter(({ of, name }) => {
    if (of === null) return name !== everybodys;
    if (of === clientId && name === SEAL_ROLE) return false;
    return of !== roleClient || !roles.some((role) => role === name);
  });
}

function missing(desired: DesiredAccount, snapshot: AccountSnapshot): Change<'account-role'>[] {
  const { roleClient } = desired;
  const passesAll = snapshot.client?.fullScopeAllowed === true && !desired.exact;
  return desired.roles.flatMap((name): Change<'account-role'>[] => {
    const granted = snapshot.roles.some((role) => role.of === roleClient && role.name === name);
    const passed = passesAll || snapshot.passed.includes(name);
    if (granted && passed) return [];
    const before = granted || (passed && !passesAll) ? { of: roleClient, name, granted, passed } : null;
    const after = { of: roleClient, name, granted: true, passed: true };
    return [{ kind: 'account-role', action: 'attach', key: name, before, after, why: WHY[name] ?? '' }];
  });
}

function spare(desired: DesiredAccount, snapshot: AccountSnapshot): Change<'account-role'>[] {
  const { roleClient } = desired;
  const held = excessRoles(desired, snapshot);
  const passedOnly = snapshot.passed
    .filter((name) => !desired.roles.some((role) => role === name))
    .filter((name) => !held.some((role) => role.of === roleClient && role.name === name))
    .map((name) => ({ of: roleClient, name }));
  return [...held, ...passedOnly].map((role) => {
    const granted = held.includes(role as HeldRole);
    const passed = role.of === roleClient && snapshot.passed.includes(role.name);
    const before = { ...role, granted, passed };
    const why = 'since mcpkc doesn’t need it (--exact)';
    const key = roleName(role, roleClient);
    return { kind: 'account-role' as const, action: 'detach' as const, key, before, after: null, why };
  });
}

/** The roles of the account: granted to its user and passed on by its client. Others stay, except with `--exact`. */
export const accountRole: AccountKindRules<'account-role'> = {
  diff: (desired, snapshot) => {
    const kept = accountOrigin(snapshot, ACCOUNT_CLIENT).kind === 'administrator';
    // A client that is made anew loses the roles of the one that it replaces.
    const now = kept ? snapshot : { ...snapshot, client: undefined, roles: [], passed: [] };
    return [...missing(desired, now), ...(desired.exact ? spare(desired, now) : [])];
  },
};
