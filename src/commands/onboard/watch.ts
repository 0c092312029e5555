import { McpkcError } from '../../errors.ts';
import { type Arrival, withSession } from '../../keycloak/watch/newcomers.ts';
import { adoptable } from '../../products/adoptable.ts';
import type { Client } from '../../realm/representations.ts';
import { brief, visible } from '../../text.ts';
import { type Run, tell } from './run.ts';
import type { Window } from './window.ts';

/** Requests to Keycloak while watching: at most two a second. */
const PACE_MS = 500;
/** A look that took many requests is not paid for by not looking for long. */
const LONGEST_PAUSE_MS = 5000;
/** After this many looks it is asked whether the window is still this run's own. */
const LOOKS_BETWEEN_MARKS = 15;

/** A newcomer that is not adopted, and why. */
export interface Other {
  client: Client;
  reason: string;
}

/** How a watch ended. */
export interface Watched {
  adopted: Client | undefined;
  /** All adoptable ones of the read that first showed one, where there are several. */
  several: Client[];
  others: Other[];
}

/** When a watch ends: at the first registration, or at the first sign-in. */
export type Until = 'registered' | 'connected';

/** A client for people: its name, cut and made harmless, and its id. */
export function called({ name, clientId }: Pick<Client, 'name' | 'clientId'>): string {
  return name ? `${brief(name, 40)} (${visible(clientId)})` : visible(clientId);
}

/** What a watch has seen so far. */
interface Seen {
  candidates: Client[];
  others: Other[];
  looks: number;
  /** Keycloak did not answer the last time. */
  away: boolean;
}

/** Watches until an adoptable client registers (or signs in), or the time is up. */
export async function watch(run: Run, window: Window, until: Until, deadline: number): Promise<Watched> {
  const seen: Seen = { candidates: [], others: [], looks: 0, away: false };
  for (;;) {
    let requests = 1;
    try {
      const step = await lookOnce(run, window, until, seen);
      if ('adopted' in step) return step;
      requests = step.requests;
      if (seen.away) tell(run, 'Keycloak answers again.');
      seen.away = false;
    } catch (error) {
      if (run.signal.aborted || !(error instanceof McpkcError) || error.exitStatus !== 3) throw error;
      if (!seen.away) tell(run, `${error.message} Waiting for it.`);
      seen.away = true;
    }
    const rest = deadline - run.io.now();
    if (rest <= 0) return { adopted: undefined, several: [], others: failed(seen, undefined) };
    await run.io.sleep(Math.min(PACE_MS * requests, LONGEST_PAUSE_MS, rest), run.signal);
  }
}

async function lookOnce(
  run: Run,
  window: Window,
  until: Until,
  seen: Seen,
): Promise<Watched | { requests: number }> {
  const arrival = await window.newcomers.look();
  let { requests } = arrival;
  tellRefusals(run, arrival);
  const fresh = sortNewcomers(run, arrival.clients, seen.others);
  seen.candidates.push(...fresh);
  if (until === 'registered' && fresh.length > 0) return first(fresh, seen.others);
  if (until === 'connected' && seen.candidates.length > 0) {
    requests += 1;
    const connected = await firstConnected(run, seen.candidates);
    if (connected) return { adopted: connected, several: [], others: failed(seen, connected) };
  }
  seen.looks += 1;
  if (seen.looks % LOOKS_BETWEEN_MARKS === 0) {
    requests += 1;
    await window.requireOurs();
  }
  return { requests };
}

function first(fresh: readonly Client[], others: Other[]): Watched {
  const [only, ...more] = fresh;
  if (more.length === 0) return { adopted: only, several: [], others };
  return { adopted: undefined, several: [...fresh], others };
}

/** Tells of each newcomer; gives the adoptable ones. */
function sortNewcomers(run: Run, clients: readonly Client[], others: Other[]): Client[] {
  const fresh: Client[] = [];
  for (const client of clients) {
    const verdict = adoptable(client, run.presets);
    if (verdict.adoptable) {
      tell(run, `${verdict.preset.title} registered: ${called(client)}`);
      fresh.push(client);
    } else {
      tell(run, `Not adopted: ${called(client)}, since ${visible(verdict.reason)}`);
      others.push({ client, reason: verdict.reason });
    }
  }
  return fresh;
}

async function firstConnected(run: Run, candidates: readonly Client[]): Promise<Client | undefined> {
  // The newest attempt is the likeliest to be the one that worked.
  const connected = (await withSession(run.keycloak, candidates)).at(-1);
  if (connected) tell(run, `${called(connected)} signed in.`);
  return connected;
}

function failed({ candidates, others }: Seen, connected: Client | undefined): Other[] {
  const reason = connected
    ? 'it registered but another one signed in'
    : 'it registered but nobody signed in with it';
  return [
    ...others,
    ...candidates.filter((client) => client !== connected).map((client) => ({ client, reason })),
  ];
}

const REFUSED: Record<string, string> = {
  'Trusted Hosts':
    'a redirect URI or the client URI is at a host that isn’t listed: mcpkc trusted-hosts shows the list, --preset adds a product’s hosts',
  'Max Clients Limit': 'the realm has as many clients as the policy allows: mcpkc prune-clients',
  'Allowed Client Scopes':
    'it named a scope that registrations may not name: mcpkc status says which may be named',
};

function tellRefusals(run: Run, { refusals }: Arrival): void {
  for (const { policy, address } of refusals) {
    const from = address === '' ? 'an unknown address' : visible(address);
    const by = policy === '' ? 'Keycloak doesn’t say why' : `by the policy '${visible(policy)}'`;
    const why = REFUSED[policy];
    tell(run, `A registration from ${from} was refused, ${by}${why ? `: ${why}` : ''}.`);
  }
}
