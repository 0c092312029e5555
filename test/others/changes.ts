import type { RealmSnapshot, Representation } from '../support/keycloak/snapshot.ts';

/** mcpkc's own: the account and the record, which stay. */
const OWN = ['mcpkc', 'mcpkc-record', 'mcpkc-lock'];

const nameOf = ({ clientId, name }: Representation) => String(clientId ?? name);

/** A realm without what is mcpkc's own for good: its account, its record, its lock. */
export function withoutOwn(snapshot: RealmSnapshot): RealmSnapshot {
  const foreign = (all: Representation[]) => all.filter((one) => !OWN.includes(nameOf(one)));
  const keyed = <T>(all: Record<string, T>) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => !OWN.includes(name)));
  return {
    ...snapshot,
    clients: foreign(snapshot.clients),
    realmRoles: foreign(snapshot.realmRoles),
    clientRoles: keyed(snapshot.clientRoles),
    serviceAccountRoles: keyed(snapshot.serviceAccountRoles),
  };
}

const text = (value: unknown) => JSON.stringify(value);

function listed(what: string, before: readonly Representation[], after: readonly Representation[]): string[] {
  const names = new Set([...before, ...after].map(nameOf));
  return [...names]
    .filter((name) => {
      const of = (all: readonly Representation[]) => text(all.filter((one) => nameOf(one) === name));
      return of(before) !== of(after);
    })
    .map((name) => `${what} ${name}`);
}

function names(what: string, before: readonly string[], after: readonly string[]): string[] {
  const changed = [...before, ...after].filter((one) => before.includes(one) !== after.includes(one));
  return changed.map((name) => `${what} ${name}`);
}

/** Everything that differs between two looks at a realm, each thing by what it is and its name. */
export function changedThings(before: RealmSnapshot, after: RealmSnapshot): string[] {
  const [old, now] = [withoutOwn(before), withoutOwn(after)];
  const policies = ({ clientPolicies }: RealmSnapshot) => (clientPolicies.policies ?? []) as Representation[];
  const profiles = ({ clientProfiles }: RealmSnapshot) => (clientProfiles.profiles ?? []) as Representation[];
  // The realm's own representation has policies and profiles once more.
  const settings = ({ realm }: RealmSnapshot) => text({ ...realm, clientPolicies: 0, clientProfiles: 0 });
  const roles = (snapshot: RealmSnapshot) => text([snapshot.clientRoles, snapshot.serviceAccountRoles]);
  return [
    ...listed('client', old.clients, now.clients),
    ...listed('client-scope', old.clientScopes, now.clientScopes),
    ...listed('component', old.components, now.components),
    ...listed('client-policy', policies(old), policies(now)),
    ...listed('client-profile', profiles(old), profiles(now)),
    ...listed('realm-role', old.realmRoles, now.realmRoles),
    ...names('list', old.defaultScopes, now.defaultScopes),
    ...names('list', old.optionalScopes, now.optionalScopes),
    ...(settings(old) === settings(now) ? [] : ['realm settings']),
    ...(roles(old) === roles(now) ? [] : ['roles']),
    ...(text(old.eventsConfig) === text(now.eventsConfig) ? [] : ['events config']),
  ];
}

/** A change as a command's JSON names it. */
export interface NamedChange {
  kind: string;
  key: string;
  before: { profile?: unknown } | null;
  after: unknown;
}

/** What a plan named, in the words of `changedThings`. */
export function namedThings(changes: readonly NamedChange[]): string[] {
  return changes.flatMap(({ kind, key }): string[] => {
    switch (kind) {
      case 'client':
      case 'resource-client':
        return [`client ${key}`];
      case 'client-scope-assignment':
        return [`client ${key.slice(0, key.lastIndexOf(' '))}`];
      case 'client-scope':
      case 'window-mark':
        return [`client-scope ${key}`, `list ${key}`];
      case 'audience-mapper':
        return [`client-scope ${key.slice(0, key.indexOf('/'))}`];
      case 'default-scope':
        return [`list ${key}`];
      case 'client-policy':
        return [`client-policy ${key}`, `client-profile ${key}`];
      default:
        return [`component ${key}`];
    }
  });
}
