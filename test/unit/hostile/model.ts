import type { Change, Plan } from '../../../src/plan/plan.ts';
import { HOSTS_CONFIG, MAPPERS_CONFIG, SCOPES_CONFIG } from '../../../src/realm/registration-policies.ts';
import type { ClientPolicy, ClientProfile, RegistrationPolicy } from '../../../src/realm/representations.ts';
import type { RealmSnapshot } from '../../../src/realm/snapshot.ts';

type Of<T> = T & Record<string, unknown>;

/**
 * What a realm is after a change, as Keycloak 26.7.3 does it: a model in memory, so that thousands of realms and wishes
 * can be tried. That Keycloak itself does the same is what the tests against a server show.
 */
export function applied(realm: RealmSnapshot, plan: Plan): RealmSnapshot {
  const next = structuredClone(realm);
  for (const change of plan) apply(next, change);
  return next;
}

function apply(realm: RealmSnapshot, change: Change): void {
  const writers: Partial<Record<Change['kind'], (realm: RealmSnapshot, change: Change) => void>> = {
    'client-scope': scope,
    'audience-mapper': mapper,
    'trusted-hosts': hosts,
    'allowed-scopes': allowed,
    'mapper-types': mapperTypes,
    'client-policy': policy,
    'default-scope': list,
    client,
    'client-scope-assignment': assignment,
    'window-mark': mark,
  };
  const write = writers[change.kind];
  if (!write) throw new Error(`the model has no ${change.kind}`);
  write(realm, change);
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

function scope(realm: RealmSnapshot, { action, key, after }: Change): void {
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
    const { description, protocol } = after as { description: string; protocol: string };
    realm.scopes.push({ id: `id of ${key}`, name: key, protocol, description, attributes: {}, mappers: [] });
  }
  const one = found(
    realm.scopes.find(({ name }) => name === key),
    key,
  );
  merge(one.attributes, (after?.attributes ?? {}) as Record<string, unknown>);
}

function mapper(realm: RealmSnapshot, { action, key, before, after }: Change): void {
  const { scope: scopeName, config } = (after ?? before) as { scope: string; config: Record<string, string> };
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

function hosts(realm: RealmSnapshot, { action, key, after }: Change): void {
  const said = after as unknown as { hosts: string[]; senderMatch: boolean; clientUrisMatch: boolean };
  if (action === 'create') {
    const providerId = 'trusted-hosts';
    realm.registrationPolicies.push({ id: key, name: key, providerId, subType: 'anonymous', config: {} });
  }
  const { config } = anonymous(realm, key);
  config[HOSTS_CONFIG.hosts] = said.hosts;
  config[HOSTS_CONFIG.sender] = [String(said.senderMatch)];
  config[HOSTS_CONFIG.clientUris] = [String(said.clientUrisMatch)];
}

function allowed(realm: RealmSnapshot, { key, after }: Change): void {
  const { scopes, defaults } = after as { scopes: string[]; defaults: boolean };
  const { config } = anonymous(realm, key);
  config[SCOPES_CONFIG.scopes] = scopes;
  config[SCOPES_CONFIG.defaults] = [String(defaults)];
}

function mapperTypes(realm: RealmSnapshot, { action, key, after }: Change): void {
  if (action === 'create') {
    const providerId = 'allowed-protocol-mappers';
    realm.registrationPolicies.push({ id: key, name: key, providerId, subType: 'anonymous', config: {} });
  }
  anonymous(realm, key).config[MAPPERS_CONFIG.types] = (after as { types: string[] }).types;
}

function policy(realm: RealmSnapshot, { action, key, before, after }: Change): void {
  realm.clientPolicies = realm.clientPolicies.filter(({ name }) => name !== key);
  if (action === 'delete') {
    const { profile } = before as { profile: string | null };
    realm.clientProfiles = realm.clientProfiles.filter(({ name }) => name !== profile);
    return;
  }
  const made = after as unknown as Of<{ policy: ClientPolicy; profile: ClientProfile }>;
  realm.clientPolicies.push(made.policy);
  realm.clientProfiles = realm.clientProfiles.filter(({ name }) => name !== made.profile.name);
  realm.clientProfiles.push(made.profile);
}

function list(realm: RealmSnapshot, { key, after }: Change): void {
  realm.defaultScopes = realm.defaultScopes.filter((name) => name !== key);
  realm.optionalScopes = realm.optionalScopes.filter((name) => name !== key);
  if (after?.list === 'default') realm.defaultScopes.push(key);
  if (after?.list === 'optional') realm.optionalScopes.push(key);
}

function client(realm: RealmSnapshot, { action, key, after }: Change): void {
  if (action !== 'update') throw new Error('the model makes no clients');
  const one = found(
    realm.clients.find(({ clientId }) => clientId === key),
    key,
  );
  merge(one.attributes, (after?.attributes ?? {}) as Record<string, unknown>);
}

function assignment(realm: RealmSnapshot, { after }: Change): void {
  const { clientId, scope: name, list: wanted } = after as { clientId: string; scope: string; list: string };
  const one = found(
    realm.clients.find((each) => each.clientId === clientId),
    clientId,
  );
  one.defaultClientScopes = one.defaultClientScopes.filter((each) => each !== name);
  one.optionalClientScopes = one.optionalClientScopes.filter((each) => each !== name);
  if (wanted === 'default') one.defaultClientScopes.push(name);
}

function mark(realm: RealmSnapshot, { key, after }: Change): void {
  const one = found(
    realm.scopes.find(({ name }) => name === key),
    key,
  );
  merge(one.attributes, { 'mcpkc.window': after === null ? null : JSON.stringify(after) });
}
