import type { Context } from '../cli/command.ts';
import type { Io } from '../cli/io.ts';
import type { Keycloak } from '../keycloak/connection/connect.ts';
import { readAllClients } from '../keycloak/read/clients.ts';
import { readMeans } from '../keycloak/read/features.ts';
import { readRecord } from '../keycloak/read/record.ts';
import type { Rehearsed } from '../keycloak/write/rehearse.ts';
import { trustedHost } from '../names/resource-url.ts';
import { isSelfRegistered, presetOf } from '../products/dynamic.ts';
import { PRESETS } from '../products/index.ts';
import type { Preset } from '../products/preset.ts';
import { runMark } from '../products/probe-mark.ts';
import { exampleRedirect, redirect, redirectExpression } from '../products/redirect.ts';
import { audiencesOf } from '../realm/audiences.ts';
import { heldAs } from '../realm/lists.ts';
import { isAudienceScope, resourceOf } from '../realm/mcp-scope.ts';
import {
  formerPolicy,
  type Means,
  OWN_POLICY,
  PKCE_ATTRIBUTE,
  PKCE_METHOD,
  patternsOf,
  scopesNamedBy,
} from '../realm/own-policies.ts';
import { type Entry, entriesOf, type RealmRecord } from '../realm/record.ts';
import { hostExpression, hostOfExpression, isLetThrough } from '../realm/redirect-patterns.ts';
import { PAIRWISE_MAPPER } from '../realm/registration-policies.ts';
import { type Client, isKeycloakId } from '../realm/representations.ts';
import type { RealmSnapshot } from '../realm/snapshot.ts';
import { count, visible } from '../text.ts';
import type { Desired, DesiredClient } from './desired.ts';
import { planFor } from './kinds/index.ts';

/** An opening of the realm, and the products that it is for; the hardening follows from it. */
export interface Opening {
  /** The MCP server; undefined where hosts are trusted for none in particular. */
  resource: string | undefined;
  /** The scopes with which a token names it. */
  scopes: readonly string[];
  /** The products that may register. */
  presets: readonly Preset[];
  /** Further MCP servers that are opened at the same time, each with its products; their scopes are among `scopes`. */
  also?: readonly { resource: string; presets: readonly Preset[] }[];
  /** Hosts where anything may be registered, and single redirect URIs, as `trusted-hosts --add` names them. */
  hosts?: readonly string[];
  uris?: readonly string[];
  /** Hosts that are trusted no more. */
  removed?: readonly string[];
  /** Every known product: mcpkc's and the configuration's own. */
  known?: readonly Preset[];
  /** Clients that will hold a scope once the plan is done, by client id. */
  holders?: readonly string[];
}

/** A part of the hardening that somebody else's clients would feel, and that nobody agreed to. */
export interface LeftOut {
  piece: 'pkce' | 'userless' | 'redirects' | 'server';
  /** The part that is left out, why, and the clients concerned, as a sentence. */
  message: string;
}

/** A realm's hardening: the changes, and the parts that are left out. */
export interface Hardening {
  desired: Pick<
    Desired,
    'mapperTypes' | 'registrations' | 'userless' | 'formerPolicies' | 'rehearsal' | 'remember'
  >;
  /** Clients that are held to PKCE by a setting of their own. */
  clients: DesiredClient[];
  /** Whether the MCP server's own host is trusted: only where patterns keep anything from registering there. */
  trustsServer: boolean;
  leftOut: LeftOut[];
}

/** `--no-harden`: nothing of it. The MCP server's own host is then open to anybody who registers, so it isn't trusted. */
export const NOT_HARDENED: Hardening = { desired: {}, clients: [], trustsServer: false, leftOut: [] };

/** The means for a look at the realm's clients, and the consent to what it leads to. */
export interface Hardener {
  io: Pick<Io, 'hostname' | 'pid' | 'now' | 'user' | 'isAlive'>;
  keycloak: Keycloak;
  snapshot: RealmSnapshot;
  /** `--yes`: other people's clients may feel it. */
  consent: boolean;
  /** Off with `--dry-run`: nothing is asked by a write, even one that the server refuses. */
  ask: boolean;
  command: string;
  /** The realm's record, where it was read already. */
  record?: RealmRecord;
  onClients?(read: number): void;
}

/** The record's name for registration wishes about no MCP server in particular (`trusted-hosts`). */
export const REALM_WIDE = '';
const HOST = 'host:';
const URI = 'uri:';

/** A command's wish about its hardening. */
export interface HardeningWish {
  keycloak: Keycloak;
  snapshot: RealmSnapshot;
  command: string;
  /** Off with `--no-harden`. */
  wanted: boolean;
  /** Whether `--yes` was named. */
  consent: boolean;
  dryRun: boolean;
  /** The realm's record, where it was read already. */
  record?: RealmRecord;
}

/** `harden` for a command: shows its progress, and tells what is left out. */
export async function hardenFor(
  { io, voice }: Pick<Context, 'io' | 'voice'>,
  opening: Opening,
  { keycloak, snapshot, command, wanted, consent, dryRun, record }: HardeningWish,
): Promise<Hardening> {
  const onClients = (read: number) => voice.progress(`${count(read, 'client')} read`);
  const hardener: Hardener = {
    ...{ io, keycloak, snapshot, consent, ask: !dryRun, command, onClients },
    ...(record && { record }),
  };
  const hardening = await hardenAsWanted(hardener, opening, wanted).finally(() => voice.progress(undefined));
  for (const { message } of hardening.leftOut) voice.warn(message);
  return hardening;
}

/**
 * `harden`, or as much of it as must be where it isn't wanted. Where the policy is there already, later products are
 * refused unless it knows their redirect URIs. Where it isn't, the server is asked nothing.
 */
export async function hardenAsWanted(
  hardener: Hardener,
  opening: Opening,
  wanted: boolean,
): Promise<Hardening> {
  if (wanted) return harden(hardener, opening);
  const { keycloak, snapshot } = hardener;
  if (!snapshot.clientPolicies.some(({ name }) => name === OWN_POLICY.registrations)) {
    const record = hardener.record ?? (await readRecord(keycloak));
    return { ...NOT_HARDENED, desired: { remember: wishesOf(keycloak, record, opening) } };
  }
  const hardening = await harden(hardener, opening);
  const { registrations, remember, rehearsal } = hardening.desired;
  return {
    ...hardening,
    desired: {
      ...(registrations ? { registrations } : {}),
      ...(remember ? { remember } : {}),
      ...(rehearsal ? { rehearsal } : {}),
    },
    clients: [],
    leftOut: [],
  };
}

/**
 * Decides how the realm is hardened for an opening: asks the server about its features, and reads earlier wishes. Where
 * a policy is new to the realm, it looks at every client once, to leave alone the parts that would hurt other people's.
 */
export async function harden(wish: Hardener, opening: Opening): Promise<Hardening> {
  const { keycloak, snapshot } = wish;
  // Nothing is written to the realm that holds every other one before somebody agreed.
  const hardener = { ...wish, ask: wish.ask && (keycloak.realm !== 'master' || wish.consent) };
  const [means, record] = await Promise.all([meansOf(hardener), wish.record ?? readRecord(keycloak)]);
  const wanted = wantedOf(record, opening);
  const first = desiredOf(snapshot, opening, means, wanted, NO_OTHERS);
  const needed = needsLook(first, opening, snapshot);
  const others = needed ? await look(hardener, opening, first, wanted) : NO_OTHERS;
  const desired = needed
    ? desiredOf(snapshot, opening, means, wanted, agreed(others, hardener.consent))
    : first;
  const rehearsal = rehearsalOf(hardener, opening, wanted);
  return {
    desired: {
      ...desired,
      ...(rehearsal ? { rehearsal } : {}),
      remember: rememberedOf(hardener, record, opening),
    },
    clients: [...others.ours, ...(hardener.consent ? [...others.unpkced, ...others.machines] : [])].map(
      pkceOf,
    ),
    trustsServer: means.redirects === 'patterns',
    leftOut: [...serverLeftOut(means), ...(hardener.consent ? [] : leftOutOf(others))],
  };
}

/** A client held to PKCE with S256 by its own setting. */
export function pkceOf({ clientId }: Pick<Client, 'clientId'>): DesiredClient {
  const attributes = { [PKCE_ATTRIBUTE]: PKCE_METHOD };
  return { clientId, attributes, why: 'so that its sign-ins use PKCE; it registered itself' };
}

/** Asks the server; one that keeps a policy in STRICT mode need not be asked whether it can. */
async function meansOf({ keycloak, snapshot, ask }: Hardener): Promise<Means> {
  const proved = snapshot.clientPolicies.some(({ mode }) => mode === 'STRICT');
  const means = await readMeans(keycloak, ask && !proved);
  return proved ? { ...means, strict: true } : means;
}

/** The wishes about registration in the realm: those of this opening and of every one before it. */
interface Wanted {
  presets: Preset[];
  hosts: string[];
  uris: string[];
}

function wantedOf(
  record: RealmRecord,
  { presets: own, also = [], hosts = [], uris = [], known = PRESETS, removed = [] }: Opening,
): Wanted {
  const presets = [...new Set([...own, ...also.flatMap((one) => one.presets)])];
  const names = entriesOf(record, 'wanted').flatMap(({ products }) => products);
  const before = known.filter(({ name }) => names.includes(name));
  const texts = (prefix: string) =>
    names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  const here = presets.filter((preset) => !before.some(({ name }) => name === preset.name));
  return {
    presets: [...before, ...here],
    hosts: [...new Set([...texts(HOST), ...hosts])].filter((host) => !removed.includes(host)),
    uris: [...new Set([...texts(URI), ...uris])].filter((uri) => !removed.includes(hostOfUri(uri))),
  };
}

/** The host of a redirect URI, which may have placeholders, as Trusted Hosts compares it. */
export function hostOfUri(uri: string): string {
  return new URL(exampleRedirect(redirect(uri), 80, 'id')).hostname;
}

/** The opening's wishes about registration that the record doesn't hold yet. */
function wishesOf(keycloak: Keycloak, record: RealmRecord, opening: Opening): Entry[] {
  const since = new Date(keycloak.serverNow()).toISOString();
  const entry = (resource: string, products: readonly string[]): Entry[] => {
    const there = entriesOf(record, 'wanted').find((one) => one.resource === resource)?.products ?? [];
    const removed = opening.removed ?? [];
    const known = opening.known ?? PRESETS;
    const isGone = (one: string) =>
      removed.some((host) => one === `${HOST}${host}`) ||
      (one.startsWith(URI) && removed.includes(hostOfUri(one.slice(URI.length)))) ||
      known.some(
        ({ name, trustedHosts }) => name === one && trustedHosts.every((host) => removed.includes(host)),
      );
    const all = [...new Set([...there, ...products])].filter((one) => !isGone(one));
    if (JSON.stringify(all) === JSON.stringify(there)) return [];
    return [{ kind: 'wanted', resource, products: all, since }];
  };
  const { presets, also = [], hosts = [], uris = [], resource = REALM_WIDE } = opening;
  const places = [...hosts.map((host) => `${HOST}${host}`), ...uris.map((uri) => `${URI}${uri}`)];
  const names = presets.map(({ name }) => name);
  if (resource === REALM_WIDE) return entry(REALM_WIDE, [...names, ...places]);
  const others = also.flatMap((one) =>
    entry(
      one.resource,
      one.presets.map(({ name }) => name),
    ),
  );
  return [...entry(resource, names), ...others, ...entry(REALM_WIDE, places)];
}

function rememberedOf({ keycloak, io, command }: Hardener, record: RealmRecord, opening: Opening): Entry[] {
  const { resource = REALM_WIDE } = opening;
  const since = new Date(keycloak.serverNow()).toISOString();
  const by = `${io.user} on ${io.hostname}, mcpkc ${command}`;
  const nonce = crypto.randomUUID().slice(0, 8);
  return [
    ...wishesOf(keycloak, record, opening),
    {
      kind: 'deed',
      at: since,
      did: 'hardened',
      to: resource === REALM_WIDE ? 'registration' : resource,
      by,
      nonce,
    },
  ];
}

/**
 * Other people's clients that a piece would hurt; `ours` are the products', which every piece was tried with.
 * `machines` have no sign-in that PKCE would hold; S256 is the mark by which they are refused tokens without a user.
 */
interface Others {
  ours: Client[];
  unpkced: Client[];
  machines: Client[];
  userless: Client[];
  redirects: Map<string, Client[]>;
}

function noOthers(): Others {
  return { ours: [], unpkced: [], machines: [], userless: [], redirects: new Map() };
}

const NO_OTHERS: Others = noOthers();

function agreed(others: Others, consent: boolean): Others {
  return consent ? NO_OTHERS : others;
}

function desiredOf(
  snapshot: RealmSnapshot,
  opening: Opening,
  means: Means,
  wanted: Wanted,
  others: Others,
): Pick<Desired, 'mapperTypes' | 'registrations' | 'userless' | 'formerPolicies'> & { mapperTypes: object } {
  const closed = closedHosts(snapshot, opening, wanted).filter((host) => !others.redirects.has(host));
  const open = new Set([...wanted.hosts, ...others.redirects.keys()].map(hostExpression));
  const patterns = [
    ...wanted.presets.flatMap(({ redirectUris }) => redirectUris.map(redirectExpression)),
    ...wanted.uris.map((uri) => redirectExpression(redirect(uri))),
    ...open,
  ];
  // A server that can't refuse one grant alone would only store a policy that breaks every sign-in. Where the server
  // doesn't tell, and the realm is hardened without that policy, the run that hardened it has asked.
  const isHardened = snapshot.clientPolicies.some(({ name }) => name === OWN_POLICY.registrations);
  const can = means.strict ?? !isHardened;
  const refuses = can && others.userless.length === 0;
  return {
    mapperTypes: { only: [PAIRWISE_MAPPER] },
    registrations: {
      redirects: means.redirects,
      add: [...new Set(patterns)],
      remove: [
        ...[...closed, ...(opening.removed ?? [])].map(hostExpression).filter((one) => !open.has(one)),
        ...patternsAt(snapshot, opening.removed ?? []).filter((one) => !patterns.includes(one)),
      ],
      closed: [...closed, ...wanted.uris.map(hostOfUri)],
    },
    ...(refuses ? { userless: { add: userlessScopes(snapshot, opening), remove: [] } } : {}),
    formerPolicies: 'all',
  };
}

/** The redirect URIs at these hosts that may be registered now, as patterns. */
function patternsAt(snapshot: RealmSnapshot, hosts: readonly string[]): string[] {
  const profile = snapshot.clientProfiles.find(({ name }) => name === OWN_POLICY.registrations);
  return (patternsOf(profile) ?? []).filter((one) => hosts.includes(hostOfExpression(one) ?? ''));
}

/** Scopes whose holders are refused tokens without a user: this server's, and those that a policy of 0.1.0 named. */
function userlessScopes(snapshot: RealmSnapshot, { scopes }: Opening): string[] {
  const former = snapshot.clientPolicies.map(formerPolicy).filter((one) => one && !one.isPkce);
  const there = former.flatMap((one) => (one ? [one.scope] : []));
  return [
    ...new Set([...scopes, ...there.filter((name) => snapshot.scopes.some((one) => one.name === name))]),
  ];
}

/** Hosts where nothing but known redirect URIs may be registered: the products', and the MCP servers' own. */
function closedHosts(
  snapshot: RealmSnapshot,
  { resource, also = [] }: Opening,
  { presets }: Wanted,
): string[] {
  const servers = snapshot.scopes.filter(isAudienceScope).map(resourceOf);
  const urls = [...servers, resource, ...also.map((one) => one.resource)].filter((url) => url !== undefined);
  return [...new Set([...presets.flatMap(({ trustedHosts }) => trustedHosts), ...urls.map(trustedHost)])];
}

/**
 * Whether clients have to be looked at. They do where a policy is new, a scope comes under it, a host is narrowed, or
 * policies of 0.1.0 are there. A realm that is hardened already, and a product that is added to it, need no look.
 */
function needsLook(desired: Desired, { scopes }: Opening, snapshot: RealmSnapshot): boolean {
  const own = snapshot.clientPolicies.find(({ name }) => name === OWN_POLICY.registrations);
  const userless = snapshot.clientPolicies.find(({ name }) => name === OWN_POLICY.userless);
  const isNamed = (scope: string) => userless !== undefined && scopesNamedBy(userless).includes(scope);
  const narrowed = narrowedHosts(desired, snapshot).length > 0;
  const former = snapshot.clientPolicies.some((policy) => formerPolicy(policy) !== undefined);
  const plan = planFor(desired, snapshot).filter(({ kind }) => kind === 'client-policy');
  if (plan.length === 0) return false;
  return (
    own === undefined || former || narrowed || (desired.userless !== undefined && !scopes.every(isNamed))
  );
}

/** Patterns of whole hosts that the plan removes, where patterns are there already. */
function narrowedHosts({ registrations }: Desired, snapshot: RealmSnapshot): string[] {
  if (!registrations || 'absent' in registrations) return [];
  const profile = snapshot.clientProfiles.find(({ name }) => name === OWN_POLICY.registrations);
  const there = patternsOf(profile) ?? [];
  return registrations.remove.filter((one) => there.includes(one));
}

/** Looks at every client of the realm once. */
async function look(
  { keycloak, snapshot, onClients }: Hardener,
  opening: Opening,
  desired: Desired,
  { presets }: Wanted,
): Promise<Others> {
  const others = noOthers();
  const audience = snapshot.scopes.filter((one) => audiencesOf(one).length > 0).map(({ name }) => name);
  const scopes = [...new Set([...audience, ...opening.scopes])];
  const former = snapshot.clientPolicies.map(formerPolicy);
  const demanded = former.flatMap((one) => (one?.isPkce ? [one.scope] : []));
  const refused = desired.userless?.add ?? [];
  const holds = (client: Client, names: readonly string[]) =>
    names.some((name) => heldAs(client, name) !== 'none') ||
    (opening.holders?.includes(client.clientId) === true &&
      names.some((name) => opening.scopes.includes(name)));
  let read = 0;
  for await (const page of readAllClients(keycloak)) {
    read += page.length;
    onClients?.(read);
    for (const client of page) {
      const came = isSelfRegistered(client);
      const isProducts = came && presetOf(client, [...presets, ...PRESETS]) !== undefined;
      const hasPkce = client.attributes[PKCE_ATTRIBUTE] === PKCE_METHOD;
      const signsIn = client.standardFlowEnabled === true;
      const isMachine = client.serviceAccountsEnabled === true;
      // Nothing is written to an internal id that Keycloak didn't make: `status` names such a client.
      const lacks =
        came && !hasPkce && (signsIn || isMachine) && holds(client, scopes) && isKeycloakId(client.id);
      if (lacks) snapshot.clients.push(...(isKnown(snapshot, client) ? [] : [client]));
      // People who sign in under a policy of 0.1.0 have to use PKCE today already.
      if (lacks && signsIn && (isProducts || holds(client, demanded))) others.ours.push(client);
      else if (lacks) (signsIn ? others.unpkced : others.machines).push(client);
      if (isMachine && (hasPkce || lacks) && holds(client, refused)) others.userless.push(client);
      if (came && !isProducts) noteHosts(others.redirects, client, desired);
    }
  }
  return others;
}

function isKnown(snapshot: RealmSnapshot, { id }: Client): boolean {
  return snapshot.clients.some((client) => client.id === id);
}

/** Notes the closed hosts at which a client redirects and no pattern lets it. */
function noteHosts(hosts: Map<string, Client[]>, client: Client, { registrations }: Desired): void {
  if (!registrations || 'absent' in registrations || registrations.redirects !== 'patterns') return;
  const { add, closed } = registrations;
  for (const uri of client.redirectUris) {
    const host = URL.parse(uri)?.hostname;
    if (host === undefined || !closed.includes(host) || add.some((one) => isLetThrough(one, uri))) continue;
    const there = hosts.get(host) ?? [];
    if (!there.includes(client)) hosts.set(host, [...there, client]);
  }
}

/** Maximum number of clients that are named in a sentence. */
const NAMED = 5;

function named(clients: readonly Client[]): string {
  const names = clients
    .slice(0, NAMED)
    .map(({ clientId, name }) => visible(name ? `${clientId} (${name})` : clientId));
  const more = clients.length > NAMED ? ` and ${clients.length - NAMED} more` : '';
  return `${names.join(', ')}${more}`;
}

function leftOutOf({ unpkced, userless, redirects }: Others): LeftOut[] {
  const sentences: LeftOut[] = [];
  if (unpkced.length > 0) {
    const message = `PKCE is not demanded of ${count(unpkced.length, 'client')} that registered, hold an MCP audience and are no known product’s, since their sign-ins may be without it: ${named(unpkced)}.`;
    sentences.push({ piece: 'pkce', message });
  }
  if (userless.length > 0) {
    const message = `Tokens without a user are not refused, since ${count(userless.length, 'client')} would lose them: ${named(userless)}.`;
    sentences.push({ piece: 'userless', message });
  }
  for (const [host, clients] of redirects) {
    const message = `Every redirect URI at ${visible(host)} stays open, since ${count(clients.length, 'client')} that registered would be refused the next time: ${named(clients)}.`;
    sentences.push({ piece: 'redirects', message });
  }
  return sentences;
}

function serverLeftOut({ redirects, strict }: Means): LeftOut[] {
  const sentences: LeftOut[] = [];
  if (redirects !== 'patterns') {
    const what =
      redirects === 'none'
        ? 'This Keycloak can’t hold redirect URIs of registrations: a trusted host is open to any path.'
        : 'This Keycloak can’t hold redirect URIs to patterns, only refuse wildcards: a trusted host is open to any path (26.7 can).';
    const host =
      'So the MCP server’s own host is not trusted; where clients register there: mcpkc trusted-hosts --add <host>';
    sentences.push({ piece: 'server', message: `${what} ${host}` });
  }
  if (strict === false) {
    const message =
      'This Keycloak can’t refuse tokens without a user to registered clients alone (26.7 can): the MCP server has to refuse them.';
    sentences.push({ piece: 'server', message });
  }
  if (strict === undefined) {
    const message =
      'This Keycloak doesn’t tell this account its version: whether it can refuse tokens without a user shows without --dry-run only.';
    sentences.push({ piece: 'server', message });
  }
  return sentences;
}

/** A registration to try the policies with: a wanted product's, else one at a named host or redirect URI. */
function rehearsalOf({ io }: Hardener, opening: Opening, wanted: Wanted): Rehearsed | undefined {
  const { tosUri } = runMark(io);
  const all = [...opening.presets, ...wanted.presets];
  // A registration that no Keycloak accepts tells nothing about the policies.
  const preset = all.find(({ cannotRegister }) => cannotRegister === undefined);
  const [uri] = wanted.uris.map((one) => exampleRedirect(redirect(one), 40_000, 'id'));
  const [host] = wanted.hosts.map((one) => `https://${one.replace('*.', '')}/mcpkc-probe`);
  const redirectUri = uri ?? host ?? all[0]?.registration.redirect_uris[0];
  const made = redirectUri && { client_name: 'mcpkc probe', redirect_uris: [redirectUri] };
  const registration = preset ? { ...preset.registration } : made;
  if (!registration) return undefined;
  return { registration, scopes: opening.scopes, tosUri };
}
