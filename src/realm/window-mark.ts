import { ATTRIBUTE, type WindowMark } from '../plan/desired.ts';
import type { Resource } from '../plan/kinds/resource.ts';
import { scopeNamed } from './snapshot.ts';

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

/** The mark of an open window: the first thing written when it opens, the last erased when it closes. */
export const windowMark: Resource = {
  kind: 'window-mark',
  diff: ({ windowMark: wanted }, snapshot) => {
    if (!wanted) return [];
    const scope = scopeNamed(snapshot, wanted.scope);
    const before = scope ? (windowMarkOf(scope.attributes) ?? null) : null;
    if (JSON.stringify(before) === JSON.stringify(wanted.mark)) return [];
    const action = wanted.mark === null ? 'delete' : before === null ? 'create' : 'update';
    const why =
      wanted.mark === null
        ? 'the window is closed'
        : 'so that whoever comes next knows that a window is open';
    return [
      {
        kind: 'window-mark',
        action,
        key: wanted.scope,
        before: before && { ...before },
        after: wanted.mark && { ...wanted.mark },
        why,
      },
    ];
  },
};
