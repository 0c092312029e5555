import type { Io } from '../../cli/io.ts';
import { McpkcError } from '../../errors.ts';
import { type RealmSnapshot, scopeNamed } from '../../realm/snapshot.ts';
import { type WindowMark, windowMarkOf } from '../../realm/window-mark.ts';
import { formatCommand } from '../../text.ts';
import type { Run } from './run.ts';

/** The window that is open for a scope, if one is. */
export function openWindow(snapshot: RealmSnapshot, scope: string): WindowMark | undefined {
  const found = scopeNamed(snapshot, scope);
  return found && windowMarkOf(found.attributes);
}

/** Whether two marks are of the same window. */
export function isSameWindow(one: WindowMark, other: WindowMark): boolean {
  return one.since === other.since && one.host === other.host && one.pid === other.pid;
}

/** Whether the run that opened a window may still be at it: its process lives here, or its time elsewhere isn't up. */
export function isLive(mark: WindowMark, io: Pick<Io, 'hostname' | 'isAlive' | 'now' | 'pid'>): boolean {
  if (mark.host === io.hostname) return mark.pid !== io.pid && mark.pid > 0 && io.isAlive(mark.pid);
  return Date.parse(mark.until) > io.now();
}

/** Who opened a window, for people. */
export function openedBy({ by, host, pid }: WindowMark): string {
  const where = host === '' ? '' : ` on ${host}${pid > 0 ? ` (process ${pid})` : ''}`;
  return `${by || 'somebody'}${where}`;
}

/** Refuses (WINDOW_LIVE, exit status 5) to disturb a window that somebody is using. */
export function requireNotLive(mark: WindowMark, { scope, io }: Pick<Run, 'scope' | 'io'>): void {
  if (!isLive(mark, io)) return;
  const message = `A window for '${scope}' is open: by ${openedBy(mark)} since ${mark.since}, until ${mark.until}.`;
  const hint =
    'Wait until that connection is made, or take the window over: --yes (the other run then adopts nothing).';
  throw new McpkcError('WINDOW_LIVE', message, hint, { details: { mark: { ...mark } } });
}

/** What a run says whose window is not its own any more (WINDOW_LIVE, exit status 5). */
export function notOurs({ scope, resource }: Run, now: WindowMark | undefined): McpkcError {
  const message = now
    ? `The window for '${scope}' was taken over by ${openedBy(now)}.`
    : `The window for '${scope}' was closed or taken over by somebody else.`;
  const hint = now
    ? 'That run closes it. This one adopts nothing and changes nothing more.'
    : `Nothing was adopted. To open it again:\n${formatCommand(['onboard', resource])}`;
  return new McpkcError('WINDOW_LIVE', message, hint, {
    details: now ? { mark: { ...now } } : { mark: null },
  });
}

/** The realm changed between two reads in a way that this run can't go on from (CHANGE_NOT_KEPT, exit status 3). */
export function changedMeanwhile(scope: string, what: string): McpkcError {
  const message = `The scope '${scope}' was changed by somebody else at the same time: ${what}.`;
  return new McpkcError('CHANGE_NOT_KEPT', message, 'Run the command again.');
}

/** Names of presets that fit into the mark; the configuration may hold a hundred of its own. */
const PRESETS_LENGTH = 600;

/** The mark of this run's window; the lengths keep it below Keycloak's 2,048 characters. */
export function newMark(
  { io, presets }: Run,
  timeoutMs: number,
  before: WindowMark['before'],
  watch: WindowMark['watch'],
): WindowMark {
  const now = io.now();
  // A minute more than the watch, for settling.
  const until = new Date(now + timeoutMs + 60_000).toISOString();
  const by = io.user.slice(0, 100);
  const host = io.hostname.slice(0, 200);
  const names = presets.map(({ name }) => name).join(' ');
  return {
    since: new Date(now).toISOString(),
    until,
    host,
    pid: io.pid,
    by,
    watch,
    before,
    presets: names.length > PRESETS_LENGTH ? '*' : names,
  };
}
