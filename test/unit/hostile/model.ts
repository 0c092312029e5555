import type { Change, RealmChange, RealmKind, RealmPlan } from '../../../src/plan/plan.ts';
import {
  HOSTS_CONFIG,
  MAPPERS_CONFIG,
  ORIGINS_CONFIG,
  SCOPES_CONFIG,
} from '../../../src/realm/registration-policies.ts';
import type { ClientPolicy, ClientProfile, RegistrationPolicy } from '../../../src/realm/representations.ts';
import type { RealmSnapshot } from '../../../src/realm/snapshot.ts';

type Of<T> = T & Record<string, unknown>;

/**
 * What a realm is after a change, as Keycloak 26.7.3 does it: a model in memory, so that thousands of realms and wishes
 * can be tried. That Keycloak itself does the same is what the tests against a server show.
 */
export function applied(realm: RealmSnapshot, plan: RealmPlan): RealmSnapshot {
  const next = structuredClone(realm);
  for (const change of plan) apply(next, change);
  return next;
}

/** Total: a kind that the model doesn't know fails the type check. */
const MODEL: { readonly [Kind in RealmKind]: (realm: RealmSnapshot, change: Change<Kind>) => void } = {
  'realm-role': role,
  'client-scope': scope,
  'scope-access': access,
  'role-holder': holder,
  'audience-mapper': mapper,
  'trusted-hosts': hosts,
  'allowed-scopes': allowed,
  'registration-origins': origins,
  'mapper-types': mapperTypes,
  'client-policy': policy,
  'default-scope': list,
  'resource-client': () => {},
  client,
  'allowed-client': made,
  'client-scope-assignment': assignment,
  'window-mark': mark,
};

function apply(realm: RealmSnapshot, change: RealmChange): void {
  (MODEL[change.kind] as (realm: RealmSnapshot, change: RealmChange) => void)(realm, change);
}

function found<T>(one: T | undefined, what: string): T {
  if (one === undefined) throw new Error(`the plan changes what isn't there: ${what}`);
  return one;
}

function merge(into: Record<string, string>, from: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(from)) {
    if (value === null || value === '') delete into[name];
    else into[name] = String(value);
  }
}

function role(realm: RealmSnapshot, { action, key }: Change<'realm-role'>): void {
  const others = (realm.roles ?? []).filter(({ name }) => name !== key);
  const made = { client: null, name: key, id: key, composite: false };
  realm.roles = action === 'delete' ? others : [...others, made];
  // Keycloak takes a role that is deleted off every scope.
  if (action !== 'delete') return;
  for (const one of realm.access ?? []) one.roles = one.roles.filter(({ name }) => name !== key);
}

function access(realm: RealmSnapshot, { key, after }: Change<'scope-access'>): void {
  const others = (realm.access ?? []).filter((one) => one.scope !== key);
  const roles = (after?.roles ?? []).map((one) => ({ ...one, id: one.name, composite: false }));
  realm.access = [...others, { scope: key, roles }];
}

function holder(realm: RealmSnapshot, { after }: Change<'role-holder'>): void {
  if (after !== null) realm.roleHolders = [...(realm.roleHolders ?? []), after];
}

function scope(realm: RealmSnapshot, { action, key, after }: Change<'client-scope'>): void {
  if (action === 'delete') {
    realm.scopes = realm.scopes.filter(({ name }) => name !== key);
    realm.defaultScopes = realm.defaultScopes.filter((name) => name !== key);
    realm.optionalScopes = realm.optionalScopes.filter((name) => name !== key);
    for (const one of realm.clients) {
      one.defaultClientScopes = one.defaultClientScopes.filter((name) => name !== key);
      one.optionalClientScopes = one.optionalClientScopes.filter((name) => name !== key);
    }
    return;
  }
  if (action === 'create') {
    const { description = '', protocol = '' } = after ?? {};
    realm.scopes.push({ id: `id of ${key}`, name: key, protocol, description, attributes: {}, mappers: [] });
  }
  const one = found(
    realm.scopes.find(({ name }) => name === key),
    key,
  );
  merge(one.attributes, after?.attributes ?? {});
}

function mapper(realm: RealmSnapshot, { action, key, before, after }: Change<'audience-mapper'>): void {
  const { scope: scopeName, config } = found(after ?? before ?? undefined, key);
  const name = key.slice(scopeName.length + 1);
  const { mappers } = found(
    realm.scopes.find((one) => one.name === scopeName),
    scopeName,
  );
  if (action === 'delete') {
    mappers.splice(0, mappers.length, ...mappers.filter((one) => one.name !== name));
    return;
  }
  const old = mappers.find((one) => one.name === name);
  const made = old ?? { id: name, name, protocol: 'openid-connect', protocolMapper: '', config: {} };
  if (!old) mappers.push(made);
  made.protocolMapper = 'oidc-audience-mapper';
  merge(made.config, config);
}

function anonymous(realm: RealmSnapshot, name: string): RegistrationPolicy {
  const one = realm.registrationPolicies.find((each) => each.name === name && each.subType === 'anonymous');
  return found(one, name);
}

function hosts(realm: RealmSnapshot, { action, key, after }: Change<'trusted-hosts'>): void {
  const said = found(after ?? undefined, key);
  if (action === 'create') {
    const providerId = 'trusted-hosts';
    realm.registrationPolicies.push({ id: key, name: key, providerId, subType: 'anonymous', config: {} });
  }
  const { config } = anonymous(realm, key);
  config[HOSTS_CONFIG.hosts] = said.hosts;
  config[HOSTS_CONFIG.sender] = [String(said.senderMatch)];
  config[HOSTS_CONFIG.clientUris] = [String(said.clientUrisMatch)];
}

function allowed(realm: RealmSnapshot, { key, after }: Change<'allowed-scopes'>): void {
  const { scopes, defaults } = found(after ?? undefined, key);
  const { config } = anonymous(realm, key);
  config[SCOPES_CONFIG.scopes] = scopes;
  config[SCOPES_CONFIG.defaults] = [String(defaults)];
}

function origins(realm: RealmSnapshot, { key, after }: Change<'registration-origins'>): void {
  anonymous(realm, key).config[ORIGINS_CONFIG.origins] = [...(after?.origins ?? [])];
}

function mapperTypes(realm: RealmSnapshot, { action, key, after }: Change<'mapper-types'>): void {
  if (action === 'create') {
    const providerId = 'allowed-protocol-mappers';
    realm.registrationPolicies.push({ id: key, name: key, providerId, subType: 'anonymous', config: {} });
  }
  anonymous(realm, key).config[MAPPERS_CONFIG.types] = [...(after?.types ?? [])];
}

function policy(realm: RealmSnapshot, { action, key, before, after }: Change<'client-policy'>): void {
  realm.clientPolicies = realm.clientPolicies.filter(({ name }) => name !== key);
  if (action === 'delete') {
    const profile = before?.profile;
    realm.clientProfiles = realm.clientProfiles.filter(({ name }) => name !== profile);
    return;
  }
  const made = after as unknown as Of<{ policy: ClientPolicy; profile: ClientProfile }>;
  realm.clientPolicies.push(made.policy);
  realm.clientProfiles = realm.clientProfiles.filter(({ name }) => name !== made.profile.name);
  realm.clientProfiles.push(made.profile);
}

function list(realm: RealmSnapshot, { key, after }: Change<'default-scope'>): void {
  realm.defaultScopes = realm.defaultScopes.filter((name) => name !== key);
  realm.optionalScopes = realm.optionalScopes.filter((name) => name !== key);
  if (after?.list === 'default') realm.defaultScopes.push(key);
  if (after?.list === 'optional') realm.optionalScopes.push(key);
}

function made(realm: RealmSnapshot, { action, key, after }: Change<'allowed-client'>): void {
  const there = realm.clients.find(({ clientId }) => clientId === key);
  if (action === 'update') {
    Object.assign(found(there, key), after);
    return;
  }
  realm.clients = realm.clients.filter((one) => one !== there);
  const lists = { redirectUris: [], attributes: {}, defaultClientScopes: [], optionalClientScopes: [] };
  if (action === 'create' && after) realm.clients.push({ ...lists, clientId: key, ...after });
}

function client(realm: RealmSnapshot, { action, key, after }: Change<'client'>): void {
  if (action !== 'update') throw new Error('the model makes no clients');
  const one = found(
    realm.clients.find(({ clientId }) => clientId === key),
    key,
  );
  merge(one.attributes, after?.attributes ?? {});
}

function assignment(realm: RealmSnapshot, { after }: Change<'client-scope-assignment'>): void {
  const { clientId, scope: name, list: wanted } = found(after ?? undefined, 'an assignment');
  const one = found(
    realm.clients.find((each) => each.clientId === clientId),
    clientId,
  );
  one.defaultClientScopes = one.defaultClientScopes.filter((each) => each !== name);
  one.optionalClientScopes = one.optionalClientScopes.filter((each) => each !== name);
  if (wanted === 'default') one.defaultClientScopes.push(name);
}

function mark(realm: RealmSnapshot, { key, after }: Change<'window-mark'>): void {
  const one = found(
    realm.scopes.find(({ name }) => name === key),
    key,
  );
  merge(one.attributes, { 'mcpkc.window': after === null ? null : JSON.stringify(after) });
}
