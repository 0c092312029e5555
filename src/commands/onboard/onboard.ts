import { McpkcError } from '../../errors.ts';
import { hasMoreClientsThan } from '../../keycloak/read/clients.ts';
import { readRecord } from '../../keycloak/read/record.ts';
import { readSessionStats } from '../../keycloak/read/sessions.ts';
import { type Newcomers, watchNewcomers } from '../../keycloak/watch/newcomers.ts';
import { holderOf } from '../../keycloak/write/lock.ts';
import { writeRecord } from '../../keycloak/write/record.ts';
import { adoptionEntries } from '../../plan/adopted.ts';
import { applyAndVerify } from '../../plan/apply.ts';
import { requireNoLiveWindow } from '../../plan/input.ts';
import { requireConsent } from '../../plan/plan.ts';
import { findProvingUser, proveAudience } from '../../plan/prove.ts';
import { changeName } from '../../plan/text.ts';
import { type Adopted, type Allowed, adoptedIn, adoptionOf, allowedIn } from '../../realm/record.ts';
import { type Client, POLICY } from '../../realm/representations.ts';
import { anonymousPolicies, type RealmSnapshot, scopeNamed } from '../../realm/snapshot.ts';
import { count, visible } from '../../text.ts';
import { collectDoubts } from './doubts.ts';
import { type Held, keep, type Other, revokeHeld, type SeenNewcomer } from './holding.ts';
import { labelClient, type Onboarding, tell } from './onboarding.ts';
import { nothingAdoptedError, severalNewcomersError, stoppedError, vanishedError } from './outcome.ts';
import type { Prepared } from './prepare.ts';
import { writeInstructions } from './text.ts';
import { type Awaited, type Until, watch } from './watch.ts';

/** The outcome of an onboarding. */
export interface Onboarded {
  run: Onboarding;
  client: Client | undefined;
  others: Other[];
  /** `aud` of the client's example token; undefined where it wasn't asked for. */
  audience: string[] | undefined;
  /** The reasons why its next sign-in may fail all the same. */
  doubts: string[];
  /** Adopted clients for the same resource with which nobody is signed in: the new one may take over from them. */
  unused: Adopted[];
}

/** The manner in which `onboard` should go about it. */
export interface OnboardManner {
  timeoutMs: number;
  until: Until;
  user: string | undefined;
  yes: boolean;
  /** Asks which of several to adopt; undefined where nobody can be asked. */
  choose: ((clients: readonly Held[], signal: AbortSignal) => Promise<Held | undefined>) | undefined;
}

/** Grants the audience to a client that is there already, and proves it. */
export async function onboardNamed(prepared: Prepared, client: Client, yes: boolean): Promise<Onboarded> {
  const { run } = prepared;
  const userId = await findProvingUser(run);
  const now = await provision(prepared, yes);
  const adopted = now.clients.find(({ id }) => id === client.id) ?? client;
  const known = adoptionOf(await readRecord(run.keycloak), run.resource, adopted);
  const [adopting, deed] = adoptionEntries(run, adopted);
  const [entry] = prepared.made;
  const isAllowed = prepared.made.some(({ resource }) => resource === run.resource);
  const { since, by } = adopting;
  const allowed: Allowed[] =
    entry && !isAllowed
      ? [{ ...entry, resource: run.resource, scope: run.carrier, madeScopes: false, since, by }]
      : [];
  const remember = known.state === 'same' ? allowed : [adopting, deed, ...allowed];
  await writeRecord(run.keycloak, { remember });
  const audience = await proveAudience(run, client, userId);
  return { run, client, others: [], audience, doubts: await collectDoubts(run, adopted), unused: [] };
}

/**
 * Provisions, and waits. Each newcomer that an adoption accepts holds the audience for the time being. The one that is
 * waited for keeps it, all others lose it again, whatever ends the run.
 */
export async function onboardNext(prepared: Prepared, manner: OnboardManner): Promise<Onboarded> {
  const { run } = prepared;
  const { io, voice, keycloak } = run;
  const userId = await findProvingUser(run);
  // The look comes before anything is written: a client that comes meanwhile is a newcomer, too.
  const newcomers = await watchNewcomers(keycloak, (read) => voice.progress(`${count(read, 'client')} read`));
  voice.progress(undefined);
  const now = await provision(prepared, manner.yes);
  await warnOfLimit(run, now, newcomers);
  const awaited: Awaited = { until: manner.until, user: manner.user, deadline: io.now() + manner.timeoutMs };
  const seen: SeenNewcomer = { held: [], others: [] };
  let adopted: Held | undefined;
  let client: Client | undefined;
  let winners: Held[] = [];
  let failure: unknown;
  try {
    beginWaiting(run, newcomers, awaited);
    const scopeId = scopeNamed(now, run.carrier)?.id ?? '';
    winners = await watch(run, newcomers, scopeId, seen, awaited).finally(() => voice.progress(undefined));
    adopted = winners.length > 1 ? await chosen(run, winners, manner, awaited.deadline) : winners[0];
    client = adopted && (await keep(run, adopted));
  } catch (error) {
    failure = error;
  }
  if (client) tell(run, `${labelClient(client)} is adopted and keeps the audience.`);
  await revokeHeld(
    run,
    seen.held.filter((one) => one !== adopted || client === undefined),
  );
  if (failure !== undefined) throw ended(run, failure);
  const others = othersOf(seen, winners, client && adopted, manner.until);
  if (!adopted && winners.length > 1)
    throw severalNewcomersError(
      run,
      winners.map((one) => one.client),
      manner.until,
    );
  if (!adopted) throw nothingAdoptedError(run, others, manner);
  if (!client) throw vanishedError(run, adopted.client, others);
  const unused = await unusedBefore(run, client);
  const audience = await proveAudience(run, client, userId);
  return { run, client, others, audience, doubts: await collectDoubts(run, client), unused };
}

/** Runs `--close`: ends the remains of a window of 0.1.0, or of a killed run; the resource is moved to mode adopted. */
export async function close(prepared: Prepared, yes: boolean): Promise<Onboarded> {
  await provision(prepared, yes);
  return { run: prepared.run, client: undefined, others: [], audience: undefined, doubts: [], unused: [] };
}

/** Everything before the waiting: the realm is brought to what it should be. */
async function provision({ run, snapshot, desired, plan, reservations }: Prepared, yes: boolean) {
  const { keycloak, io, signal, voice } = run;
  requireNoLiveWindow(run, io, yes);
  requireConsent(reservations, yes);
  try {
    return await applyAndVerify(keycloak, plan, desired, snapshot, {
      io,
      holder: holderOf(io, 'onboard'),
      signal,
      onApplied: (change) => {
        run.changes.push(change);
        voice.progress(changeName(change));
      },
    });
  } finally {
    voice.progress(undefined);
  }
}

/**
 * Reports when nobody can register at all: Keycloak's limit counts every client of the realm, 200 by default (26.7.3).
 */
async function warnOfLimit(
  { voice, keycloak }: Onboarding,
  snapshot: RealmSnapshot,
  { total }: Newcomers,
): Promise<void> {
  for (const { name, config } of anonymousPolicies(snapshot, POLICY.maxClients)) {
    const limit = Number(config['max-clients']?.[0] ?? Number.NaN);
    if (Number.isNaN(limit)) continue;
    const full = total === undefined ? await hasMoreClientsThan(keycloak, limit - 1) : total >= limit;
    if (!full) continue;
    voice.warn(
      `Nobody can register now: the realm has ${limit} clients or more, and its policy '${visible(name)}' allows ${limit}. Make room:\nmcpkc prune-clients`,
    );
  }
}

/** Shows the end of the wait, and the steps to do now. */
function beginWaiting(run: Onboarding, newcomers: Newcomers, { deadline }: Awaited): void {
  const { io, voice } = run;
  const [day, rest = ''] = new Date(deadline).toISOString().split('T');
  const today = new Date(io.now()).toISOString().split('T')[0];
  const until = `${day === today ? '' : `${day} `}${rest.slice(0, 8)}`;
  tell(run, `Waiting for a connector of ${run.resource} until ${until} UTC.`);
  voice.note(writeInstructions(run));
  if (newcomers.how === 'paging' || !newcomers.tellsRefusals) {
    voice.note(
      'This realm stores no events of registrations, so refused ones can’t be shown here, and newcomers are seen later in a large realm (mcpkc init --events 30d turns them on).',
    );
  }
}

/** The last words of a run that an interruption or a failure ended, once nothing stays open. */
function ended(run: Onboarding, failure: unknown): unknown {
  return run.signal.aborted && failure instanceof McpkcError && failure.exitStatus > 128
    ? stoppedError(failure, run)
    : failure;
}

/** Several may be the connector: a person chooses while the time lasts; else nobody is adopted. */
async function chosen(
  run: Onboarding,
  several: readonly Held[],
  { choose }: OnboardManner,
  deadline: number,
): Promise<Held | undefined> {
  if (!choose) return undefined;
  // biome-ignore lint/plugin/clock: the time limit that was asked for.
  const timeUp = AbortSignal.timeout(Math.max(1, Math.ceil(deadline - run.io.now())));
  try {
    return await choose(several, AbortSignal.any([run.signal, timeUp]));
  } catch (error) {
    if (!timeUp.aborted || run.signal.aborted) throw error;
    return undefined;
  }
}

/** Everybody who came and was not adopted, each once, with the reason. */
function othersOf(
  { held, others }: SeenNewcomer,
  winners: readonly Held[],
  adopted: Held | undefined,
  until: Until,
): Other[] {
  const reasonOf = (one: Held) => {
    if (winners.includes(one)) return adopted ? 'another one was chosen' : 'nobody chose it';
    if (until === 'registered') return 'another one registered after it';
    if (!adopted)
      return one.signIns.length > 0 ? 'somebody else signed in with it' : 'nobody signed in with it';
    return 'another one signed in';
  };
  const lost = held.filter((one) => one !== adopted);
  return [...others, ...lost.map((one) => ({ client: one.client, reason: reasonOf(one), adoptable: true }))];
}

/** The most newcomers that are offered. */
const MOST_UNUSED = 5;

/** Earlier adoptions for the resource that nobody is signed in with, as the record names them. */
async function unusedBefore({ keycloak, resource }: Onboarding, client: Client): Promise<Adopted[]> {
  const record = await readRecord(keycloak);
  // A client made by `allow` serves all users of its product: one who isn't signed in now is no sign.
  const made = new Set(allowedIn(record).map((one) => one.client.id));
  const earlier = adoptedIn(record, resource).filter(
    (one) => one.client.id !== client.id && !made.has(one.client.id),
  );
  if (earlier.length === 0) return [];
  const stats = await readSessionStats(keycloak);
  return earlier.filter((one) => !stats.has(one.client.id)).slice(0, MOST_UNUSED);
}
