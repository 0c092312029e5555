import { trustedHost } from '../names/resource-url.ts';
import { isSelfRegistered } from '../products/dynamic.ts';
import type { Preset } from '../products/preset.ts';
import { redirect, redirectExpression } from '../products/redirect.ts';
import { beforeOf, entriesOf, type RealmRecord, wroteOf } from '../realm/record.ts';
import {
  allowedScopesOf,
  type HostsOfPolicy,
  hostsOf,
  mapperTypesOf,
  PAIRWISE_MAPPER,
  webOriginsOf,
} from '../realm/registration-policies.ts';
import { type Client, isKeycloakId, POLICY, type RegistrationPolicy } from '../realm/representations.ts';
import { anonymousPolicies, type RealmSnapshot } from '../realm/snapshot.ts';
import type { Desired } from './desired.ts';
import { hostOfUri, REALM_WIDE } from './hardening.ts';
import { originsFor } from './provisioned.ts';

/** Registration wishes that remain once something is retired. */
export interface StillWanted {
  /** Hosts that a product, another MCP server, or an operator by name needs. */
  hosts: readonly string[];
  /** Patterns of redirect URIs likewise. */
  patterns: readonly string[];
  /** Origins of products that register from a web page. */
  origins: readonly string[];
  /** Nothing that stays needs registration: everything is put back. */
  nothing: boolean;
}

/** Wishes that remain without some of the MCP servers: those of the others, and of `trusted-hosts`. */
export function listStillWanted(
  record: RealmRecord,
  products: readonly Preset[],
  staying: readonly string[],
): StillWanted {
  const written = entriesOf(record, 'wanted').filter(
    ({ resource }) => resource === REALM_WIDE || staying.includes(resource),
  );
  const wishes = written.filter((wish) => wish.products.length > 0);
  const names = wishes.flatMap((wish) => wish.products);
  const named = (prefix: string) =>
    names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  const known = staying.every((resource) => written.some((wish) => wish.resource === resource));
  // Where a server's products were never written down, nobody knows which of them it needs.
  const presets = known ? products.filter(({ name }) => names.includes(name)) : products;
  const uris = named('uri:');
  return {
    hosts: [
      ...presets.flatMap(({ trustedHosts }) => trustedHosts),
      ...staying.map(trustedHost),
      ...named('host:'),
      ...uris.map(hostOfUri),
    ],
    patterns: [
      ...presets.flatMap(({ redirectUris }) => redirectUris.map(redirectExpression)),
      ...uris.map((uri) => redirectExpression(redirect(uri))),
    ],
    origins: originsFor(presets),
    nothing: staying.length === 0 && wishes.length === 0,
  };
}

/**
 * A Trusted Hosts policy without mcpkc's entries that nothing needs; null where mcpkc made it and nobody else uses it.
 */
export function hostsBack(
  policy: RegistrationPolicy,
  record: RealmRecord,
  wanted: StillWanted,
): HostsOfPolicy | null {
  const now = hostsOf(policy);
  const before = beforeOf(record, 'trusted-hosts', policy.name);
  if (before === undefined) return now;
  const wrote = wroteOf(record, 'trusted-hosts', policy.name) as Partial<HostsOfPolicy>;
  const was = (before.value ?? undefined) as Partial<HostsOfPolicy> | undefined;
  const keeps = (host: string) => was?.hosts?.includes(host) === true || wanted.hosts.includes(host);
  const hosts = now.hosts.filter((host) => wrote.hosts?.includes(host) !== true || keeps(host));
  if (!wanted.nothing) return { ...now, hosts };
  if (before.value === null) return hosts.length === 0 ? null : { ...now, hosts };
  const flag = (name: 'senderMatch' | 'clientUrisMatch') =>
    wrote[name] === now[name] ? (was?.[name] ?? now[name]) : now[name];
  return { hosts, senderMatch: flag('senderMatch'), clientUrisMatch: flag('clientUrisMatch') };
}

/** An 'Allowed Registration Web Origins' policy without mcpkc's entries that no product needs. */
export function originsBack(policy: RegistrationPolicy, record: RealmRecord, wanted: StillWanted): string[] {
  const wrote = wroteOf(record, 'registration-origins', policy.name) as { origins?: readonly string[] };
  const was = beforeOf(record, 'registration-origins', policy.name)?.value as
    | { origins?: readonly string[] }
    | undefined;
  const keeps = (origin: string) =>
    was?.origins?.includes(origin) === true || wanted.origins.includes(origin);
  return webOriginsOf(policy).filter((origin) => wrote.origins?.includes(origin) !== true || keeps(origin));
}

/**
 * An 'Allowed Client Scopes' policy without the removed scopes, and, where nothing is wanted, without mcpkc's entries.
 */
export function allowedScopesBack(
  policy: RegistrationPolicy,
  record: RealmRecord,
  wanted: StillWanted,
  gone: readonly string[],
): ReturnType<typeof allowedScopesOf> {
  const now = allowedScopesOf(policy);
  const wrote = wroteOf(record, 'allowed-scopes', policy.name) as Partial<typeof now>;
  const was = beforeOf(record, 'allowed-scopes', policy.name)?.value as Partial<typeof now> | undefined;
  const isOurs = (scope: string) =>
    wanted.nothing && wrote.scopes?.includes(scope) === true && was?.scopes?.includes(scope) !== true;
  const scopes = now.scopes.filter((scope) => !gone.includes(scope) && !isOurs(scope));
  const opened = wanted.nothing && wrote.defaults === true && was?.defaults === false;
  return { scopes, defaults: opened ? false : now.defaults };
}

/**
 * The mapper types that a policy allowed before mcpkc narrowed it; undefined where it stays as it is, null where mcpkc
 * made the policy. One that somebody changed since stays.
 */
export function mapperTypesBack(
  policy: RegistrationPolicy,
  record: RealmRecord,
  wanted: StillWanted,
): string[] | null | undefined {
  const before = beforeOf(record, 'mapper-types', policy.name);
  const now = mapperTypesOf(policy);
  if (!wanted.nothing || before === undefined || now.some((type) => type !== PAIRWISE_MAPPER))
    return undefined;
  if (before.value === null) return null;
  const { types } = before.value as { types?: unknown };
  const was = Array.isArray(types) ? types.map(String) : [];
  return was.every((type) => now.includes(type)) ? undefined : was;
}

/** The attributes of a client that are put back: those that are still as mcpkc set them; '' removes one. */
export function attributesBack(client: Client, record: RealmRecord): Record<string, string> {
  const { clientId, attributes } = client;
  const was = beforeOf(record, 'client', clientId)?.value as
    | { attributes?: Record<string, string | null> }
    | null
    | undefined;
  const wrote = (wroteOf(record, 'client', clientId).attributes ?? {}) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(wrote).flatMap(([name, value]): [string, string][] => {
      if (!was || attributes[name] !== value || was.attributes?.[name] === value) return [];
      return [[name, was.attributes?.[name] ?? '']];
    }),
  );
}

/** Whether mcpkc made a client: the record shows it, and nobody registered one of that name in its place. */
export function isMadeByMcpkc(client: Client, record: RealmRecord): boolean {
  const before = beforeOf(record, 'client', client.clientId);
  return before?.value === null && !isSelfRegistered(client) && isKeycloakId(client.id);
}

/** Patterns in mcpkc's policy of products that nothing wants any more. */
export function patternsGone(
  patterns: readonly string[],
  wanted: StillWanted,
  products: readonly Preset[],
): string[] {
  const ours = products.flatMap(({ redirectUris }) => redirectUris.map(redirectExpression));
  return patterns.filter((one) => ours.includes(one) && !wanted.patterns.includes(one));
}

/**
 * The way back from the hardening. The policy for registrations is removed. Mapper types that were allowed before mcpkc
 * are allowed again, where their policy is still as mcpkc wrote it.
 */
export function undoHardening(
  snapshot: RealmSnapshot,
  record: RealmRecord,
  wanted: StillWanted,
): Pick<Desired, 'registrations' | 'mapperTypes'> {
  const restore = anonymousPolicies(snapshot, POLICY.allowedMappers).flatMap(
    (policy): [string, string[] | null][] => {
      const types = mapperTypesBack(policy, record, wanted);
      return types === undefined ? [] : [[policy.name, types]];
    },
  );
  return {
    registrations: { absent: true },
    ...(restore.length === 0 ? {} : { mapperTypes: { restore: Object.fromEntries(restore) } }),
  };
}
