import { scopeNamed } from '../../realm/snapshot.ts';
import { windowMarkOf } from '../../realm/window-mark.ts';
import type { Resource } from './resource.ts';
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
