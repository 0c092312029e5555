import { registration } from '../clients/dynamic.ts';
import { McpkcError } from '../errors.ts';
import { applyAndVerify } from '../keycloak/apply.ts';
import { allClients } from '../keycloak/clients.ts';
import type { Keycloak } from '../keycloak/connect.ts';
import { clientsOf, readAllEvents } from '../keycloak/events.ts';
import { holderOf } from '../keycloak/lock.ts';
import { storesRegistrations } from '../keycloak/newcomers.ts';
import type { Client } from '../keycloak/representations.ts';
import { type RealmSnapshot, readRealm } from '../keycloak/snapshot.ts';
import type { Assignment, DesiredClient, WindowMark } from '../provision/desired.ts';
import { adoptedScopes, given, withdrawn } from '../provision/provisioned.ts';
import { settled, unmarked } from '../provision/windows.ts';
import { heldAs } from '../resources/client-scope-assignment.ts';
import { planFor } from '../resources/index.ts';
import { type Run, tell } from './run.ts';
import { openWindow } from './window.ts';

/** How long closing is tried again while Keycloak is away. */
const CLOSING_MS = 60_000;
/** Newcomers are looked for from a little before the window's time, which is this machine's clock, not the server's. */
const CLOCK_MARGIN_MS = 5 * 60_000;

/**
 * Closes a window, whatever happened in it: the scope goes back to where it was, the adopted client keeps it by itself,
 * clients that inherited it meanwhile lose it, the mark goes last. Runs to its end even after an interruption, tries
 * again while Keycloak is away, and throws WINDOW_NOT_CLOSED with what is left when a minute of that was in vain.
 */
export async function settle(run: Run, mark: WindowMark, adopted: Client | undefined): Promise<void> {
  const { io } = run;
  const deadline = io.now() + CLOSING_MS;
  for (let round = 1; ; round++) {
    const keycloak = run.keycloak.withSignal(AbortSignal.timeout(CLOSING_MS));
    try {
      await settleOnce({ ...run, keycloak }, keycloak, mark, adopted);
      return;
    } catch (error) {
      if (!isPassing(error) || io.now() >= deadline) throw notClosed(run, error);
      if (round === 1) tell(run, 'Keycloak is away; the window is closed as soon as it answers.');
      await io.sleep(1000);
    }
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof McpkcError && (error.exitStatus === 3 || error.code === 'LOCK_HELD');
}

function notClosed({ scope, resource }: Run, error: unknown): unknown {
  if (!(error instanceof McpkcError)) return error;
  if (error.code === 'WINDOW_LIVE') return error;
  const message = `The window for '${scope}' could not be closed: ${error.message}\nUntil it is, every client that registers can get the audience ${resource}.`;
  return new McpkcError(
    'WINDOW_NOT_CLOSED',
    message,
    `As soon as Keycloak answers: mcpkc onboard ${resource} --close`,
    {
      cause: error,
      details: { scope, resource, reason: error.code },
    },
  );
}

async function settleOnce(
  run: Run,
  keycloak: Keycloak,
  mark: WindowMark,
  adopted: Client | undefined,
): Promise<void> {
  const { io, scope } = run;
  // The signal that ended the run must not end its clean-up.
  const applying = { io, holder: holderOf(io, 'onboard'), signal: keycloak.waiting.signal };
  const written = (change: Run['changes'][number]) => run.changes.push(change);
  const closing = await readRealm(keycloak, adopted ? [adopted.clientId] : []);
  const open = openWindow(closing, scope);
  if (open && open.since !== mark.since) {
    const message = `The window for '${scope}' was taken over by ${open.by} on ${open.host}.`;
    throw new McpkcError('WINDOW_LIVE', message, 'That run closes it; nothing of it was changed here.');
  }
  if (!open) return;
  // Who comes after this inherits nothing; so only then is it known who did.
  const own = adoption(closing, scope, adopted);
  const first = settled({ scope, before: mark.before, ...own });
  await applyAndVerify(keycloak, planFor(first, closing), first, closing, {
    ...applying,
    onApplied: written,
  });
  const swept = mark.before === 'none' ? await newcomersOf(keycloak, run, mark) : [];
  const snapshot = await readRealm(keycloak, adopted ? [adopted.clientId] : []);
  snapshot.clients.push(...swept.filter(({ id }) => !snapshot.clients.some((client) => client.id === id)));
  const rest = settled({ scope, before: mark.before, ...sweep(swept, scope, adopted) });
  const now = await applyAndVerify(keycloak, planFor(rest, snapshot), rest, snapshot, {
    ...applying,
    onApplied: written,
  });
  const last = unmarked(scope);
  await applyAndVerify(keycloak, planFor(last, now), last, now, { ...applying, onApplied: written });
}

function adoption(snapshot: RealmSnapshot, scope: string, adopted: Client | undefined) {
  if (!adopted) return { assignments: [], clients: [] };
  const now = snapshot.clients.find(({ id }) => id === adopted.id);
  if (!now) return { assignments: [], clients: [] };
  const { assignment, mark } = given(
    now,
    now.clientId,
    scope,
    'since it is the connector that this window was opened for',
  );
  return { assignments: [assignment], clients: [mark] };
}

/** What becomes of those that registered meanwhile: who is marked keeps the scope, who inherited it loses it. */
function sweep(newcomers: readonly Client[], scope: string, adopted: Client | undefined) {
  const assignments: Assignment[] = [];
  const clients: DesiredClient[] = [];
  for (const client of newcomers) {
    const { clientId } = client;
    if (client.id === adopted?.id) continue;
    if (adoptedScopes(client).includes(scope)) {
      // A run that was killed had marked it: what it began is finished.
      assignments.push(
        given(client, clientId, scope, 'since a run that was cut short had adopted it').assignment,
      );
    } else if (heldAs(client, scope) !== 'none') {
      const one = withdrawn(
        client,
        clientId,
        scope,
        'since it registered during the window and was not adopted',
      );
      assignments.push(one.assignment);
      clients.push(one.mark);
    }
  }
  return { assignments, clients };
}

/** The clients that registered by themselves since the window was opened. */
async function newcomersOf(keycloak: Keycloak, run: Run, mark: WindowMark): Promise<Client[]> {
  const since = Date.parse(mark.since) - CLOCK_MARGIN_MS;
  const isDynamic = (client: Client) => registration(client).kind !== 'other';
  if (mark.watch === 'events' && Number.isFinite(since) && (await storesRegistrations(keycloak))) {
    const events = await readAllEvents(keycloak, ['CLIENT_REGISTER'], since);
    return (await clientsOf(keycloak, events)).filter(isDynamic);
  }
  const found: Client[] = [];
  for await (const page of allClients(keycloak)) {
    found.push(...page.filter((client) => isDynamic(client) && heldAs(client, run.scope) !== 'none'));
  }
  return mark.watch === 'paging' ? found : found.filter((client) => mayBeNewcomer(client, since));
}

/** Whether a client may have come since; one that says that it is older keeps what it holds. */
function mayBeNewcomer(client: Client, since: number): boolean {
  const created = Number(client.attributes['client.secret.creation.time'] ?? Number.NaN) * 1000;
  return Number.isFinite(created) && created >= since;
}
