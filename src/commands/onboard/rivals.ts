import { McpkcError } from '../../errors.ts';
import { resourceOf } from '../../realm/mcp-scope.ts';
import type { ClientScope } from '../../realm/representations.ts';
import type { RealmSnapshot } from '../../realm/snapshot.ts';
import { type WindowMark, windowMarkOf } from '../../realm/window-mark.ts';
import { formatCommand, visible } from '../../text.ts';
import { isLive, openedBy } from './mark.ts';
import type { Run } from './run.ts';

/**
 * Refuses (WINDOW_LIVE, exit status 5) a window beside one of another scope that waits for the same product: a
 * connector that registers inherits both audiences, and nothing tells for which of the two it came. Windows that were
 * left open elsewhere are named.
 */
export function requireNoRival(run: Run, snapshot: RealmSnapshot, yes: boolean): void {
  for (const scope of snapshot.scopes) {
    const mark = scope.name === run.scope ? undefined : windowMarkOf(scope.attributes);
    if (!mark) continue;
    if (!isLive(mark, run.io)) run.voice.warn(leftOpen(scope, mark));
    else if (!yes && waitsForTheSame(mark, run)) throw rival(run, scope, mark);
  }
}

function waitsForTheSame({ presets }: WindowMark, run: Run): boolean {
  const names = presets.split(' ');
  return names.includes('*') || run.presets.some(({ name }) => names.includes(name));
}

function rival(run: Run, scope: ClientScope, mark: WindowMark): McpkcError {
  const product = run.presets.map(({ title }) => title).join(', ');
  const message = `Another window is open in this realm, for '${scope.name}': by ${openedBy(mark)} since ${mark.since}, until ${mark.until}. It waits for the same product: nothing would tell for which of the two ${product} came.`;
  return new McpkcError('WINDOW_LIVE', message, 'Wait until that connection is made, then run this again.', {
    details: { scope: scope.name, mark: { ...mark } },
  });
}

function leftOpen(scope: ClientScope, { since }: WindowMark): string {
  const resource = resourceOf(scope);
  const when = since === '' ? '' : ` of ${visible(since)}`;
  const message = `The window${when} for '${visible(scope.name)}' was left open: who registers now gets that audience too.`;
  return resource === undefined
    ? message
    : `${message} Close it:\n${formatCommand(['onboard', '--close'], [resource])}`;
}
