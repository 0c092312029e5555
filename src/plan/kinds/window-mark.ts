import { writeWindowMark } from '../../keycloak/write/write-scopes.ts';
import { scopeNamed } from '../../realm/snapshot.ts';
import { type WindowMark, windowMarkOf } from '../../realm/window-mark.ts';
import { none } from './join.ts';
import type { Kind } from './kind.ts';

/** The mark of a window that a run of 0.1.0 left open: the last thing that is removed when the window is settled. */
export const windowMark: Kind<'window-mark', WindowMark, 'windowMark'> = {
  title: 'window',
  isRemembered: false,
  isRealmList: false,
  joins: {
    windowMark: none,
  },
  diff: ({ windowMark: wanted }, snapshot) => {
    const scope = wanted && scopeNamed(snapshot, wanted.scope);
    const before = scope && windowMarkOf(scope.attributes);
    if (!wanted || !before) return [];
    const why = 'the window is closed';
    return [
      { kind: 'window-mark', action: 'delete', key: wanted.scope, before: { ...before }, after: null, why },
    ];
  },
  write: (change, { keycloak, ids }) => writeWindowMark(keycloak, ids, change),
};
