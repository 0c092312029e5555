import { McpkcError } from '../../errors.ts';
import type { Client } from '../../realm/representations.ts';
import { formatCommand, span, typedName, visible } from '../../text.ts';
import type { Run } from './run.ts';
import { called, type Other, type Until } from './watch.ts';

/** A client as JSON answers name it. */
export function named({ clientId, name, redirectUris }: Client) {
  return { clientId, name: name ?? null, redirectUris };
}

/** Several may be the connector and nobody chose (SEVERAL_NEWCOMERS, exit status 5): the command for each. */
export function severalNewcomers(run: Run, several: readonly Client[]): McpkcError {
  const commands = several.map(({ clientId }) =>
    formatCommand(['onboard', run.resource], [typedName(clientId)]),
  );
  const message = `${several.length} clients registered at once, and any of them may be the connector: ${several.map(called).join('; ')}.`;
  const hint = `None of them was adopted, and the window is closed. Adopt the right one:\n${commands.join('\n')}`;
  return new McpkcError('SEVERAL_NEWCOMERS', message, hint, {
    details: { clients: several.map(named), commands, timeline: run.timeline },
  });
}

/** The time is up (NOTHING_ADOPTED, exit status 6): who else came, and what to try. */
export function nothingAdopted(
  run: Run,
  others: readonly Other[],
  { until, timeoutMs }: { until: Until; timeoutMs: number },
): McpkcError {
  const what = until === 'connected' ? 'signed in with a connector' : 'registered a connector';
  const lines = others.map(({ client, reason }) => `${called(client)}: ${visible(reason)}`);
  const list = lines.length === 0 ? '' : `\nWho came and was not adopted:\n${lines.join('\n')}`;
  const message = `Nobody ${what} within ${span(timeoutMs)}; the window is closed.${list}`;
  const hint = `What may be in the way:\n${formatCommand(['status', ['--resource', run.resource]])}\nThen run onboard again; --timeout waits longer.`;
  return new McpkcError('NOTHING_ADOPTED', message, hint, { details: details(run, others) });
}

/** The connector was deleted, or changed its own registration, before it could be given the scope (exit status 6). */
export function vanished(run: Run, client: Client, others: readonly Other[]): McpkcError {
  const message = `${called(client)} was deleted, or changed its own registration, right after it registered. It was not adopted; the window is closed.`;
  const hint = 'If it was your connector, run onboard again and let it register once more.';
  return new McpkcError('NOTHING_ADOPTED', message, hint, { details: details(run, others) });
}

function details(run: Run, others: readonly Other[]) {
  return {
    scope: run.scope,
    others: others.map(({ client, reason }) => ({ ...named(client), reason })),
    timeline: run.timeline,
  };
}
