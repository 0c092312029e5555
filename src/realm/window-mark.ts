import type { RealmList } from './lists.ts';
import { ATTRIBUTE } from './marks.ts';

/**
 * Windows were how 0.1.0 let a connector have an audience: for some minutes everybody who registered got it. One that
 * was left open is closed by the plan that moves its resource to mode adopted.
 */

/** The window that a scope is marked with; undefined where there is none, or none that can be read. */
export function windowMarkOf(attributes: Readonly<Record<string, string>>): WindowMark | undefined {
  const text = attributes[ATTRIBUTE.window];
  if (text === undefined || text === '') return undefined;
  const unreadable: WindowMark = {
    since: '',
    until: '',
    host: '',
    pid: 0,
    by: '',
    watch: 'events',
    before: 'none',
    presets: '*',
  };
  try {
    const read = JSON.parse(text) as Partial<WindowMark>;
    const before = read.before === 'default' || read.before === 'optional' ? read.before : 'none';
    return {
      since: String(read.since ?? ''),
      until: String(read.until ?? ''),
      host: String(read.host ?? ''),
      pid: Number(read.pid ?? 0),
      by: String(read.by ?? ''),
      watch: read.watch === 'paging' ? 'paging' : 'events',
      before,
      presets: String(read.presets ?? '*'),
    };
  } catch {
    // Somebody edited it by hand: still a window, so that it gets closed.
    return unreadable;
  }
}

/** The mark on a scope while its window is open; at most 2,048 characters as JSON (Keycloak's limit). */
export interface WindowMark {
  /** Both ISO 8601, UTC. */
  since: string;
  until: string;
  host: string;
  pid: number;
  by: string;
  /** The run's way of watching. */
  watch: 'events' | 'paging';
  /** The list of the realm that the scope was in before, and is put back to. */
  before: RealmList;
  /** Names of the presets that it waits for, blank-separated; `*` where that is unknown. */
  presets: string;
}

/** The facts that show whether the run that opened a window may still be at it. */
export interface Here {
  hostname: string;
  pid: number;
  now(): number;
  isAlive(pid: number): boolean;
}

/** Whether the run that opened a window may still be at it: its process lives here, or its time elsewhere isn't up. */
export function isLiveWindow(mark: WindowMark, here: Here): boolean {
  if (mark.host === here.hostname) return mark.pid !== here.pid && mark.pid > 0 && here.isAlive(mark.pid);
  return Date.parse(mark.until) > here.now();
}

/** The user, machine and process that opened a window, in words. */
export function openedBy({ by, host, pid }: WindowMark): string {
  const where = host === '' ? '' : ` on ${host}${pid > 0 ? ` (process ${pid})` : ''}`;
  return `${by || 'somebody'}${where}`;
}
