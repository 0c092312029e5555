import { McpkcError } from '../../errors.ts';
import { readSessionStats, readSignIns } from '../../keycloak/read/sessions.ts';
import type { Newcomers } from '../../keycloak/watch/newcomers.ts';
import type { Refusal } from '../../keycloak/watch/registration-log.ts';
import { changesOf } from '../../plan/plan.ts';
import type { Client } from '../../realm/representations.ts';
import { visible } from '../../text.ts';
import { careForHeld, type Held, meet, type SeenNewcomer } from './holding.ts';
import { labelClient, type Onboarding, tell } from './onboarding.ts';

/** The pace while nobody has come: at most four requests a second. */
const IDLE_PACE_MS = 250;
/** The pace afterwards: at most six. */
const BUSY_PACE_MS = 167;
/** The longest pause: a look that took many requests is not paid for by not looking for long. */
const LONGEST_PAUSE_MS = 5000;
/** A registration may be one of several attempts, and some products register twice, a second or two apart. */
const SETTLING_MS = 2000;
const SETTLING_TWICE_MS = 4000;
/** A second sign-in within this time makes a person choose. */
const CONFIRMING_MS = 1000;

/** The end of a watch: the first registration, or the first sign-in. */
export type Until = 'registered' | 'connected';

/** The subject of a watch. */
export interface Awaited {
  until: Until;
  /** `--user`: that person's sign-in alone counts. */
  user: string | undefined;
  /** The end, in milliseconds of the run's clock. */
  deadline: number;
}

/** Watches until a newcomer is the connector, or several may be it; none of them when the time is up. */
export async function watch(
  run: Onboarding,
  newcomers: Newcomers,
  scopeId: string,
  seen: SeenNewcomer,
  awaited: Awaited,
): Promise<Held[]> {
  let away = false;
  let decidedAt: number | undefined;
  const tellAway = ({ message }: McpkcError) => {
    if (!away) tell(run, `${message} Waiting for it.`);
  };
  for (let looks = 0; ; looks++) {
    const began = run.io.now();
    let requests = 1;
    let winners: Held[] = [];
    try {
      const looked = await look(run, newcomers, scopeId, seen, awaited.deadline);
      ({ requests } = looked);
      const asks =
        awaited.until === 'connected' && seen.held.length > 0 && (looks % 2 === 0 || requests === 0);
      if (asks || decidedAt !== undefined) {
        requests += 1;
        winners = await connected(run, seen.held, awaited.user);
      }
      if (awaited.until === 'registered') winners = registered(run, seen.held);
      if (looked.failure) tellAway(looked.failure);
      else if (away) tell(run, 'Keycloak answers again.');
      away = looked.failure !== undefined;
    } catch (error) {
      if (run.signal.aborted || !(error instanceof McpkcError) || error.exitStatus !== 3) throw error;
      tellAway(error);
      away = true;
    }
    const now = run.io.now();
    const rest = awaited.deadline - now;
    run.voice.progress(waitingText(seen, awaited, rest));
    if (winners.length > 0) {
      decidedAt ??= awaited.until === 'registered' ? now - CONFIRMING_MS : now;
      if (now - decidedAt >= CONFIRMING_MS || rest <= 0) return winners;
    }
    if (rest <= 0) return [];
    const pace = (seen.held.length > 0 ? BUSY_PACE_MS : IDLE_PACE_MS) * requests;
    const pause = Math.max(0, Math.min(pace, LONGEST_PAUSE_MS) - (now - began));
    await run.io.sleep(Math.min(pause, rest), run.signal);
  }
}

/** The words for the wait: its subject, and the time left. */
function waitingText({ held }: SeenNewcomer, { until }: Awaited, restMs: number): string {
  const seconds = Math.max(0, Math.ceil(restMs / 1000));
  const left = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} left`;
  const what = held.length === 0 || until === 'registered' ? 'a registration' : 'a sign-in';
  return `waiting for ${what}, ${left}`;
}

/** One look; returns the number of requests, those that adopt apart, and a failure that stopped an adoption. */
async function look(
  run: Onboarding,
  newcomers: Newcomers,
  scopeId: string,
  seen: SeenNewcomer,
  deadline: number,
): Promise<{ requests: number; failure?: McpkcError }> {
  const arrival = await newcomers.look();
  tellRefusals(run, arrival.refusals);
  if (arrival.eventsEnded)
    tell(
      run,
      'The realm stores no events of registrations any more: who came in the last seconds is not seen.',
    );
  for (const newcomer of arrival.newcomers)
    if (!isMade(run, newcomer.client)) meet(run, newcomer, scopeId, seen, deadline);
  const { requests, ...rest } = await careForHeld(run, seen);
  return { ...rest, requests: Math.max(1, arrival.requests) + requests };
}

/** Whether this run made the client itself, to stand for the MCP server. */
function isMade({ changes }: Onboarding, { id }: Client): boolean {
  return changesOf(changes, 'resource-client').some(({ after }) => after?.id === id);
}

/** Those that signed in, each told once; the record of sessions needs no events. */
async function connected(run: Onboarding, held: readonly Held[], user: string | undefined): Promise<Held[]> {
  const stats = await readSessionStats(run.keycloak);
  const some = held.filter(({ client, granted }) => {
    if (!granted) return false;
    const { active, offline } = stats.get(client.id) ?? { active: 0, offline: 0 };
    return active + offline > 0;
  });
  for (const one of some) {
    if (one.signIns.length > 0) continue;
    one.signIns = await readSignIns(run.keycloak, one.client.id);
    const who = one.signIns.map(({ username, address }) => {
      const from = address === undefined ? '' : ` from ${visible(address)}`;
      return `${username === undefined ? 'somebody' : visible(username)}${from}`;
    });
    if (who.length > 0) tell(run, `${labelClient(one.client)}: ${[...new Set(who)].join(', ')} signed in.`);
  }
  const isWanted = ({ signIns }: Held) =>
    user === undefined || signIns.some(({ username }) => username?.toLowerCase() === user.toLowerCase());
  return some.filter(isWanted);
}

/** Those that registered, once no more come. Of a pair by a product that registers twice, the later one signs in. */
function registered(run: Onboarding, held: readonly Held[]): Held[] {
  const last = held.at(-1);
  if (!last || held.some(({ granted }) => !granted)) return [];
  const twice = held.some(({ product }) => product.registersTwice !== 'no');
  if (run.io.now() - last.at < (twice ? SETTLING_TWICE_MS : SETTLING_MS)) return [];
  const [first, second] = held;
  return held.length === 2 && first && second && isPair(first, second) ? [second] : [...held];
}

function isPair(first: Held, second: Held): boolean {
  const { product, address, client } = first;
  return (
    product.registersTwice === 'yes' &&
    second.product === product &&
    address !== undefined &&
    second.address === address &&
    second.client.name === client.name &&
    JSON.stringify(second.client.redirectUris) === JSON.stringify(client.redirectUris)
  );
}

const REFUSED: Record<string, string> = {
  'Trusted Hosts':
    'a redirect URI or the client URI is at a host that isn’t listed: mcpkc trusted-hosts shows the list, --preset adds a product’s hosts',
  'Max Clients Limit': 'the realm has as many clients as the policy allows: mcpkc prune-clients',
  'Allowed Client Scopes':
    'it named a scope that registrations may not name: mcpkc status shows which may be named',
};

const REFUSED_BY_CLIENT_POLICY =
  'mcpkc’s own lets in the redirect URIs of wanted products: mcpkc trusted-hosts shows them, --preset or --add lets in more.';

function tellRefusals(run: Onboarding, refusals: readonly Refusal[]): void {
  for (const { policy, detail, address } of refusals) {
    const from = address === '' ? 'an unknown address' : visible(address);
    const why = Object.hasOwn(REFUSED, policy) ? `: ${REFUSED[policy]}` : '';
    if (detail !== '') {
      const most = `A registration from ${from} was refused by a client policy (${visible(detail)})`;
      tell(run, `${most}. ${REFUSED_BY_CLIENT_POLICY}`);
      continue;
    }
    const by = policy === '' ? 'Keycloak doesn’t tell why' : `by the policy '${visible(policy)}'`;
    tell(run, `A registration from ${from} was refused, ${by}${why}.`);
  }
}
