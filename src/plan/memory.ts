import {
  type Before,
  beforeOf,
  type Entry,
  entriesOf,
  type RealmRecord,
  statesOf,
  type Wrote,
  wroteOf,
} from '../realm/record.ts';
import type { RealmSnapshot } from '../realm/snapshot.ts';
import { REALM } from './kinds/all.ts';
import type { RealmChange, RealmKind, RealmPlan } from './plan.ts';

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const without = (all: readonly unknown[], some: readonly unknown[]) =>
  all.filter((one) => !some.some((other) => isSame(one, other)));

/**
 * The values that a change writes into each field: entries that it adds to lists, values that it sets; attributes one
 * by one.
 */
function written(before: Fields | null, after: Fields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(after).flatMap(([field, value]): [string, unknown][] => {
      const old = before?.[field];
      if (isSame(old, value)) return [];
      if (Array.isArray(value)) return [[field, without(value, list(old))]];
      if (isFields(value)) return [[field, written(isFields(old) ? old : null, value)]];
      return [[field, value]];
    }),
  );
}

/** Earlier and present writes, together. */
function joined(known: Fields, fresh: Fields): Record<string, unknown> {
  const all = { ...known };
  for (const [field, value] of Object.entries(fresh)) {
    const old = all[field];
    if (Array.isArray(value)) all[field] = [...list(old), ...without(value, list(old))];
    else if (isFields(value)) all[field] = joined(isFields(old) ? old : {}, value);
    else all[field] = value;
  }
  return all;
}

/** The part of mcpkc's writes that is still there. A value that a change removed, or set back, is no longer mcpkc's. */
function remaining(wrote: Fields, before: unknown, now: Fields): Record<string, unknown> {
  const was = isFields(before) ? before : {};
  return Object.fromEntries(
    Object.entries(wrote).flatMap(([field, value]): [string, unknown][] => {
      if (!(field in now)) return [[field, value]];
      const current = now[field];
      if (Array.isArray(value)) {
        const kept = value.filter((one) => list(current).some((other) => isSame(one, other)));
        return kept.length > 0 ? [[field, kept]] : [];
      }
      if (isFields(value)) {
        const kept = remaining(value, was[field], isFields(current) ? current : {});
        return Object.keys(kept).length > 0 ? [[field, kept]] : [];
      }
      const blank = (one: unknown) => (one === undefined || one === null ? '' : one);
      return isSame(blank(current), blank(was[field])) ? [] : [[field, value]];
    }),
  );
}

const isRemembered = ({ kind }: RealmChange) => REALM[kind].isRemembered;

/** The moment and author of an entry. */
export interface Stamp {
  since: string;
  by: string;
}

/**
 * Entries to write down before a plan is carried out: the earlier state of each thing that it changes, and its new
 * values. The earlier state is written only where none is known yet.
 */
export function memoryOf(plan: RealmPlan, record: RealmRecord, stamp: Stamp): Entry[] {
  const made = plan
    .filter(({ kind, action }) => kind === 'client-scope' && action === 'create')
    .map(({ key }) => key);
  // Lists and mappers of a scope that mcpkc makes are removed with the scope. A run that was killed may have made it.
  const isOfMade = (scope: string, isNew: boolean) =>
    made.includes(scope) || (isNew && beforeOf(record, 'client-scope', scope)?.value === null);
  const isPart = ({ kind, key, before }: RealmChange) =>
    (kind === 'default-scope' && isOfMade(key, before?.list === 'none')) ||
    (kind === 'audience-mapper' && isOfMade(key.split('/')[0] ?? '', before === null));
  return plan
    .filter((change) => isRemembered(change) && change.action !== 'delete' && !isPart(change))
    .flatMap(({ kind, key, before, after }): Entry[] => {
      const value = joined(wroteOf(record, kind, key), written(before, after ?? {}));
      return [
        { kind: 'before', what: kind, of: key, value: before, ...stamp },
        // A thing that mcpkc made whole needs no list of its parts.
        ...(before === null && kind !== 'trusted-hosts' && kind !== 'mapper-types'
          ? []
          : [{ kind: 'wrote', what: kind, of: key, value, ...stamp } as Wrote]),
      ];
    });
}

/** The entries about a thing's state. `whole`: those about its parts as well, which are gone with it. */
function entriesAbout(record: RealmRecord, kind: RealmKind, key: string, whole: boolean): (Before | Wrote)[] {
  const own = statesOf(record, kind, key);
  if (!whole || kind !== 'client-scope') return own;
  const isPart = ({ what, of }: Before | Wrote) =>
    (what === 'default-scope' && of === key) || (what === 'audience-mapper' && of.startsWith(`${key}/`));
  return [...own, ...[...entriesOf(record, 'before'), ...entriesOf(record, 'wrote')].filter(isPart)];
}

/** A thing that mcpkc made by its record. */
export interface Made {
  kind: RealmKind;
  key: string;
}

const isKind = (what: string): what is RealmKind => Object.hasOwn(REALM, what);

/** Things that mcpkc made by its record, and that a snapshot doesn't show. */
export function missingIn(record: RealmRecord, snapshot: RealmSnapshot): Made[] {
  return entriesOf(record, 'before').flatMap(({ what, of: key, value }): Made[] => {
    if (value !== null || !isKind(what)) return [];
    const rules = REALM[what];
    return rules.isRemembered && !rules.isThere(key, snapshot) ? [{ kind: what, key }] : [];
  });
}

/** The entries about things that mcpkc made by its record. */
export function entriesOfMade(record: RealmRecord, made: readonly Made[]): Entry[] {
  return made.flatMap(({ kind, key }) => entriesAbout(record, kind, key, true));
}

/**
 * Changes of the record once a plan was carried out. Anything put back or deleted is forgotten, so that a later removal
 * doesn't restore an old state. `back`: the plan puts things back, so that nothing of it is mcpkc's own.
 */
export function forgottenBy(
  plan: RealmPlan,
  record: RealmRecord,
  stamp: Stamp,
  back: boolean,
): { remember: Entry[]; forget: Entry[] } {
  const remember: Entry[] = [];
  const forget: Entry[] = [];
  for (const { kind, action, key, before, after } of plan.filter(isRemembered)) {
    const about = entriesAbout(record, kind, key, action === 'delete');
    if (about.length === 0) continue;
    if (action === 'delete' || after === null) {
      forget.push(...about);
      continue;
    }
    // Types that are no longer allowed are in no list of written values.
    if (!back && kind === 'mapper-types') continue;
    const known = wroteOf(record, kind, key);
    const wrote = back ? known : joined(known, written(before, after));
    const left = remaining(wrote, beforeOf(record, kind, key)?.value, after);
    if (Object.keys(left).length === 0) forget.push(...about);
    else if (!isSame(left, wrote))
      remember.push({ kind: 'wrote', what: kind, of: key, value: left, ...stamp });
  }
  return { remember, forget };
}
