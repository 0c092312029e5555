import { McpkcError } from '../errors.ts';
import { ATTRIBUTE } from '../realm/marks.ts';
import { REALM } from './kinds/all.ts';
import type { Kind } from './kinds/kind.ts';

/** The parts of plans that mcpkc owns beside the kinds of a realm. */
interface OwnedElsewhere {
  /** The client that mcpkc signs in with: the settings that differ, or the whole client that is made or replaced. */
  'service-account': Readonly<Record<string, unknown>>;
  /** A role of the account: granted to its user, passed on by its client. */
  'account-role': { of: string | null; name: string; granted: boolean; passed: boolean };
  /** The user events that are stored, and for how long (`30d`; null: for ever). */
  events: { stored: boolean; kept: string | null; types: readonly string[] };
  record: { entries: number };
  /** A person's ties with one client: a consent, sessions, offline tokens. */
  connection: { userId: string; clientId: string; sessions: number; consented: boolean };
  /** A person's whole session, with all clients. */
  session: { sessionId: string };
}

export type RealmKind = keyof typeof REALM;
/** The kinds of thing that mcpkc writes in a realm, in the order in which they are made. */
export const REALM_KINDS = Object.keys(REALM) as RealmKind[];

/** The kinds of thing that `init` writes, likewise. */
export const ACCOUNT_KINDS = [
  'client-scope-assignment',
  'service-account',
  'account-role',
  'events',
] as const;
export type AccountKind = (typeof ACCOUNT_KINDS)[number];

/** The kinds of thing that `init --remove` removes or puts back, in the order in which that is done. */
export const REMOVAL_KINDS = [
  'trusted-hosts',
  'client-policy',
  'mapper-types',
  'registration-origins',
  'allowed-scopes',
  'resource-client',
  'client',
  'client-scope',
  'audience-mapper',
  'default-scope',
  'realm-role',
  'record',
  'account-role',
  'service-account',
] as const;
export type RemovalKind = (typeof REMOVAL_KINDS)[number];

/** The kinds of thing that `connections --revoke` ends or removes, in the order in which that is done. */
export const CONNECTION_KINDS = ['client', 'client-scope-assignment', 'connection', 'session'] as const;
export type ConnectionKind = (typeof CONNECTION_KINDS)[number];

/** All kinds, in the order in which they are made. */
export const KINDS: readonly ChangeKind[] = [
  ...new Set([...REALM_KINDS, ...ACCOUNT_KINDS, ...REMOVAL_KINDS, ...CONNECTION_KINDS]),
];
export type ChangeKind = RealmKind | keyof OwnedElsewhere;

type OwnedBy<Rules> = Rules extends Kind<string, infer Owned, infer _Part> ? Owned : never;

/** The fields that mcpkc owns of a thing of this kind. */
export type Owned<Name extends ChangeKind> = Name extends RealmKind
  ? OwnedBy<(typeof REALM)[Name]>
  : Name extends keyof OwnedElsewhere
    ? OwnedElsewhere[Name]
    : never;

export type RealmChange = Change<RealmKind>;
export type RealmPlan = Plan<RealmKind>;
export type AccountPlan = Plan<AccountKind>;

/** Writes one change. Each list of kinds has a total record of them: a kind without a writer fails the type check. */
export type Writer<Name extends ChangeKind = ChangeKind> = (change: Change<Name>) => Promise<void>;
/** A writer for each of some kinds. */
export type Writers<Name extends ChangeKind> = { readonly [One in Name]: Writer<One> };

export type Action = 'create' | 'update' | 'delete' | 'attach' | 'detach';

/**
 * One change of one thing, as data: it can be printed, stored and compared. `key` names the thing as an operator does
 * (never by Keycloak's id). `before` and `after` hold the fields that mcpkc owns, null where the thing isn't there.
 */
export interface ChangeOf<Name extends string, Side extends object> {
  kind: Name;
  action: Action;
  key: string;
  before: Readonly<Side> | null;
  after: Readonly<Side> | null;
  /** Reason, in a clause that ends a sentence: "so that ChatGPT's registration is accepted". */
  why: string;
}

/** A change of one of these kinds: a union, told apart by `kind`. */
export type Change<Name extends ChangeKind = ChangeKind> = { [One in Name]: ChangeOf<One, Owned<One>> }[Name];

/** The changes of one kind. */
export function changesOf<Name extends ChangeKind>(
  plan: readonly Change[],
  kind: Name,
): Extract<Change, { kind: Name }>[] {
  const isOfKind = (change: Change): change is Extract<Change, { kind: Name }> => change.kind === kind;
  return plan.filter(isOfKind);
}

/** The exit status of a command that plans: 1 where it would change something and wrote nothing (`--dry-run`). */
export function planStatus(plan: readonly AnyChange[], dryRun: boolean): 0 | 1 {
  return dryRun && plan.length > 0 ? 1 : 0;
}

/** A change, whatever its kind. */
export type AnyChange = ChangeOf<ChangeKind, object>;

/** The fields of one side of a change, whatever its kind. */
export function fieldsOf(side: object | null): Readonly<Record<string, unknown>> {
  return { ...side };
}

/** Changes in the order in which they are applied. */
export type Plan<Kind extends ChangeKind = ChangeKind> = readonly Change<Kind>[];

function isRemoval(change: AnyChange): boolean {
  return change.action === 'delete' || change.action === 'detach';
}

/**
 * Creates and updates come first, in the order of the kinds; then removals, in reverse. Access is granted before it is
 * revoked, and things that name another are removed before it.
 */
export function planOf<One extends AnyChange>(changes: readonly One[]): readonly One[] {
  const rank = ({ kind }: AnyChange) => KINDS.indexOf(kind);
  const giving = changes.filter((change) => !isRemoval(change)).sort((a, b) => rank(a) - rank(b));
  const taking = changes.filter(isRemoval).sort((a, b) => rank(b) - rank(a));
  return [...giving, ...taking];
}

/** Progress of applying a plan. */
export interface Progress {
  applied: Change[];
}

/** Things that are independent of each other: this many are written at once. */
const AT_ONCE = 4;
/** Lists of the realm that are edited as a whole. They don't touch each other: a change of each is written at once. */
export const REALM_LISTS: readonly ChangeKind[] = REALM_KINDS.filter((kind) => REALM[kind].isRealmList);

/**
 * Writes a plan. Stops at the first failure, which then shows the done and the open changes; running the command again
 * does the rest. `write` looks up ids, writes and reads back.
 */
export async function applyPlan<One extends AnyChange>(
  plan: readonly One[],
  write: (change: One) => Promise<void>,
  signal: AbortSignal,
  onApplied: (change: One) => void = () => {},
): Promise<One[]> {
  const applied: One[] = [];
  for (let at = 0; at < plan.length; ) {
    const batch = batchAt(plan, at);
    if (signal.aborted) throw incomplete(signal.reason, plan, applied);
    const results = await Promise.allSettled(batch.map(write));
    for (const [index, result] of results.entries()) {
      const change = batch[index];
      if (result.status !== 'fulfilled' || change === undefined) continue;
      applied.push(change);
      onApplied(change);
    }
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw incomplete(failed.reason, plan, applied);
    at += batch.length;
  }
  return applied;
}

/** The changes from `at` on that may be written side by side. */
function batchAt<One extends AnyChange>(plan: readonly One[], at: number): One[] {
  const batch: One[] = [];
  for (const change of plan.slice(at)) {
    if (batch.length > 0 && !goesWith(batch, change)) break;
    batch.push(change);
  }
  return batch;
}

/** Lists by which a realm is hardened, beside the one that opens it: never written side by side with it. */
const HARDENING: readonly ChangeKind[] = ['mapper-types', 'client-policy'];

function goesWith(batch: readonly AnyChange[], change: AnyChange): boolean {
  const { kind, action } = change;
  const isSame = batch.every((one) => one.kind === kind && one.action === action);
  if (kind === 'client-scope-assignment' || (ONE_BY_ONE.includes(kind) && !isRemoval(change)))
    return batch.length < AT_ONCE && isSame && !batch.some((one) => isOf(change, one));
  // Two edits of one list would undo each other.
  const lists = [kind, ...batch.map((one) => one.kind)];
  return (
    lists.every((one) => REALM_LISTS.includes(one)) &&
    new Set(lists).size === lists.length &&
    !(lists.includes('trusted-hosts') && lists.some((one) => HARDENING.includes(one))) &&
    batch.every((one) => isRemoval(one) === isRemoval(change))
  );
}

/** Kinds of which each thing is written on its own: those of several MCP servers don't touch each other. */
const ONE_BY_ONE: readonly ChangeKind[] = [
  'realm-role',
  'client-scope',
  'scope-access',
  'audience-mapper',
  'resource-client',
  'default-scope',
];

/** Whether a scope is the audience scope of another: that one is made first. */
function isOf({ kind, after }: AnyChange, { key }: AnyChange): boolean {
  const attributes = kind === 'client-scope' ? fieldsOf(fieldsOf(after).attributes as object | null) : {};
  return attributes[ATTRIBUTE.audienceOf] === key;
}

/** Exit statuses of failures that pass: Keycloak away or busy, the run interrupted. */
const TEMPORARY: readonly number[] = [3, 129, 130, 143];
/** Codes of failures because somebody else wrote at the same time. */
const TEMPORARY_CODES: readonly string[] = ['CHANGE_NOT_KEPT', 'LOCK_HELD', 'LOCK_LOST'];

/** Whether a failure passes, so that the same command does the rest. */
export function isTemporary(error: unknown): boolean {
  if (!(error instanceof McpkcError)) return false;
  return TEMPORARY.includes(error.exitStatus) || TEMPORARY_CODES.includes(error.code);
}

/**
 * A sentence on whether the same command does the rest after a failure: a refusal stays one until its cause is gone.
 */
export function restSentence(error: McpkcError): string {
  return isTemporary(error)
    ? 'The same command does the rest.'
    : 'Once that is right, the same command does the rest.';
}

function incomplete(reason: unknown, plan: readonly AnyChange[], applied: readonly AnyChange[]): unknown {
  if (!(reason instanceof McpkcError) || plan.length < 2) return reason;
  const open = plan.filter((change) => !applied.includes(change));
  const name = ({ action, kind, key }: AnyChange) => `${action} ${kind} ${key}`;
  const done = applied.length === 0 ? 'Nothing was written.' : `Done: ${applied.map(name).join('; ')}.`;
  const fix = `${reason.fix}\n${done} Not done: ${open.map(name).join('; ')}. ${restSentence(reason)}`;
  return new McpkcError(reason.code, reason.message, fix, {
    cause: reason.cause,
    details: { ...reason.details, applied: applied.map(name), open: open.map(name) },
  });
}

/** A part of a plan that needs a person's word. */
export interface Reservation {
  /** The effect, as a sentence. */
  message: string;
}

/** Refuses (exit status 5) a plan that needs `--yes` and didn't get it. */
export function requireConsent(reservations: readonly Reservation[], yes: boolean): void {
  if (yes || reservations.length === 0) return;
  const message = reservations.map((one) => one.message).join('\n');
  throw new McpkcError('CONSENT_NEEDED', message, 'To agree, add --yes; --dry-run shows the whole plan.');
}
