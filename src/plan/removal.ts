import { parseResource, trustedHost } from '../names/resource-url.ts';
import { type AccountSnapshot, accountOrigin, SEAL_ROLE } from '../realm/account.ts';
import { heldAs } from '../realm/lists.ts';
import { ATTRIBUTE } from '../realm/marks.ts';
import { resourceOf } from '../realm/mcp-scope.ts';
import { allowancesOf, beforeOf, type RealmRecord } from '../realm/record.ts';
import { allowedScopesOf, hostsOf, mapperTypesOf, webOriginsOf } from '../realm/registration-policies.ts';
import { type Client, type ClientScope, isKeycloakId, POLICY } from '../realm/representations.ts';
import { isOwnResourceClient } from '../realm/resource-client.ts';
import { anonymousPolicies, type RealmSnapshot } from '../realm/snapshot.ts';
import { ACCOUNT_CLIENT } from './account/desired.ts';
import { advertisedBack } from './advertised.ts';
import type { Desired } from './desired.ts';
import { planFor } from './kinds/index.ts';
import type { Change, RemovalKind } from './plan.ts';
import { isFromBefore, listBack, mappersBack, scopeBack } from './retired.ts';
import {
  allowedScopesBack,
  attributesBack,
  hostsBack,
  isMadeByMcpkc,
  mapperTypesBack,
  originsBack,
  type StillWanted,
} from './way-back.ts';

/** The facts that `init --remove` decides by. */
export interface RemovalFacts {
  snapshot: RealmSnapshot;
  record: RealmRecord;
  /** Every client of the realm. */
  clients: readonly Client[];
  /** Probes among them that killed runs left. */
  probes?: readonly Client[];
  /** Names of the realm roles that mcpkc makes and that are there, but for the record's. */
  roles: readonly string[];
  /** Realm roles that it made and that somebody has: they stay. */
  kept?: readonly string[];
  account: AccountSnapshot;
  accountId: string;
}

type Removal = Change<RemovalKind>;

const WHY = 'since mcpkc made it';
const WHY_BACK = 'as it was before mcpkc changed it';
/** Names of client policies, profiles and attributes that are mcpkc's begin so. */
const POLICY_PREFIX = 'mcpkc-';
const ATTRIBUTE_PREFIX = 'mcpkc.';

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
 * Everything that mcpkc made in a realm, as a plan. Trusted hosts come before the policies by which the realm was
 * hardened, policies before the scopes that they name, the record and the account last. So a run that was cut off is finished by the next one. Earlier states in the record are put back, where
 * the present one is still as mcpkc wrote it.
 */
export function removalOf(facts: RemovalFacts): Removal[] {
  return [
    ...trustedHosts(facts),
    ...clientPolicies(facts),
    ...mapperTypes(facts),
    ...registrationOrigins(facts),
    ...allowedScopes(facts),
    ...resourceClients(facts),
    ...clients(facts),
    ...scopes(facts),
    ...advertised(facts),
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

/** Nothing of registration is wanted any more. */
const NOTHING: StillWanted = { hosts: [], patterns: [], origins: [], nothing: true };

function mapperTypes({ snapshot, record: known }: RemovalFacts): Removal[] {
  return anonymousPolicies(snapshot, POLICY.allowedMappers).flatMap((policy): Removal[] => {
    const back = mapperTypesBack(policy, known, NOTHING);
    if (back === undefined) return [];
    const change = {
      kind: 'mapper-types',
      key: policy.name,
      before: { types: mapperTypesOf(policy) },
    } as const;
    if (back === null) return [{ ...change, action: 'delete', after: null, why: WHY }];
    return [{ ...change, action: 'update', after: { types: back }, why: WHY_BACK }];
  });
}

function registrationOrigins({ snapshot, record: known }: RemovalFacts): Removal[] {
  return anonymousPolicies(snapshot, POLICY.webOrigins).flatMap((policy): Removal[] => {
    const [now, back] = [webOriginsOf(policy), originsBack(policy, known, NOTHING)];
    if (back.length === now.length) return [];
    const change = { before: { origins: now }, after: { origins: back }, why: WHY_BACK };
    return [{ kind: 'registration-origins', action: 'update', key: policy.name, ...change }];
  });
}

function serverHosts(snapshot: RealmSnapshot): string[] {
  return ownScopes(snapshot).flatMap((scope) => {
    const read = parseResource(resourceOf(scope) ?? '');
    return 'value' in read ? [trustedHost(read.value)] : [];
  });
}

function trustedHosts({ snapshot, record: known }: RemovalFacts): Removal[] {
  return anonymousPolicies(snapshot, POLICY.trustedHosts).flatMap((policy): Removal[] => {
    const now = hostsOf(policy);
    const hasRecord = beforeOf(known, 'trusted-hosts', policy.name) !== undefined;
    // Without a record nobody knows who added the products' hosts: they stay.
    const servers = hasRecord ? [] : serverHosts(snapshot);
    const back = hasRecord
      ? hostsBack(policy, known, NOTHING)
      : { ...now, hosts: now.hosts.filter((host) => !servers.includes(host)) };
    if (JSON.stringify(back) === JSON.stringify(now)) return [];
    const change = { kind: 'trusted-hosts', key: policy.name, before: { ...now } } as const;
    if (back === null) return [{ ...change, action: 'delete', after: null, why: WHY }];
    const why = hasRecord ? WHY_BACK : 'since the MCP servers are gone';
    return [{ ...change, action: 'update', after: { ...back }, why }];
  });
}

function allowedScopes({ snapshot, record: known }: RemovalFacts): Removal[] {
  const own = ownScopes(snapshot).map(({ name }) => name);
  return anonymousPolicies(snapshot, POLICY.allowedScopes).flatMap((policy): Removal[] => {
    const now = allowedScopesOf(policy);
    const back = allowedScopesBack(policy, known, NOTHING, own);
    if (JSON.stringify(back) === JSON.stringify(now)) return [];
    const hasRecord = beforeOf(known, 'allowed-scopes', policy.name) !== undefined;
    const why = hasRecord ? WHY_BACK : 'since the scopes are gone';
    return [{ kind: 'allowed-scopes', action: 'update', key: policy.name, before: now, after: back, why }];
  });
}

/** Clients that mcpkc made are removed; others lose the attributes that mcpkc wrote on them. */
function clients({ clients: all, probes = [], record: known, accountId }: RemovalFacts): Removal[] {
  return all.flatMap((client): Removal[] => {
    const { id, clientId, attributes } = client;
    // The record's own client is removed with the record; nothing is written to an id that Keycloak didn't make.
    if (clientId === accountId || attributes['mcpkc.proof'] !== undefined || !isKeycloakId(id)) return [];
    if (probes.includes(client) || isMadeByMcpkc(client, known) || allowancesOf(known, client).length > 0) {
      const before = { id, redirectUris: client.redirectUris };
      return [{ kind: 'client', action: 'delete', key: clientId, before, after: null, why: WHY }];
    }
    const marks = Object.keys(attributes).filter((name) => name.startsWith(ATTRIBUTE_PREFIX));
    const back = {
      ...Object.fromEntries(marks.map((name) => [name, ''])),
      ...attributesBack(client, known),
    };
    const names = Object.keys(back);
    if (names.length === 0) return [];
    const before = Object.fromEntries(names.map((name) => [name, attributes[name] ?? '']));
    return [
      {
        kind: 'client',
        action: 'update',
        key: clientId,
        before: { attributes: before },
        after: { attributes: back },
        why: 'since mcpkc wrote it',
      },
    ];
  });
}

/** Clients that stand for MCP servers, as far as the record proves that mcpkc made them. */
function resourceClients({ clients: all, record: known }: RemovalFacts): Removal[] {
  return all
    .filter((client) => isOwnResourceClient(client, client.clientId, known))
    .map(({ id, clientId, redirectUris }) => {
      const before = { id, redirectUris };
      return { kind: 'resource-client', action: 'delete', key: clientId, before, after: null, why: WHY };
    });
}

/** Scopes that mcpkc made are removed; one that was there before is put back as it was: marks, mappers, list. */
function scopes({ snapshot, record: known }: RemovalFacts): Removal[] {
  return ownScopes(snapshot).flatMap(({ name }): Removal[] => {
    if (!isFromBefore(known, name)) {
      return [{ kind: 'client-scope', action: 'delete', key: name, before: { name }, after: null, why: WHY }];
    }
    const back: Desired = {
      clientScopes: [scopeBack(name, known)],
      audienceMappers: mappersBack(name, known),
      defaultScopes: [{ scope: name, list: listBack(name, known, snapshot), why: WHY_BACK }],
    };
    return planFor(back, snapshot) as Removal[];
  });
}

/** Scopes of others that mcpkc removed from the issuer’s metadata. */
function advertised({ snapshot, record: known }: RemovalFacts): Removal[] {
  const own = ownScopes(snapshot).map(({ name }) => name);
  const back = advertisedBack(snapshot, known).filter(({ name }) => !own.includes(name));
  return planFor({ clientScopes: back }, snapshot) as Removal[];
}

function record({ record: known, snapshot }: RemovalFacts): Removal[] {
  if (known.state === 'none') return [];
  const before = { entries: known.entries.length };
  const why = 'what mcpkc remembers of the realm; nothing needs it any more';
  return [{ kind: 'record', action: 'delete', key: snapshot.realm, before, after: null, why }];
}

/** The account is removed, unless it administers other realms too: then it loses this realm's roles. */
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
