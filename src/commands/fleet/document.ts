import type { McpkcError } from '../../errors.ts';
import type { FleetProduct } from '../../fleet/fleet.ts';
import type { AnyChange, RealmChange, RealmPlan } from '../../plan/plan.ts';
import { roleLabel } from '../../realm/access.ts';
import { visible } from '../../text.ts';
import type { RealmApplied, RealmPlanned } from './realm.ts';

/** The sort of a change to somebody who reads a plan. */
export type Sort = 'added' | 'changed' | 'removed';

export const SORTS: readonly Sort[] = ['added', 'changed', 'removed'];

/** Whether a change adds, changes or removes. */
export function sortOf({ action }: AnyChange): Sort {
  if (action === 'create' || action === 'attach') return 'added';
  return action === 'update' ? 'changed' : 'removed';
}

/** The number of changes of each sort. */
export function countsOf(changes: readonly AnyChange[]): Record<Sort, number> {
  const number = (sort: Sort) => changes.filter((change) => sortOf(change) === sort).length;
  return { added: number('added'), changed: number('changed'), removed: number('removed') };
}

/** Changes that are about a server, one that is retired, or the realm as a whole. */
export interface Group {
  /** The server's URL; undefined for the realm as a whole. */
  resource: string | undefined;
  /** The mode and the people who may use it, in brackets. */
  about: string;
  changes: RealmPlan;
  error: McpkcError | undefined;
  /** Whether it stands under `retired`, is still there, and this run leaves it there. */
  isLeft?: boolean;
}

/** A realm's changes, each once: by server, then what is the realm's, then what is retired. */
export function groupsOf({ servers: planned, retired, changes }: RealmPlanned): Group[] {
  if (planned === undefined) return [];
  const seen = new Set<AnyChange>();
  const fresh = (all: RealmPlan): RealmChange[] =>
    all.filter((change) => {
      if (seen.has(change)) return false;
      seen.add(change);
      return true;
    });
  const servers = planned.map((one): Group => {
    const { resource } = one.wish;
    if (one.error) return { resource, about: '', changes: [], error: one.error };
    const { server, gates } = one;
    const who =
      gates === undefined ? 'everybody' : gates.length === 0 ? 'nobody' : gates.map(roleLabel).join(', ');
    return {
      resource,
      about: `${server.mode}, for ${visible(who)}`,
      changes: fresh(one.changes),
      error: undefined,
    };
  });
  const gone = retired.map((one): Group => {
    const words = {
      gone: 'retired: it isn’t there',
      foreign: 'retired, but mcpkc didn’t make it: it stays',
      stays: 'retired, and still there: --prune removes it',
      goes: 'retired',
    } as const;
    const about = words[one.state];
    const isLeft = one.state === 'stays';
    return { resource: one.resource, about, changes: fresh(one.changes), error: undefined, isLeft };
  });
  const rest = fresh(changes);
  const realm: Group[] =
    rest.length === 0
      ? []
      : [{ resource: undefined, about: 'policies and lists of the realm', changes: rest, error: undefined }];
  return [...servers, ...realm, ...gone];
}

function failureOf(error: McpkcError | undefined) {
  if (error === undefined) return null;
  const { code, message, fix, exitStatus } = error;
  return { code, message, fix, exitStatus };
}

/** A realm's plan as it was carried out, which may be another than the one before. */
export function addDone(shown: RealmPlanned, done: RealmApplied | undefined): RealmPlanned {
  return { ...shown, ...done?.now };
}

/** A realm as the JSON document has it. */
export function realmDocument(shown: RealmPlanned, done?: RealmApplied): Record<string, unknown> {
  const { wish, config, error, servers, retired, changes, reservations, notes, unlisted, foreign } = addDone(
    shown,
    done,
  );
  return {
    profile: wish.profile ?? null,
    server: config?.server ?? null,
    realm: config?.realm ?? null,
    at: wish.at,
    error: failureOf(done?.error ?? error),
    ...countsOf(changes),
    servers: (servers ?? []).map((server) => ({
      resource: server.wish.resource,
      ...(server.error
        ? { scope: null, mode: null, roles: null, products: [], changes: 0, error: failureOf(server.error) }
        : {
            scope: server.server.scope,
            mode: server.server.mode,
            roles: server.gates?.map(roleLabel) ?? null,
            products: server.wish.products.map(({ preset, by }: Pick<FleetProduct, 'preset' | 'by'>) => ({
              product: preset ?? null,
              way: by,
            })),
            changes: server.changes.length,
            error: null,
          }),
    })),
    retired: retired.map(({ resource, state, holders }) => ({ resource, state, holders })),
    unlisted,
    foreign,
    needsConsent: reservations,
    notes,
    changes,
    ...(done === undefined
      ? {}
      : { applied: done.applied.length, open: changes.length - done.applied.length }),
  };
}
