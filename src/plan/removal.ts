import { parseResource, trustedHost } from '../names/resource-url.ts';
import { PRESETS } from '../products/index.ts';
import type { Preset } from '../products/preset.ts';
import { type AccountSnapshot, accountOrigin, SEAL_ROLE } from '../realm/account.ts';
import { heldAs } from '../realm/lists.ts';
import { ATTRIBUTE } from '../realm/marks.ts';
import { resourceOf } from '../realm/mcp-scope.ts';
import { allowancesOf, beforeOf, entriesOf, type RealmRecord } from '../realm/record.ts';
import { allowedScopesOf, hostsOf, mapperTypesOf, PAIRWISE_MAPPER } from '../realm/registration-policies.ts';
import { type Client, type ClientScope, isKeycloakId, POLICY } from '../realm/representations.ts';
import { anonymousPolicies, type RealmSnapshot } from '../realm/snapshot.ts';
import { ACCOUNT_CLIENT } from './account/desired.ts';
import type { Change, RemovalKind } from './plan.ts';

/** All that `init --remove` decides by. */
export interface RemovalFacts {
  snapshot: RealmSnapshot;
  record: RealmRecord;
  /** Every client of the realm. */
  clients: readonly Client[];
  /** Names of the realm roles that mcpkc makes and that are there, but for the record's. */
  roles: readonly string[];
  /** Realm roles that it made and that somebody has: they stay. */
  kept?: readonly string[];
  account: AccountSnapshot;
  accountId: string;
  /** Every product that can be told. */
  products?: readonly Preset[];
}

type Removal = Change<RemovalKind>;

const WHY = 'since mcpkc made it';
const WHY_BACK = 'as it was before mcpkc changed it';
/** Names of client policies, profiles and attributes that are mcpkc's begin so. */
const POLICY_PREFIX = 'mcpkc-';
const ATTRIBUTE_PREFIX = 'mcpkc.';
/** The attribute by which Keycloak demands PKCE of one client, and what mcpkc sets it to. */
const PKCE = { name: 'pkce.code.challenge.method', value: 'S256' } as const;

/** The scopes of MCP servers that mcpkc marked. */
export function ownScopes({ scopes }: RealmSnapshot): ClientScope[] {
  const marks = [ATTRIBUTE.mode, ATTRIBUTE.resource, ATTRIBUTE.audienceOf];
  return scopes.filter(({ attributes }) => marks.some((mark) => attributes[mark] !== undefined));
}

/** The clients that hold one of these scopes. */
export function holdersOf(clients: readonly Client[], scopes: readonly ClientScope[]): Client[] {
  return clients.filter((client) => scopes.some(({ name }) => heldAs(client, name) !== 'none'));
}

/**
 * Everything that mcpkc made in a realm, as a plan: policies before the scopes that they name, the record and the account
 * last, so that a run that was cut off is finished by the next one. What the record knows of before is put back, where
 * it is still as mcpkc wrote it.
 */
export function removalOf(facts: RemovalFacts): Removal[] {
  return [
    ...clientPolicies(facts),
    ...mapperTypes(facts),
    ...trustedHosts(facts),
    ...allowedScopes(facts),
    ...clients(facts),
    ...ownScopes(facts.snapshot).map(({ name }): Removal => {
      return { kind: 'client-scope', action: 'delete', key: name, before: { name }, after: null, why: WHY };
    }),
    ...facts.roles.map((name): Removal => {
      return { kind: 'realm-role', action: 'delete', key: name, before: { name }, after: null, why: WHY };
    }),
    ...record(facts),
    ...account(facts),
  ];
}

function clientPolicies({ snapshot }: RemovalFacts): Removal[] {
  const isOwn = (name: string) => name.startsWith(POLICY_PREFIX);
  const policies = snapshot.clientPolicies.filter(
    ({ name, profiles }) => isOwn(name) && (profiles ?? []).every(isOwn),
  );
  const named = policies.flatMap(({ profiles }) => profiles ?? []);
  const others = snapshot.clientPolicies
    .filter((policy) => !policies.includes(policy))
    .flatMap(({ profiles }) => profiles ?? []);
  const remove = (key: string, profile: string | undefined): Removal => {
    const before = profile === undefined ? {} : { profile };
    return { kind: 'client-policy', action: 'delete', key, before, after: null, why: WHY };
  };
  return [
    ...policies.map(({ name, profiles }) =>
      remove(
        name,
        profiles?.find((one) => !others.includes(one)),
      ),
    ),
    // Profiles that a run left behind which was cut off.
    ...snapshot.clientProfiles
      .filter(({ name }) => isOwn(name) && !named.includes(name) && !others.includes(name))
      .map(({ name }) => remove(name, name)),
  ];
}

function mapperTypes({ snapshot, record: known }: RemovalFacts): Removal[] {
  return anonymousPolicies(snapshot, POLICY.allowedMappers).flatMap((policy): Removal[] => {
    const { name } = policy;
    const types = mapperTypesOf(policy);
    const value = beforeOf(known, 'mapper-types', name)?.value as { types?: unknown } | null | undefined;
    const before = Array.isArray(value?.types) ? value.types.map(String) : [];
    const isOurs = types.length === 1 && types[0] === PAIRWISE_MAPPER;
    if (!isOurs || before.every((type) => types.includes(type))) return [];
    const change = { before: { types }, after: { types: before }, why: WHY_BACK };
    return [{ kind: 'mapper-types', action: 'update', key: name, ...change }];
  });
}

/** Hosts that mcpkc may have added: products', MCP servers', and those that were asked for by name. */
function knownHosts({ snapshot, record: known, products = PRESETS }: RemovalFacts): string[] {
  const asked = entriesOf(known, 'wanted').flatMap((entry) => entry.products);
  const named = asked.flatMap((one) => (one.startsWith('host:') ? [one.slice('host:'.length)] : []));
  return [...products.flatMap((product) => product.trustedHosts), ...serverHosts(snapshot), ...named];
}

function serverHosts(snapshot: RealmSnapshot): string[] {
  return ownScopes(snapshot).flatMap((scope) => {
    const read = parseResource(resourceOf(scope) ?? '');
    return 'value' in read ? [trustedHost(read.value)] : [];
  });
}

function trustedHosts(facts: RemovalFacts): Removal[] {
  const { snapshot, record: known } = facts;
  return anonymousPolicies(snapshot, POLICY.trustedHosts).flatMap((policy): Removal[] => {
    const now = hostsOf(policy);
    const entry = beforeOf(known, 'trusted-hosts', policy.name);
    const was = (entry?.value ?? undefined) as Partial<typeof now> | undefined;
    const before = Array.isArray(was?.hosts) ? was.hosts.map(String) : [];
    // Without a record nobody knows who added the products' hosts: they stay.
    const gone = (entry ? knownHosts(facts) : serverHosts(snapshot)).filter((host) => !before.includes(host));
    const ours = now.senderMatch === false && now.clientUrisMatch === true;
    const after = {
      hosts: now.hosts.filter((host) => !gone.includes(host)),
      senderMatch: ours ? (was?.senderMatch ?? now.senderMatch) : now.senderMatch,
      clientUrisMatch: ours ? (was?.clientUrisMatch ?? now.clientUrisMatch) : now.clientUrisMatch,
    };
    if (JSON.stringify(after) === JSON.stringify(now)) return [];
    const why = entry ? WHY_BACK : 'since the MCP servers are gone';
    return [{ kind: 'trusted-hosts', action: 'update', key: policy.name, before: { ...now }, after, why }];
  });
}

function allowedScopes({ snapshot, record: known }: RemovalFacts): Removal[] {
  const own = ownScopes(snapshot).map(({ name }) => name);
  return anonymousPolicies(snapshot, POLICY.allowedScopes).flatMap((policy): Removal[] => {
    const now = allowedScopesOf(policy);
    const entry = beforeOf(known, 'allowed-scopes', policy.name);
    const was = (entry?.value ?? undefined) as Partial<typeof now> | undefined;
    const before = Array.isArray(was?.scopes) ? was.scopes.map(String) : [];
    const gone = entry === undefined || before.includes('openid') ? own : [...own, 'openid'];
    const after = {
      scopes: now.scopes.filter((scope) => !gone.includes(scope)),
      defaults: now.defaults && was?.defaults === false ? false : now.defaults,
    };
    if (JSON.stringify(after) === JSON.stringify(now)) return [];
    const why = entry ? WHY_BACK : 'since the scopes are gone';
    return [{ kind: 'allowed-scopes', action: 'update', key: policy.name, before: now, after, why }];
  });
}

/** Clients that mcpkc made go; others lose what mcpkc wrote on them. */
function clients({ clients: all, record: known, accountId }: RemovalFacts): Removal[] {
  return all.flatMap((client): Removal[] => {
    const { id, clientId, attributes } = client;
    // The record's own client goes with the record; nothing is written to an id that Keycloak didn't make.
    if (clientId === accountId || attributes['mcpkc.proof'] !== undefined || !isKeycloakId(id)) return [];
    const entry = beforeOf(known, 'client', clientId);
    if (entry?.value === null || allowancesOf(known, client).length > 0) {
      const before = { id, redirectUris: client.redirectUris };
      return [{ kind: 'client', action: 'delete', key: clientId, before, after: null, why: WHY }];
    }
    const was = (entry?.value as { attributes?: Record<string, unknown> } | undefined)?.attributes;
    const names = Object.keys(attributes).filter((name) => name.startsWith(ATTRIBUTE_PREFIX));
    const isPkceOurs = attributes[PKCE.name] === PKCE.value && was !== undefined && was[PKCE.name] === null;
    const gone = isPkceOurs ? [...names, PKCE.name] : names;
    if (gone.length === 0) return [];
    const pick = (value: (name: string) => string) =>
      Object.fromEntries(gone.map((name) => [name, value(name)]));
    return [
      {
        kind: 'client',
        action: 'update',
        key: clientId,
        before: { attributes: pick((name) => attributes[name] ?? '') },
        after: { attributes: pick(() => '') },
        why: 'since mcpkc wrote it',
      },
    ];
  });
}

function record({ record: known, snapshot }: RemovalFacts): Removal[] {
  if (known.state === 'none') return [];
  const before = { entries: known.entries.length };
  const why = 'what mcpkc remembers of the realm; nothing needs it any more';
  return [{ kind: 'record', action: 'delete', key: snapshot.realm, before, after: null, why }];
}

/** The account goes, unless it administers other realms too: then it loses this realm's roles. */
function account({ account: snapshot, accountId }: RemovalFacts): Removal[] {
  const { client, roles, roleClient } = snapshot;
  if (!client || accountOrigin(snapshot, ACCOUNT_CLIENT).kind === 'unproven') return [];
  const isOther = ({ of, name }: (typeof roles)[number]) =>
    of === null
      ? name === 'admin' && snapshot.realm === 'master'
      : of !== roleClient && of.endsWith('-realm');
  if (!roles.some(isOther)) {
    const before = { id: client.id };
    return [{ kind: 'service-account', action: 'delete', key: accountId, before, after: null, why: WHY }];
  }
  return roles
    .filter(({ of, name }) => of === roleClient && name !== SEAL_ROLE)
    .map(({ of, name }): Removal => {
      const before = { of, name, granted: true, passed: snapshot.passed.includes(name) };
      const why = 'since the realm has no mcpkc any more; the account administers others too';
      return { kind: 'account-role', action: 'detach', key: name, before, after: null, why };
    });
}
