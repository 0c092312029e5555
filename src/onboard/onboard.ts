import { McpkcError } from '../errors.ts';
import { findClient } from '../keycloak/clients.ts';
import { exampleUser } from '../keycloak/example-token.ts';
import type { Client } from '../keycloak/representations.ts';
import { readRealm } from '../keycloak/snapshot.ts';
import { type Plan, requireConsent } from '../plan.ts';
import type { Desired, WindowMark } from '../provision/desired.ts';
import { commonReservations } from '../provision/input.ts';
import { provisioned } from '../provision/provisioned.ts';
import { shellWord, visible } from '../render/text.ts';
import { planFor } from '../resources/index.ts';
import { instructions } from './instructions.ts';
import type { Prepared } from './prepare.ts';
import { proveAudience } from './prove.ts';
import { type Run, tell } from './run.ts';
import { settle } from './settle.ts';
import { called, type Other, type Until, type Watched, watch } from './watch.ts';
import { isLive, open, openWindow, provision, requireNotLive, type Window } from './window.ts';

/** What an onboarding came to. */
export interface Onboarded {
  run: Run;
  client: Client | undefined;
  others: Other[];
  /** `aud` of the client's example token; undefined where it wasn't asked for. */
  audience: string[] | undefined;
}

/** How `onboard` shall go about it. */
export interface Manner {
  timeoutMs: number;
  until: Until;
  yes: boolean;
  /** Asks which of several to adopt; undefined where nobody can be asked. */
  choose: ((clients: readonly Client[]) => Promise<Client | undefined>) | undefined;
}

/** What would be written before the window: the plan of `--dry-run`, and of a client that is named. */
export function basePlan({ base, snapshot }: Prepared): { desired: Desired; plan: Plan } {
  const desired = provisioned(base);
  return { desired, plan: planFor(desired, snapshot) };
}

/** Gives the scope to a client that is there already, and proves it. */
export async function onboardNamed(prepared: Prepared, client: Client, yes: boolean): Promise<Onboarded> {
  const { run } = prepared;
  const userId = await exampleUser(run.keycloak);
  await settleStale(prepared, yes);
  const { desired, plan } = basePlan(prepared);
  requireConsent(commonReservations(run.keycloak.realm, plan), yes);
  await provision(run, plan, desired, prepared.snapshot);
  const audience = await proveAudience(run, client, userId);
  return { run, client, others: [], audience };
}

/** Opens a window, adopts the connector that registers, and closes the window, whatever happens. */
export async function onboardNext(prepared: Prepared, manner: Manner): Promise<Onboarded> {
  const { run, base } = prepared;
  const userId = await exampleUser(run.keycloak);
  await settleStale(prepared, manner.yes);
  const { desired, plan } = basePlan(prepared);
  requireConsent(commonReservations(run.keycloak.realm, plan), manner.yes);
  await provision(run, plan, desired, prepared.snapshot);
  let mark: WindowMark | undefined;
  let adopted: Client | undefined;
  let others: Other[] = [];
  try {
    const window = await open(run, base, manner.timeoutMs, (made) => {
      mark = made;
    });
    const watched = await watchWindow(run, window, manner);
    others = watched.others;
    adopted = watched.adopted ?? (await chosen(run, watched, manner));
  } finally {
    if (mark) await settle(run, mark, adopted);
  }
  if (!adopted) throw nothingAdopted(run, others, manner);
  tell(run, `The window is closed; ${called(adopted)} keeps the scope.`);
  const client = (await findClient(run.keycloak, adopted.clientId)) ?? adopted;
  return { run, client, others, audience: await proveAudience(run, client, userId) };
}

/** `--close`: settles a window that was left open. */
export async function closeWindow({ run, snapshot }: Prepared, yes: boolean): Promise<Onboarded> {
  const mark = openWindow(snapshot, run.scope);
  if (mark) {
    if (!yes) requireNotLive(mark, run);
    await settle(run, mark, undefined);
    tell(run, 'The window is closed.');
  }
  return { run, client: undefined, others: [], audience: undefined };
}

/** Closes what an earlier run left open; a live one only with `--yes`. */
async function settleStale(prepared: Prepared, yes: boolean): Promise<void> {
  const { run, snapshot } = prepared;
  const mark = openWindow(snapshot, run.scope);
  if (!mark) return;
  if (isLive(mark, run.io) && !yes) requireNotLive(mark, run);
  tell(
    run,
    `A window that ${visible(mark.by) || 'somebody'} opened at ${visible(mark.since)} is closed first.`,
  );
  await settle(run, mark, undefined);
  Object.assign(
    snapshot,
    await readRealm(
      run.keycloak,
      snapshot.clients.map(({ clientId }) => clientId),
    ),
  );
}

async function watchWindow(run: Run, window: Window, manner: Manner): Promise<Watched> {
  const { io, voice } = run;
  const deadline = io.now() + manner.timeoutMs;
  tell(
    run,
    `The window for ${run.resource} is open until ${new Date(deadline).toISOString().slice(11, 19)} UTC.`,
  );
  voice.note(instructions(run));
  if (window.newcomers.how === 'paging') {
    voice.note(
      'This realm stores no registration events, so refused registrations can’t be shown (mcpkc init --events 30d turns them on).',
    );
  }
  voice.progress('waiting for a registration');
  try {
    return await watch(run, window.newcomers, manner.until, deadline);
  } finally {
    voice.progress(undefined);
  }
}

/** Several may be the connector: a person chooses, or nobody is adopted (SEVERAL_NEWCOMERS, exit status 5). */
async function chosen(run: Run, { several }: Watched, { choose }: Manner): Promise<Client | undefined> {
  if (several.length === 0) return undefined;
  const picked = await choose?.(several);
  if (picked) return picked;
  const commands = several.map(
    ({ clientId }) => `mcpkc onboard ${shellWord(run.resource)} ${shellWord(clientId)}`,
  );
  const message = `${several.length} clients registered at once and any of them may be the connector: ${several.map(called).join('; ')}.`;
  throw new McpkcError(
    'SEVERAL_NEWCOMERS',
    message,
    `None was given the scope. Give it to the right one:\n${commands.join('\n')}`,
    {
      details: { clients: several.map(({ clientId, name }) => ({ clientId, name: name ?? null })) },
    },
  );
}

function nothingAdopted(run: Run, others: readonly Other[], { until, timeoutMs }: Manner): McpkcError {
  const minutes = Math.round(timeoutMs / 6000) / 10;
  const what = until === 'connected' ? 'signed in with a connector' : 'registered a connector';
  const named = others.map(({ client, reason }) => `${called(client)}: ${visible(reason)}`).join('\n');
  const message = `Nobody ${what} within ${minutes} min; the window is closed.${named === '' ? '' : `\nOthers registered:\n${named}`}`;
  const hint = `If the product says why, see: mcpkc status --resource ${shellWord(run.resource)}; then run onboard again (--timeout waits longer).`;
  return new McpkcError('NOTHING_ADOPTED', message, hint, {
    details: {
      scope: run.scope,
      others: others.map(({ client, reason }) => ({
        clientId: client.clientId,
        name: client.name ?? null,
        reason,
      })),
      timeline: run.timeline,
    },
  });
}
