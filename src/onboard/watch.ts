import { adoptable } from '../clients/adoptable.ts';
import { McpkcError } from '../errors.ts';
import { hasSession, type Newcomers } from '../keycloak/newcomers.ts';
import type { Client } from '../keycloak/representations.ts';
import { brief, visible } from '../render/text.ts';
import { type Run, tell } from './run.ts';

/** Requests to Keycloak while watching: at most two a second. */
const PACE_MS = 500;

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

/** Watches until an adoptable client registers (or signs in), or the time is up. */
export async function watch(
  run: Run,
  newcomers: Newcomers,
  until: Until,
  deadline: number,
): Promise<Watched> {
  const candidates: Client[] = [];
  const others: Other[] = [];
  let away = false;
  for (;;) {
    let requests = 1;
    try {
      const arrival = await newcomers.look();
      requests = arrival.requests;
      if (away) tell(run, 'Keycloak answers again.');
      away = false;
      for (const refusal of arrival.refusals) tellRefusal(run, refusal);
      const fresh = sortNewcomers(run, arrival.clients, others);
      candidates.push(...fresh);
      if (until === 'registered' && fresh.length > 0) return first(fresh, others);
      const connected = until === 'connected' ? await firstConnected(run, candidates) : undefined;
      requests += 2 * candidates.length;
      if (connected)
        return { adopted: connected, several: [], others: failed(candidates, connected, others) };
    } catch (error) {
      if (run.signal.aborted || !(error instanceof McpkcError) || error.exitStatus !== 3) throw error;
      if (!away) tell(run, `${error.message} Waiting for it.`);
      away = true;
    }
    if (run.io.now() >= deadline)
      return { adopted: undefined, several: [], others: failed(candidates, undefined, others) };
    await run.io.sleep(PACE_MS * requests, run.signal);
  }
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
      tell(run, `${called(client)} registered too and is not adopted: ${visible(verdict.reason)}`);
      others.push({ client, reason: verdict.reason });
    }
  }
  return fresh;
}

async function firstConnected(run: Run, candidates: readonly Client[]): Promise<Client | undefined> {
  // The newest attempt is the likeliest to be the one that worked.
  for (const client of candidates.toReversed()) {
    if (await hasSession(run.keycloak, client.id)) {
      tell(run, `${called(client)} signed in.`);
      return client;
    }
  }
  return undefined;
}

function failed(candidates: readonly Client[], connected: Client | undefined, others: Other[]): Other[] {
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
    'a redirect URI or the client URI is at a host that isn’t listed: mcpkc trusted-hosts, and --preset for the product that you connect',
  'Max Clients Limit': 'the realm has as many clients as the policy allows: mcpkc prune-clients',
  'Allowed Client Scopes': 'it named a scope that registrations may not name: mcpkc status says which',
};

function tellRefusal(run: Run, { policy, address }: { policy: string; address: string }): void {
  const from = address === '' ? 'an unknown address' : visible(address);
  const by = policy === '' ? 'Keycloak doesn’t say by what' : `by the policy '${visible(policy)}'`;
  const why = REFUSED[policy];
  tell(run, `A registration from ${from} was refused, ${by}${why ? `: ${why}` : ''}.`);
}
