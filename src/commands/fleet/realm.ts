import type { Context } from '../../cli/command.ts';
import type { Config } from '../../config/config.ts';
import { McpkcError } from '../../errors.ts';
import { readConfigFor } from '../../fleet/connect.ts';
import type { FleetRealm } from '../../fleet/fleet.ts';
import { connect, type Keycloak } from '../../keycloak/connection/connect.ts';
import { findClient } from '../../keycloak/read/clients.ts';
import { readRealm } from '../../keycloak/read/realm.ts';
import { readRecord } from '../../keycloak/read/record.ts';
import { type Holder, withLock } from '../../keycloak/write/lock.ts';
import { deedBy, writeRecord } from '../../keycloak/write/record.ts';
import { applyAndVerify } from '../../plan/apply.ts';
import { collectDriftNotes } from '../../plan/drift.ts';
import { knownPresets } from '../../plan/input.ts';
import { removeLeftBehind, untriedNotes } from '../../plan/leftovers.ts';
import { isKnownServer, isMadeServer, listStrangeHosts, serversIn } from '../../plan/ownership.ts';
import type { Change, RealmChange, RealmPlan } from '../../plan/plan.ts';
import { adoptionsOf, rememberPlans } from '../../plan/remember.ts';
import { applyRetirement, type PlannedRetirement, planRetirement } from '../../plan/retirement.ts';
import { type PlannedServer, type PlannedServers, planServers } from '../../plan/servers.ts';
import { changeName } from '../../plan/text.ts';
import { withoutRandomEnds } from '../../realm/mcp-scope.ts';
import { type PresentServer, waysIn } from '../../realm/mcp-server.ts';
import { allowedIn, type Entry, NO_RECORD, type RealmRecord } from '../../realm/record.ts';
import type { RealmSnapshot } from '../../realm/snapshot.ts';
import { brief, briefList, visible } from '../../text.ts';

/** The manner in which a run goes about the realms of a file. */
export interface FleetRun {
  context: Context;
  command: 'plan' | 'apply' | 'export';
  holder: Holder;
  /** Whether servers that stand under `retired` go, as far as mcpkc made them. */
  prune: boolean;
  /** The command line that shows the whole plan of this run. */
  planLine: string;
  /** Whether somebody reads the plan before anything is written: then it names who wrote what it repairs. */
  isShown: boolean;
}

/** The fate of a server that stands under `retired`. */
export interface RetiredServer {
  resource: string;
  /** `gone`: it isn't there; `foreign`: mcpkc didn't make it; `stays`: --prune is absent; `goes`: it is removed. */
  state: 'gone' | 'foreign' | 'stays' | 'goes';
  changes: RealmPlan;
  /** Clients that lose the audience. */
  holders: number;
}

/** A realm as it would be changed, or the reason why that can't be told. */
export interface RealmPlanned {
  wish: FleetRealm;
  config: Config | undefined;
  error: McpkcError | undefined;
  /** The connection by which it was planned. */
  keycloak: Keycloak | undefined;
  /** Entries of the record that a killed run may have left. */
  left: RealmRecord;
  /** The plan; undefined where it failed. */
  servers: readonly PlannedServer[] | undefined;
  /**
   * Entries that the record should hold though nothing of the realm changes: the products that are wanted, the people
   * who may.
   */
  wishes: readonly Entry[];
  retired: RetiredServer[];
  /** All changes, in the order in which they are applied. */
  changes: RealmPlan;
  /** Changes that need a person's consent. */
  reservations: string[];
  notes: string[];
  /** MCP servers that mcpkc works on and the file doesn't name. */
  unlisted: string[];
  /** MCP servers that somebody else set up. */
  foreign: string[];
}

/** Plans a realm; a failure is part of the answer, so that it stops no other realm. Reads only. */
export async function planRealm(run: FleetRun, wish: FleetRealm): Promise<RealmPlanned> {
  const nothing = {
    wish,
    keycloak: undefined,
    left: NO_RECORD,
    servers: undefined,
    wishes: [],
    retired: [],
    changes: [],
    reservations: [],
    notes: [],
    unlisted: [],
    foreign: [],
  };
  let config: Config | undefined;
  try {
    config = await readConfigFor(run.context, wish);
    const keycloak = await connect(config, run.context.io, run.context.signal);
    // The data read of the realm is let go of: a file may have fifty.
    const { full: _full, ...planned } = await planWith(run, config, keycloak, wish, true);
    return { wish, config, keycloak, error: undefined, ...planned };
  } catch (error) {
    if (!(error instanceof McpkcError) || run.context.signal.aborted) throw error;
    return { ...nothing, config, error };
  }
}

type Planned = Omit<RealmPlanned, 'wish' | 'config' | 'keycloak' | 'error'> & { full: PlannedServers };

async function planWith(
  run: FleetRun,
  config: Config,
  keycloak: Keycloak,
  wish: FleetRealm,
  dryRun: boolean,
): Promise<Planned> {
  const { context, command, holder } = run;
  const planning = {
    context,
    config,
    keycloak,
    command,
    by: deedBy(holder),
    harden: wish.harden,
    dryRun,
  };
  const planned = await planServers(planning, wish.servers);
  const retirements: { state: RetiredServer; plan: PlannedRetirement | undefined }[] = [];
  for (const { resource } of wish.retired)
    retirements.push(await retirementOf(run, config, keycloak, planned, resource));
  const { snapshot } = planned;
  const named = [...wish.servers, ...wish.retired].map(({ resource }) => resource);
  const scopes = planned.servers.flatMap((one) => (one.error ? [] : [one.server.scope]));
  const others = serversIn(snapshot).filter(
    ({ resource, scope }) => !scopes.includes(scope) && !named.includes(resource ?? ''),
  );
  const shown = (some: typeof others) => some.map(({ resource, scope }) => visible(resource ?? scope)).sort();
  return {
    full: planned,
    left: leftIn(planned.record),
    servers: planned.servers,
    wishes: freshWishes(planned),
    retired: retirements.map(({ state }) => state),
    changes: [...planned.plan, ...retirements.flatMap(({ plan }) => plan?.plan ?? [])],
    reservations: [
      ...planned.reservations.map(({ message }) => message),
      ...retirements.flatMap(({ state, plan }) => [
        ...(plan && plan.plan.length > 0 ? [`${visible(state.resource)} is retired.`] : []),
        ...(plan?.reservations.map(({ message }) => message) ?? []),
      ]),
    ],
    notes: [
      ...planned.notes,
      ...besideNotes(wish, planned),
      ...strangeHostNotes(config, planned),
      ...(dryRun ? untriedNotes(context.io, planned.record, snapshot) : []),
      ...(dryRun ? await collectDriftNotes(keycloak, planned.plan, snapshot) : []),
    ],
    unlisted: shown(others.filter(isKnownServer)),
    foreign: shown(others.filter((one) => !isKnownServer(one))),
  };
}

/** The part of the record by which things that killed runs left are found. */
function leftIn({ state, entries }: RealmRecord): RealmRecord {
  return { state, entries: entries.filter(({ kind }) => kind === 'provisional' || kind === 'rehearsal') };
}

/** The server of a URL: of several, the one that mcpkc made. */
function retirable(
  snapshot: RealmSnapshot,
  record: RealmRecord,
  resource: string,
): PresentServer | undefined {
  const all = serversIn(snapshot).filter((one) => one.resource === resource);
  return all.find((one) => isMadeServer(one, record)) ?? all[0];
}

async function retirementOf(
  { prune }: FleetRun,
  config: Config,
  keycloak: Keycloak,
  { snapshot, record }: Pick<PlannedServers, 'snapshot' | 'record'>,
  resource: string,
): Promise<{ state: RetiredServer; plan: PlannedRetirement | undefined }> {
  const none = { resource, changes: [], holders: 0 };
  const there = retirable(snapshot, record, resource);
  if (!there) return { state: { ...none, state: 'gone' }, plan: undefined };
  if (!isMadeServer(there, record)) return { state: { ...none, state: 'foreign' }, plan: undefined };
  if (!prune) return { state: { ...none, state: 'stays' }, plan: undefined };
  const products = knownPresets(config);
  const server = { ...there, resource };
  const stands = await findClient(keycloak, resource);
  if (stands && !snapshot.clients.some(({ id }) => id === stands.id)) snapshot.clients.push(stands);
  const plan = await planRetirement(keycloak, { snapshot, server, record, products });
  return {
    state: { resource, state: 'goes', changes: plan.plan, holders: plan.holders.length },
    plan,
  };
}

/** Products that connect to a server of the file and that the file doesn't name: nothing of them is removed. */
function besideNotes({ servers }: FleetRealm, { record }: PlannedServers): string[] {
  return servers.flatMap(({ resource, products }) => {
    const by = (way: string) => products.filter((one) => one.by === way).map(({ preset }) => preset);
    const ways = waysIn(record, resource);
    const registered = (ways.registration ?? [])
      .filter((name) => !by('registration').includes(name))
      .map((name) => `${brief(name, 60)} by registration`);
    const made = ways.made
      .filter(
        (entry) =>
          !products.some(
            (one) =>
              one.by === entry.way &&
              (entry.products.includes(one.preset ?? '') || one.clientId === entry.client.clientId),
          ),
      )
      .map(
        (entry) =>
          `${briefList(entry.products.length > 0 ? entry.products : [entry.client.clientId], 60)} by ${entry.way}`,
      );
    const all = [...registered, ...made];
    if (all.length === 0) return [];
    return [
      `${visible(resource)}: the file doesn’t name ${all.join(', ')}. Nothing of it is removed; mcpkc allow --remove and mcpkc trusted-hosts --remove do that.`,
    ];
  });
}

/**
 * Hosts from which anybody may register, and that no product or server of the realm needs as far as mcpkc knows. Client
 * policies leave them room, since somebody else's clients may come from there.
 */
function strangeHostNotes(config: Config, { snapshot, stages }: PlannedServers): string[] {
  const wanted = stages.flatMap(({ desired: { trustedHosts } }) =>
    trustedHosts && 'add' in trustedHosts ? trustedHosts.add : [],
  );
  const strange = listStrangeHosts(snapshot, knownPresets(config)).filter((host) => !wanted.includes(host));
  if (strange.length === 0) return [];
  return [
    `Trusted Hosts names what no product and no MCP server of the realm needs: ${briefList(strange, 60)}. It stays; mcpkc trusted-hosts --remove <host> removes one.`,
  ];
}

/** Ids that Keycloak or mcpkc make. */
const RANDOM_ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/**
 * Changes in a form that can be compared: without the random names and ids that each plan makes anew. Things that are
 * there (`before`) keep their ids, so that another client in the place of one is another plan.
 */
export function takeFingerprints(
  changes: readonly Pick<Change, 'kind' | 'action' | 'key' | 'before' | 'after'>[],
): string[] {
  const named = (value: unknown) => withoutRandomEnds(JSON.stringify(value ?? null));
  return changes.map(({ kind, action, key, before, after }) =>
    [kind, action, named(key), named(before), named(after).replaceAll(RANDOM_ID, '*')].join(' '),
  );
}

/** The outcome of a realm: the changes that were made, and the plan as it was when they were made. */
export interface RealmApplied {
  applied: RealmChange[];
  now: Omit<Planned, 'full'> | undefined;
  error: McpkcError | undefined;
}

/**
 * The degree to which a plan may have changed between the look at it and the lock. `exact`: not at all, it was saved.
 * `shown`: it may have become less, since somebody agreed to the one that was shown. `free`: nobody looked at it; it
 * must need no other consent.
 */
export type Strictness = 'exact' | 'shown' | 'free';

/**
 * Applies a realm's plan. It is made once more under the realm's lock, and that one is written. The servers' changes
 * come at once, then the retired servers, one after the other. PLAN_MOVED where it differs more than it may. A failure
 * is part of the answer.
 */
export async function applyRealm(
  run: FleetRun,
  shown: RealmPlanned,
  { strictness, yes }: { strictness: Strictness; yes: boolean },
): Promise<RealmApplied> {
  const { context, holder } = run;
  const { wish, config, keycloak, error, changes, wishes } = shown;
  const applied: RealmChange[] = [];
  let now: RealmApplied['now'];
  if (config === undefined || keycloak === undefined || error !== undefined)
    return { applied, now, error: undefined };
  try {
    await removeLeftBehind(context, keycloak, 'apply', shown.left);
    if (changes.length === 0) {
      await writeRecord(keycloak, { remember: wishes });
      return { applied, now, error: undefined };
    }
    await withLock(keycloak, context.io, holder, async () => {
      const { full, ...planned } = await planWith(run, config, keycloak, wish, false);
      if (strictness !== 'free')
        requireSame(takeFingerprints(changes), takeFingerprints(planned.changes), strictness === 'exact');
      const fresh = planned.reservations.filter((one) => !shown.reservations.includes(one));
      requireAgreed(run, fresh, yes);
      now = planned;
      await write(run, config, keycloak, full, planned.retired, applied);
    });
    return { applied, now, error: undefined };
  } catch (failure) {
    if (!(failure instanceof McpkcError)) throw failure;
    return { applied, now, error: failure };
  }
}

/** Refuses (CONSENT_NEEDED) changes that need a person's consent and didn't get it; nothing was written then. */
export function requireAgreed(
  { planLine }: Pick<FleetRun, 'planLine'>,
  reservations: readonly string[],
  yes: boolean,
): void {
  if (yes || reservations.length === 0) return;
  throw new McpkcError(
    'CONSENT_NEEDED',
    reservations.join('\n'),
    `Nothing was written. To agree, add --yes. The whole plan:\n${planLine}`,
  );
}

/** Entries of the record that are no line of its journal. */
function freshWishes({ stages }: PlannedServers): Entry[] {
  return stages.flatMap(({ desired }) => desired.remember ?? []).filter(({ kind }) => kind !== 'deed');
}

/** Refuses (PLAN_MOVED) a plan that is more than the one that was shown, and with `exactly` one that is less. */
export function requireSame(shown: readonly string[], now: readonly string[], exactly: boolean): void {
  const extra = now.filter((one) => !shown.includes(one));
  const missing = exactly ? shown.filter((one) => !now.includes(one)) : [];
  if (extra.length === 0 && missing.length === 0) return;
  const nameOf = (one: string) => visible(one.split(' ').slice(0, 3).join(' '));
  const [more, less] = [extra.map(nameOf), missing.map(nameOf)];
  const other = more.filter((one) => less.includes(one));
  const told = (all: readonly string[]) =>
    all
      .filter((one) => !other.includes(one))
      .slice(0, 5)
      .join('; ');
  const parts = [
    [told(more), 'now it would also be'],
    [told(less), 'no longer needed'],
    [other.slice(0, 5).join('; '), 'the same things, from another state or to another'],
  ].flatMap(([names, title]) => (names ? [`${title}: ${names}`] : []));
  throw new McpkcError(
    'PLAN_MOVED',
    `The realm is not as it was when the plan was made: ${parts.join('. ')}. Nothing was written to it.`,
    'Look at a new plan:\nmcpkc plan',
  );
}

async function write(
  { context, holder }: FleetRun,
  config: Config,
  keycloak: Keycloak,
  planned: PlannedServers,
  retired: readonly RetiredServer[],
  applied: RealmChange[],
): Promise<void> {
  const { io, signal, voice } = context;
  const applying = {
    io,
    holder,
    signal,
    locked: true,
    onApplied: (change: Change) => {
      applied.push(change as RealmChange);
      voice.progress(`${keycloak.realm}: ${changeName(change)}`);
    },
    warn: (text: string) => voice.warn(`${visible(keycloak.realm)}: ${text}`),
  };
  const stamp = { since: new Date(keycloak.serverNow()).toISOString(), by: deedBy(holder) };
  const { clients } = planned.snapshot;
  const adopted = planned.servers.flatMap((one) =>
    one.error ? [] : adoptionsOf(one.changes, { resource: one.wish.resource, clients, ...stamp }),
  );
  await writeRecord(keycloak, { remember: adopted });
  let now = planned.snapshot;
  for (const { desired, plan } of planned.stages)
    now = await applyAndVerify(keycloak, plan, desired, now, applying);
  const changed = planned.servers.flatMap((one) => (one.error || one.changes.length === 0 ? [] : [one]));
  const old = changed.flatMap(({ wish, entries }) =>
    allowedIn(planned.record, wish.resource).filter((entry) =>
      entries.some(
        ({ client }) => client.clientId === entry.client.clientId && client.id !== entry.client.id,
      ),
    ),
  );
  const written = changed.map(({ wish: { resource }, changes }) => ({
    resource,
    plan: changes,
    clients: now.clients,
    by: holder,
  }));
  await rememberPlans(keycloak, io, written, old);
  for (const { resource, state } of retired) {
    if (state !== 'goes') continue;
    await retire(config, keycloak, resource, applying);
  }
}

/** Retires a server, planned anew: the one before it may have been the last but one. */
async function retire(
  config: Config,
  keycloak: Keycloak,
  resource: string,
  applying: Parameters<typeof applyRetirement>[3],
): Promise<void> {
  const [snapshot, record] = await Promise.all([readRealm(keycloak, [resource]), readRecord(keycloak)]);
  const there = retirable(snapshot, record, resource);
  if (!there || !isMadeServer(there, record)) return;
  const products = knownPresets(config);
  const server = { ...there, resource };
  const plan = await planRetirement(keycloak, { snapshot, server, record, products });
  await applyRetirement(keycloak, plan, snapshot, applying);
}
