import { McpkcError } from '../../errors.ts';
import { statusOf } from '../../keycloak/connection/failures.ts';
import { mapSome } from '../../keycloak/connection/lists.ts';
import { findClientById } from '../../keycloak/read/clients.ts';
import { readRecord } from '../../keycloak/read/record.ts';
import type { SignIn } from '../../keycloak/read/sessions.ts';
import type { Newcomer } from '../../keycloak/watch/newcomers.ts';
import { type Grant, grantScope, revokeScope } from '../../keycloak/write/provisional.ts';
import { writeRecord } from '../../keycloak/write/record.ts';
import { readTokenState, revokeRegistrationToken } from '../../keycloak/write/registration-token.ts';
import { adoptionEntries } from '../../plan/adopted.ts';
import { judgeAdoption } from '../../products/adoptable.ts';
import type { Preset } from '../../products/preset.ts';
import { heldAs } from '../../realm/lists.ts';
import {
  adoptionOf,
  clientKeyOf,
  type Provisional,
  provisionalIn,
  RECORD_CLIENT,
} from '../../realm/record.ts';
import type { Client } from '../../realm/representations.ts';
import { formatCommand, visible } from '../../text.ts';
import { labelClient, type Onboarding, tell } from './onboarding.ts';

/** The time for which revoking is tried again while Keycloak is away. */
const WITHDRAWING_MS = 60_000;
/** The time after the watch, for the steps that follow it: a minute. */
const AFTER_MS = 60_000;
/**
 * The time until a registrant's request that was under way at the revocation is done. A later change shows that he has
 * another token.
 */
const PROVING_MS = 1000;
/** The most times that a client is adopted again while somebody goes on changing it. */
const MOST_ROUNDS = 3;
/**
 * The time limit for revoking. It waits for a change that is under way, as long as the registrant lets it last; nobody
 * else waits with it.
 */
const REVOKING_MS = 5000;
/** The time after which a client is given up where it fails while Keycloak does everything else. */
const FAILING_MS = 15_000;

/** A newcomer that holds the audience for the time being. */
export interface Held {
  client: Client;
  product: Preset;
  address: string | undefined;
  /** The time at which it was met, in milliseconds of the run's clock. */
  at: number;
  entry: Provisional;
  grant: Grant;
  /** Whether it holds the audience already: false while Keycloak was away in between. */
  granted: boolean;
  /** The proof that its registrant's token is dead, and the time since which that is so. */
  revoked: { token: string; at: number } | undefined;
  /** Whether that was shown. */
  proved: boolean;
  /** The number of times that it was not so. */
  rounds: number;
  /** The time since which Keycloak fails to grant or revoke. */
  failingSince: number | undefined;
  /** The users who signed in with it, as last seen. */
  signIns: SignIn[];
}

/** A newcomer that is not adopted, and the reason. */
export interface Other {
  client: Client;
  reason: string;
  /** Whether an adoption would accept it: then there is a command for it. */
  adoptable: boolean;
}

/** Everybody who came. */
export interface SeenNewcomer {
  held: Held[];
  others: Other[];
}

/** Meets a newcomer: one that an adoption accepts is to hold the audience for the time being. */
export function meet(
  run: Onboarding,
  newcomer: Newcomer,
  scopeId: string,
  seen: SeenNewcomer,
  deadline: number,
): void {
  const { client, address } = newcomer;
  const first = judgeAdoption(client, run.presets);
  // The record itself, where this run made it.
  if (client.clientId === RECORD_CLIENT) return;
  if (!first.adoptable) {
    refuse(run, newcomer, first.reason, seen);
    return;
  }
  seen.held.push({
    client,
    product: first.preset,
    address,
    at: run.io.now(),
    entry: provisionalOf(run, client, deadline),
    grant: { client, scopeId, before: heldAs(client, run.carrier) },
    granted: false,
    revoked: undefined,
    proved: false,
    rounds: 0,
    failingSince: undefined,
    signIns: [],
  });
}

/**
 * Lets newcomers hold the audience for the time being, and looks whether the registrants' tokens stay dead. One for
 * which Keycloak fails stops nobody else: that failure is returned, and it is tried again at the next look. The result
 * has the number of requests for looking, too.
 */
export async function careForHeld(
  run: Onboarding,
  seen: SeenNewcomer,
): Promise<{ requests: number; failure?: McpkcError }> {
  let failure: McpkcError | undefined;
  let requests = 0;
  for (const held of [...seen.held]) {
    run.signal.throwIfAborted();
    try {
      if (!held.granted) await grantProvisionally(run, held, seen);
      else if (!held.proved && isDue(run, held)) {
        requests += 1;
        if (!(await isRevoked(run, held))) await takeBack(run, held, seen);
      }
      held.failingSince = undefined;
    } catch (error) {
      if (run.signal.aborted || !isPassing(error)) throw error;
      failure = error;
      held.failingSince ??= run.io.now();
      if (run.io.now() - held.failingSince >= FAILING_MS && seen.held.includes(held))
        await drop(
          run,
          held,
          seen,
          `Keycloak could not revoke its registration access token: ${error.message}`,
        );
    }
  }
  return failure === undefined ? { requests } : { requests, failure };
}

function isPassing(error: unknown): error is McpkcError {
  return error instanceof McpkcError && error.exitStatus === 3;
}

function isDue({ io }: Onboarding, { revoked }: Held): boolean {
  return revoked !== undefined && io.now() - revoked.at >= PROVING_MS;
}

/** Whether nobody but mcpkc can change the client by a registration access token, as far as Keycloak tells. */
async function isRevoked(run: Onboarding, held: Held): Promise<boolean> {
  if (held.proved || held.revoked === undefined) return held.proved;
  const state = await readTokenState(run.keycloak, held.client, held.revoked.token);
  // Another run that met it earlier, and revoked the token again, sees to it.
  held.proved = state !== 'alive' || (await isAnothers(run, held));
  return held.proved;
}

async function isAnothers({ keycloak, me }: Onboarding, { client, entry }: Held): Promise<boolean> {
  const order = (one: Provisional) => `${one.since} ${one.run.nonce}`;
  return provisionalIn(await readRecord(keycloak)).some(
    (one) => one.client.id === client.id && one.run.nonce !== me.nonce && order(one) < order(entry),
  );
}

/**
 * The registrant has a token all the same: the client loses the audience, and is revoked and judged anew, or given up.
 */
async function takeBack(run: Onboarding, held: Held, seen: SeenNewcomer): Promise<void> {
  await revokeScope(run.keycloak, held.grant);
  held.granted = false;
  held.revoked = undefined;
  held.rounds += 1;
  if (held.rounds < MOST_ROUNDS) return;
  await drop(run, held, seen, 'somebody goes on changing it by its registration access token');
}

async function drop(run: Onboarding, held: Held, seen: SeenNewcomer, reason: string): Promise<void> {
  // A write that an interruption cuts off might be carried out after everything was revoked.
  await writeRecord(run.keycloak.withSignal(new AbortController().signal), { forget: [held.entry] });
  seen.held.splice(seen.held.indexOf(held), 1);
  refuse(run, held, reason, seen);
}

/**
 * Lets a newcomer hold the audience for the time being. Its registrant's token is revoked and the record notes it
 * first. Then the client is read and judged again, since until then it could change itself. May be repeated where
 * Keycloak was away.
 */
async function grantProvisionally(run: Onboarding, held: Held, seen: SeenNewcomer): Promise<void> {
  // A write that an interruption cuts off might be carried out after everything was revoked.
  const keycloak = run.keycloak.withSignal(new AbortController().signal);
  const { client, entry, product } = held;
  const [token] = await Promise.all([revokeToken(run, client), writeRecord(keycloak, { remember: [entry] })]);
  held.revoked = token === undefined ? undefined : { token, at: run.io.now() };
  const now = token === undefined ? undefined : await findClientById(keycloak, client.id);
  if (!now) return drop(run, held, seen, 'it is gone');
  const again = judgeAdoption(now, run.presets);
  if (!again.adoptable) return drop(run, held, seen, again.reason);
  if (clientKeyOf(now) !== entry.key) return drop(run, held, seen, 'it changed itself');
  held.client = now;
  held.grant.before = heldAs(now, run.carrier);
  try {
    await grantScope(keycloak, held.grant);
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
    return drop(run, held, seen, 'it, or the audience scope, is gone');
  }
  held.granted = true;
  if (held.rounds > 0) return;
  tell(run, `${product.title} registered: ${described(held)}. It has the audience for the time being.`);
}

/**
 * A change by the registrant holds the row of the client while it lasts, and the registrant can draw it out. Keycloak
 * then fails (H2) or waits (PostgreSQL).
 */
async function revokeToken(run: Onboarding, client: Client): Promise<string | undefined> {
  // biome-ignore lint/plugin/clock: a limit for what somebody else can draw out.
  const limit = AbortSignal.timeout(REVOKING_MS);
  try {
    return await revokeRegistrationToken(run.keycloak.withSignal(limit), client);
  } catch (error) {
    if (!limit.aborted) throw error;
    const message = `Keycloak did not revoke the registration access token of ${labelClient(client)} within ${REVOKING_MS / 1000} s.`;
    throw new McpkcError('KEYCLOAK_ERROR', message, 'Somebody may be changing the client all the time.');
  }
}

function refuse(run: Onboarding, newcomer: Newcomer, reason: string, { others }: SeenNewcomer): void {
  tell(run, `Not adopted: ${described(newcomer)}, since ${visible(reason)}`);
  others.push({ client: newcomer.client, reason, adoptable: false });
}

/** The facts that tell a newcomer from others like it. */
function described({ client, address }: Newcomer): string {
  const from = address === undefined ? '' : `, from ${visible(address)}`;
  const [uri, ...more] = client.redirectUris;
  const to = uri === undefined ? '' : `, redirects to ${visible(uri)}${more.length > 0 ? ' …' : ''}`;
  return `${labelClient(client)}${from}${to}`;
}

function provisionalOf(run: Onboarding, client: Client, deadline: number): Provisional {
  const now = run.keycloak.serverNow();
  const { id, clientId } = client;
  return {
    kind: 'provisional',
    client: { id, clientId },
    key: clientKeyOf(client),
    resource: run.resource,
    scope: run.carrier,
    since: new Date(now).toISOString(),
    until: new Date(now + Math.max(0, deadline - run.io.now()) + AFTER_MS).toISOString(),
    run: run.me,
  };
}

/**
 * Lets the connector keep the audience: the record notes it in one write. Undefined where it is gone, or is another one
 * now.
 */
export async function keep(run: Onboarding, held: Held): Promise<Client | undefined> {
  const { carrier, resource, me } = run;
  const { client, entry } = held;
  if (held.revoked === undefined) return undefined;
  if (!held.proved) {
    const rest = held.revoked.at + PROVING_MS - run.io.now();
    if (rest > 0) await run.io.sleep(rest);
    if (!(await isRevoked(run, held))) return undefined;
  }
  // A write that began is finished: an interruption must not leave it between record and scope.
  const keycloak = run.keycloak.withSignal(new AbortController().signal);
  const now = await findClientById(keycloak, client.id);
  if (!now || clientKeyOf(now) !== entry.key || !judgeAdoption(now, run.presets).adoptable) return undefined;
  await writeRecord(keycloak, { remember: adoptionEntries(run, now), forget: [entry] });
  // Another run that waited too may have revoked it a moment ago.
  if (heldAs(now, carrier) !== 'default')
    await grantScope(keycloak, { ...held.grant, before: heldAs(now, carrier) });
  const { clientId } = now;
  run.changes.push({
    kind: 'client-scope-assignment',
    action: 'attach',
    key: `${clientId} ${carrier}`,
    before: { clientId, scope: carrier, list: held.grant.before },
    after: { clientId, scope: carrier, list: 'default' },
    why: `since it is the connector of ${resource} that was waited for (by ${me.by})`,
  });
  return now;
}

/**
 * Revokes the audience of those that held it for the time being. Runs to its end even after an interruption, and tries
 * again while Keycloak is away. Throws NOT_WITHDRAWN with the rest when a minute of that timed out.
 */
export async function revokeHeld(run: Onboarding, held: readonly Held[]): Promise<void> {
  if (held.length === 0) return;
  const deadline = run.io.now() + WITHDRAWING_MS;
  for (let round = 1; ; round++) {
    // biome-ignore lint/plugin/clock: the signal that ended the run must not end its clean-up; a limit for it.
    const keycloak = run.keycloak.withSignal(AbortSignal.timeout(WITHDRAWING_MS));
    try {
      const record = await readRecord(keycloak);
      // A client that another run adopted meanwhile is not this run's to revoke.
      const isFree = ({ client }: Held) => adoptionOf(record, run.resource, client).state !== 'same';
      const own = held.filter(isFree);
      await mapSome(own, ({ grant }) => revokeScope(keycloak, grant));
      await writeRecord(keycloak, { forget: held.map(({ entry }) => entry) });
      return;
    } catch (error) {
      const passing = error instanceof McpkcError && error.exitStatus === 3;
      if (!passing || run.io.now() >= deadline) throw notWithdrawnError(run, held, error);
      if (round === 1) tell(run, `${error.message} The audience is revoked as soon as that has passed.`);
      await run.io.sleep(1000);
    }
  }
}

/** Clients that could not be freed of the audience (NOT_WITHDRAWN, exit status 3), and the command that does it. */
function notWithdrawnError(run: Onboarding, held: readonly Held[], error: unknown): McpkcError {
  const { resource, carrier } = run;
  const reason = error instanceof Error ? error.message : String(error);
  const names = held.map(({ client }) => labelClient(client)).join('; ');
  const message = `The audience ${resource} could not be revoked: ${reason}\nStill held for the time being by: ${names}.`;
  const fix = `The record shows it, and the next command that writes revokes it. As soon as Keycloak answers:\n${formatCommand(['onboard', resource, '--close'])}`;
  return new McpkcError('NOT_WITHDRAWN', message, fix, {
    cause: error,
    details: {
      resource,
      scope: carrier,
      clients: held.map(({ client: { clientId } }) => clientId),
      reason: error instanceof McpkcError ? error.code : 'BUG',
    },
  });
}
