import type { Assignment, Desired, DesiredClient } from '../../plan/desired.ts';
import { type Provisioning, provisioned } from '../../plan/provisioned.ts';
import type { WindowMark } from '../../realm/window-mark.ts';

/**
 * A window that waits for a connector: the scope is marked, then made a realm default, so that whoever registers now
 * inherits it. `base` is the provisioning with the mode and list that the scope has outside the window.
 */
export function waiting(base: Provisioning, mark: WindowMark): Desired {
  return {
    ...provisioned({ ...base, list: 'default', assignments: [], clients: [] }),
    windowMark: { scope: base.scope, mark },
  };
}

/** Who holds what when a window has closed. */
export interface Settlement {
  scope: string;
  before: WindowMark['before'];
  assignments: Assignment[];
  clients: DesiredClient[];
}

/**
 * The realm after a window: the scope is back where it was, the adopted client holds it by itself, clients that
 * inherited it meanwhile don't. The mark is kept; it is erased by `unmarked` once all this is true.
 */
export function settled({ scope, before, assignments, clients }: Settlement): Desired {
  return { defaultScope: { scope, list: before }, assignments, clients };
}

/** The end of a window: everything is settled, the mark goes. */
export function unmarked(scope: string, before: WindowMark['before']): Desired {
  return { defaultScope: { scope, list: before }, windowMark: { scope, mark: null } };
}
