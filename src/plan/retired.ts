import { McpkcError } from '../errors.ts';
import { parseResource, trustedHost } from '../names/resource-url.ts';
import { PRESETS } from '../products/index.ts';
import type { Preset } from '../products/preset.ts';
import { type RealmList, realmListOf } from '../realm/lists.ts';
import { ATTRIBUTE } from '../realm/marks.ts';
import { audienceScopeOf, heldOf, isAudienceScope, resourceOf } from '../realm/mcp-scope.ts';
import { formerPolicy, OWN_POLICY, patternsOf, scopesNamedBy } from '../realm/own-policies.ts';
import { allowancesOf, beforeOf, entriesOf, type RealmRecord, wroteOf } from '../realm/record.ts';
import type { HostsOfPolicy } from '../realm/registration-policies.ts';
import {
  type Client,
  type ClientPolicy,
  type ClientScope,
  POLICY,
  type RegistrationPolicy,
} from '../realm/representations.ts';
import { isOwnResourceClient } from '../realm/resource-client.ts';
import { anonymousPolicies, type RealmSnapshot, scopeNamed } from '../realm/snapshot.ts';
import { advertisedBack } from './advertised.ts';
import type { Desired, DesiredAllowed, DesiredClient, DesiredScope } from './desired.ts';
import {
  allowedScopesBack,
  attributesBack,
  hostsBack,
  isMadeByMcpkc,
  listStillWanted,
  originsBack,
  patternsGone,
  type StillWanted,
  undoHardening,
} from './way-back.ts';

/** The facts that a resource's retirement is made from. */
export interface Retirement {
  scope: string;
  resource: string;
  /** Every known product. */
  products: readonly Preset[];
  /** The realm's state before mcpkc, and mcpkc's own writes. */
  record: RealmRecord;
  /** Every client that is touched: holders of the scopes, and those that the record names. */
  clients: readonly Client[];
}

/**
 * A realm without the resource. Policies that name its scopes are removed before them, things that other resources or
 * products use stay, and clients lose the scopes with the scopes. With the last resource, everything that mcpkc changed
 * is put back where it is still as mcpkc wrote it. A scope that was there before mcpkc is put back, too. Throws
 * SCOPE_IN_POLICY where somebody else's client policy names a scope that is to be removed.
 */
export function withoutServer(retirement: Retirement, snapshot: RealmSnapshot): Desired {
  const { scope, resource, products, record, clients } = retirement;
  const audience = audienceScopeOf(snapshot, scope)?.name;
  // The audience first: a run that was cut off finds the rest by the scope that is left.
  const both = [...(audience === undefined ? [] : [audience]), scope];
  const going = both.filter((name) => !isFromBefore(record, name));
  requireNoForeignPolicy(going, snapshot);
  const isThere = scopeNamed(snapshot, scope) !== undefined;
  const others = snapshot.scopes.filter((one) => !both.includes(one.name) && isAudienceScope(one));
  const staying = others.flatMap((one) => urlOf(one) ?? []);
  const wanted = listStillWanted(record, products, [...new Set(staying)]);
  // Without the scope it isn't known whether anything was made for this server.
  const last = isThere && others.length === 0 && wanted.nothing;
  const back = { ...wanted, nothing: last };
  return {
    allowedClients: needless(resource, record, snapshot),
    clientScopes: [
      ...both.map((name) =>
        going.includes(name) ? { name, absent: true as const } : scopeBack(name, record),
      ),
      ...(last ? advertisedBack(snapshot, record).filter(({ name }) => !both.includes(name)) : []),
    ],
    audienceMappers: both
      .filter((name) => !going.includes(name))
      .flatMap((name) => mappersBack(name, record)),
    trustedHosts: { restore: isThere ? hostsWithout(resource, scope, back, record, snapshot) : {} },
    allowedScopes: {
      restore: byName(snapshot, POLICY.allowedScopes, (policy) =>
        allowedScopesBack(policy, record, back, going),
      ),
    },
    registrationOrigins: {
      restore: byName(snapshot, POLICY.webOrigins, (policy) => originsBack(policy, record, back)),
    },
    userless: { add: [], remove: both },
    formerPolicies: { scope },
    ...(last ? { ...undoHardening(snapshot, record, back) } : fewerPatterns(back, products, snapshot)),
    defaultScopes: both.map((one) => ({
      scope: one,
      list: going.includes(one) ? ('none' as const) : listBack(one, record, snapshot),
    })),
    resourceClients: clients
      .filter((client) => isOwnResourceClient(client, resource, record))
      .map(({ clientId, id }) => ({ clientId, absent: id, why: 'since mcpkc made it' })),
    clients: clients.flatMap((client): DesiredClient[] => clientBack(client, both, others, last, record)),
  };
}

/** Clients that mcpkc made for this resource and no other: nothing is left that they connect to. */
function needless(resource: string, record: RealmRecord, { clients }: RealmSnapshot): DesiredAllowed[] {
  return clients.flatMap((client): DesiredAllowed[] => {
    const all = allowancesOf(record, client);
    const [entry] = all;
    if (entry === undefined || all.some((one) => one.resource !== resource)) return [];
    const { id, clientId } = client;
    return [{ clientId, id, proof: entry.proof, absent: true, why: 'it was made for this resource alone' }];
  });
}

/** Whether a scope was in the realm before mcpkc first changed it. */
export function isFromBefore(record: RealmRecord, name: string): boolean {
  const before = beforeOf(record, 'client-scope', name);
  return before !== undefined && before.value !== null && !hasMarks(before.value);
}

/** Whether a scope was marked when the record first saw it: mcpkc 0.1.0, which kept no record, made it. */
function hasMarks(value: unknown): boolean {
  const { attributes = {} } = (value ?? {}) as { attributes?: Record<string, unknown> };
  return [ATTRIBUTE.mode, ATTRIBUTE.resource].some((mark) => typeof attributes[mark] === 'string');
}

function requireNoForeignPolicy(scopes: readonly string[], snapshot: RealmSnapshot): void {
  const isOwn = (policy: ClientPolicy) =>
    policy.name === OWN_POLICY.userless || scopes.some((scope) => formerPolicy(policy)?.scope === scope);
  const foreign = snapshot.clientPolicies.filter(
    (policy) => !isOwn(policy) && scopesNamedBy(policy).some((one) => scopes.includes(one)),
  );
  const named = foreign.flatMap(scopesNamedBy).find((one) => scopes.includes(one));
  if (named === undefined) return;
  const names = foreign.map(({ name }) => `'${name}'`).join(', ');
  const fix =
    'Take it out there (Realm settings, Client policies): once the scope is gone, no client policy of the realm could be edited.';
  throw new McpkcError(
    'SCOPE_IN_POLICY',
    `The client scope '${named}' is named by the client policy ${names}.`,
    fix,
  );
}

function byName<T>(
  snapshot: RealmSnapshot,
  provider: string,
  back: (policy: RegistrationPolicy) => T | undefined,
): Record<string, T> {
  return Object.fromEntries(
    anonymousPolicies(snapshot, provider).flatMap((policy): [string, T][] => {
      const value = back(policy);
      return value === undefined ? [] : [[policy.name, value]];
    }),
  );
}

/**
 * The hosts once the server is gone. One that mcpkc 0.1.0 provisioned has no record: its own host is removed, as it was
 * then.
 */
function hostsWithout(
  resource: string,
  scope: string,
  wanted: StillWanted,
  record: RealmRecord,
  snapshot: RealmSnapshot,
): Record<string, HostsOfPolicy | null> {
  const host = trustedHost(resource);
  const before = beforeOf(record, 'client-scope', scope);
  const isOld = before === undefined || hasMarks(before.value);
  const goes = (one: string) => isOld && one === host && !wanted.hosts.includes(host);
  const isProducts = (one: string) => PRESETS.some(({ trustedHosts }) => trustedHosts.includes(one));
  return byName(snapshot, POLICY.trustedHosts, (policy) => {
    const back = hostsBack(policy, record, wanted);
    return back && { ...back, hosts: back.hosts.filter((one) => !goes(one) || isProducts(one)) };
  });
}

/** mcpkc's policy without the redirect URIs of products that only this server wanted. */
function fewerPatterns(
  wanted: StillWanted,
  products: readonly Preset[],
  snapshot: RealmSnapshot,
): Pick<Desired, 'registrations'> {
  const profile = snapshot.clientProfiles.find(({ name }) => name === OWN_POLICY.registrations);
  const patterns = patternsOf(profile);
  const remove = patternsGone(patterns ?? [], wanted, products);
  if (patterns === undefined || remove.length === 0) return {};
  return { registrations: { redirects: 'patterns', add: [], remove, closed: [] } };
}

/** A scope from before without mcpkc's marks, other attributes as they were. */
export function scopeBack(name: string, record: RealmRecord): DesiredScope {
  const was = beforeOf(record, 'client-scope', name)?.value as { attributes?: Record<string, string | null> };
  const marks = Object.values(ATTRIBUTE).map((mark) => [mark, null]);
  return {
    name,
    attributes: { ...Object.fromEntries(marks), ...was.attributes },
    description: '',
  };
}

/** The mappers of a scope from before that mcpkc changed or made. */
export function mappersBack(scope: string, record: RealmRecord): NonNullable<Desired['audienceMappers']> {
  return entriesOf(record, 'before')
    .filter(({ what, of }) => what === 'audience-mapper' && of.startsWith(`${scope}/`))
    .map(({ of, value }) => {
      const was = value as { config?: Record<string, string> } | null;
      return { scope, mapper: of.slice(scope.length + 1), restore: was?.config ?? null };
    });
}

/** The realm's list in which a scope was, where it is still where mcpkc put it. */
export function listBack(scope: string, record: RealmRecord, snapshot: RealmSnapshot): RealmList {
  const now = realmListOf(snapshot, scope);
  const was = beforeOf(record, 'default-scope', scope)?.value as { list?: RealmList } | undefined;
  return was?.list !== undefined && wroteOf(record, 'default-scope', scope).list === now ? was.list : now;
}

/**
 * The changes of a client that are put back: with the last server, mcpkc's settings on it. A client that was made for
 * this server is removed.
 */
function clientBack(
  client: Client,
  going: readonly string[],
  others: readonly ClientScope[],
  last: boolean,
  record: RealmRecord,
): DesiredClient[] {
  const { clientId } = client;
  const holds = (names: readonly string[]) => heldOf(client, names) !== 'none';
  if (isMadeByMcpkc(client, record)) {
    const isOthers = holds(others.map(({ name }) => name));
    const why = 'since mcpkc made it';
    return isOthers || !(last || holds(going)) ? [] : [{ clientId, attributes: {}, absent: true, why }];
  }
  const attributes = last ? attributesBack(client, record) : {};
  const why = 'as it was before mcpkc changed it';
  return Object.keys(attributes).length === 0 ? [] : [{ clientId, attributes, why }];
}

function urlOf(scope: ClientScope): string | undefined {
  const read = parseResource(resourceOf(scope) ?? '');
  return 'value' in read ? read.value : undefined;
}
