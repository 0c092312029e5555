import { readableDuration } from '../../duration.ts';
import { McpkcError } from '../../errors.ts';
import { changeName } from '../../plan/text.ts';
import type { Client } from '../../realm/representations.ts';
import { type CommandPart, formatCommand, typedList, typedName, visible } from '../../text.ts';
import type { Other } from './holding.ts';
import { labelClient, type Onboarding } from './onboarding.ts';
import type { Until } from './watch.ts';

/** A client as JSON answers name it. */
export function describeForAnswer({ clientId, name, redirectUris }: Client) {
  return { clientId, name: name ?? null, redirectUris };
}

/** The command that adopts a client, judging it the same way. */
export function adoptCommand({ resource }: Pick<Onboarding, 'resource'>, { clientId }: Client): string {
  return formatCommand(['onboard', resource], [typedName(clientId)]);
}

/** Several may be the connector and nobody chose (SEVERAL_NEWCOMERS, exit status 5): the command for each. */
export function severalNewcomersError(run: Onboarding, several: readonly Client[], until: Until): McpkcError {
  const commands = several.map((client) => adoptCommand(run, client));
  const what = until === 'connected' ? 'were signed in with' : 'registered';
  const message = `${several.length} clients ${what}, and any of them may be the connector: ${several.map(labelClient).join('; ')}.`;
  const fix = `None of them was adopted, and none holds the audience. Adopt the right one:\n${commands.join('\n')}`;
  return new McpkcError('SEVERAL_NEWCOMERS', message, fix, {
    details: { clients: several.map(describeForAnswer), commands, timeline: run.timeline },
  });
}

/**
 * The time is up (NOTHING_ADOPTED, exit status 6): the newcomers, why each wasn't adopted, and the command that adopts
 * it.
 */
export function nothingAdoptedError(
  run: Onboarding,
  others: readonly Other[],
  { until, timeoutMs }: { until: Until; timeoutMs: number },
): McpkcError {
  const what = until === 'connected' ? 'signed in with a connector' : 'registered a connector';
  const lines = others.map(({ client, reason }) => `${labelClient(client)}: ${visible(reason)}`);
  const list = lines.length === 0 ? '' : `\nWho came and was not adopted:\n${lines.join('\n')}`;
  const undo = undoText(run);
  const left =
    run.changes.length === 0
      ? ''
      : `\nThis run changed the realm before it waited, and that stays: ${run.changes.map(changeName).join('; ')}.`;
  const stays =
    undo === '' ? 'nothing stays open' : 'no client holds the audience for the time being any more';
  const message = `Nobody ${what} within ${readableDuration(timeoutMs)}. No client was adopted; ${stays}.${list}${left}`;
  const commands = others.filter((other) => other.adoptable).map(({ client }) => adoptCommand(run, client));
  const adopt =
    commands.length === 0
      ? ''
      : `To adopt one all the same (its person signs in again, or waits for the next refresh):\n${commands.join('\n')}\n`;
  const fix = `${adopt}What may be in the way:\n${formatCommand(['status', ['--resource', run.resource]])}\n${UNPARSED}\nThen run onboard again; --timeout waits longer.${undo}`;
  return new McpkcError('NOTHING_ADOPTED', message, fix, { details: details(run, others) });
}

/**
 * The commands that undo the things that this run made in the realm before it waited; empty where it made nothing. A
 * server that was there before is not retired: then only the hosts that this run trusted go.
 */
function undoText({ changes, resource, scope }: Pick<Onboarding, 'changes' | 'resource' | 'scope'>): string {
  const made = changes.some(
    ({ kind, action, key }) => kind === 'client-scope' && action === 'create' && key === scope,
  );
  const remove: CommandPart[] = ['create-scope', ['--resource', resource], ['--scope', scope], '--remove'];
  if (made) return `\nTo put back what this run made in the realm:\n${formatCommand(remove)}`;
  const hosts = changes.flatMap(({ kind, before, after }) => {
    if (kind !== 'trusted-hosts') return [];
    const [old, fresh] = [before?.hosts ?? [], after?.hosts ?? []] as string[][];
    return (fresh ?? []).filter((host) => !old?.includes(host));
  });
  if (hosts.length === 0) return '';
  const back = formatCommand(['trusted-hosts', ['--remove', typedList([...new Set(hosts)])]]);
  return `\nTo trust the hosts no more that this run added:\n${back}`;
}

/** An unknown member in the body: 400 to the product, no event, no line in the server's log (26.7.3). */
const UNPARSED =
  'A registration that Keycloak can’t parse leaves no event and no line in its log; only the access log has it (KC_HTTP_ACCESS_LOG_ENABLED=true): a POST to clients-registrations with status 400.';

/** The connector was deleted, or changed, before it could be adopted (exit status 6). */
export function vanishedError(run: Onboarding, client: Client, others: readonly Other[]): McpkcError {
  const message = `${labelClient(client)} was deleted or changed right after it came. It was not adopted; nothing stays open.`;
  const fix = 'If it was your connector, run onboard again and let it register once more.';
  return new McpkcError('NOTHING_ADOPTED', message, fix, { details: details(run, others) });
}

/** The last words of an interrupted run; the exit status is the signal's. */
export function stoppedError(error: McpkcError, run: Onboarding): McpkcError {
  const how = { INTERRUPTED: 'Ctrl-C', TERMINATED: 'SIGTERM', HUNG_UP: 'SIGHUP' }[
    error.code as 'INTERRUPTED'
  ];
  const message = `Stopped (${how ?? error.code}). No client was adopted; nothing stays open.`;
  return new McpkcError(error.code, message, `To wait again, run the same command.${undoText(run)}`);
}

function details(run: Onboarding, others: readonly Other[]) {
  return {
    scope: run.scope,
    others: others.map((other) => ({
      ...describeForAnswer(other.client),
      reason: other.reason,
      command: other.adoptable ? adoptCommand(run, other.client) : null,
    })),
    timeline: run.timeline,
  };
}
