import type { Io } from '../cli/io.ts';
import { McpkcError } from '../errors.ts';
import type { Keycloak } from '../keycloak/connection/connect.ts';
import type { Attempt } from '../keycloak/connection/failures.ts';
import { requireRoles } from '../keycloak/connection/own-roles.ts';
import { readAccess, readRealmRoles } from '../keycloak/read/access.ts';
import { readClientsNamed } from '../keycloak/read/clients.ts';
import {
  readClientPolicies,
  readClientProfiles,
  readClientScopes,
  readRegistrationPolicies,
} from '../keycloak/read/read.ts';
import { readRealm } from '../keycloak/read/realm.ts';
import { readRecord } from '../keycloak/read/record.ts';
import { readRoleHolders } from '../keycloak/read/role-holders.ts';
import { type Holder, takeLock } from '../keycloak/write/lock.ts';
import { writeRecord } from '../keycloak/write/record.ts';
import { proveRevoked, type Revoked } from '../keycloak/write/registration-token.ts';
import { type RehearsalResult, type Rehearsed, rehearse } from '../keycloak/write/rehearse.ts';
import { notKeptBy } from '../keycloak/write/until-kept.ts';
import {
  type ClientPolicyLists,
  POLICY_LISTS,
  policiesNamed,
  restoreClientPolicies,
} from '../keycloak/write/write-client-policies.ts';
import { ScopeIds } from '../keycloak/write/write-scopes.ts';
import { markOf } from '../products/probe-mark.ts';
import { ATTRIBUTE } from '../realm/marks.ts';
import { audienceScopeOf } from '../realm/mcp-scope.ts';
import { listDeviations, policyNamed, wholePolicy } from '../realm/own-policies.ts';
import type { Entry, RealmRecord, RecordEdit, Untried } from '../realm/record.ts';
import { emptyRealm, type RealmSnapshot } from '../realm/snapshot.ts';
import type { Desired } from './desired.ts';
import { REALM } from './kinds/all.ts';
import { planFor, writeChange } from './kinds/index.ts';
import { entriesOfMade, forgottenBy, type Made, memoryOf, missingIn } from './memory.ts';
import {
  applyPlan,
  type Change,
  changesOf,
  isTemporary,
  type Plan,
  REALM_LISTS,
  type RealmKind,
  type RealmPlan,
  type Writer,
} from './plan.ts';
import { readBack } from './read-back.ts';

/**
 * Whether a plan needs the realm's lock. It does where it edits lists, by read, merge and write. It does as well where
 * it makes a thing that the record calls mcpkc's own before it is there: another run would forget that entry.
 */
function needsLock(plan: RealmPlan): boolean {
  return plan.some(
    ({ kind, action }) => REALM_LISTS.includes(kind) || (REALM[kind].isRemembered && action === 'create'),
  );
}

/** The account's roles that a plan needs: a plan that would fail half way without one is not begun. */
function attemptsOf(plan: Plan): Attempt[] {
  const isList = ({ kind }: Change) => REALM_LISTS.includes(kind);
  return [
    ...(plan.every(isList)
      ? []
      : [{ what: 'write client scopes and clients', role: 'manage-clients' } as const]),
    ...(plan.some(isList) ? [{ what: 'write policies', role: 'manage-realm' } as const] : []),
  ];
}

/** Writes one change of any kind: the ids are looked up now. */
export function makeWriter(
  keycloak: Keycloak,
  snapshot: RealmSnapshot,
  revoked: Revoked[] = [],
): Writer<RealmKind> {
  const writing = { keycloak, ids: new ScopeIds(keycloak, snapshot.scopes), revoked };
  return (change) => writeChange(change, writing);
}

/** The circumstances in which a plan is applied: the lock's holder, and the listener to each change. */
export interface Applying {
  io: Io;
  holder: Holder;
  signal: AbortSignal;
  onApplied?: (change: Change) => void;
  /** The plan puts things back as they were before mcpkc: nothing of it is to be put back later. */
  back?: boolean;
  /** The lock is held already, by the same holder, and stays so. */
  locked?: boolean;
  /** Gets what the operator should know though the command goes on. */
  warn?: (text: string) => void;
}

const POLICY_KIND = 'client-policy';
const isPolicy = ({ kind }: Change) => kind === POLICY_KIND;
const policyKeys = (plan: RealmPlan) => changesOf(plan, POLICY_KIND).map(({ key }) => key);

export async function readPolicyLists(keycloak: Keycloak): Promise<ClientPolicyLists> {
  const [clientPolicies, clientProfiles] = await Promise.all([
    readClientPolicies(keycloak),
    readClientProfiles(keycloak),
  ]);
  return { clientPolicies, clientProfiles };
}

/**
 * The wish's own entries that a plan is worth: a deed of hardening is a line of the journal only where something was
 * hardened.
 */
function ownEntries(plan: RealmPlan, entries: readonly Entry[]): Entry[] {
  const hardens = plan.some(({ kind }) => kind === 'client-policy' || kind === 'mapper-types');
  return entries.filter(({ kind }) => kind !== 'deed' || hardens);
}

/** The plan that the policies are proved by, and the policies before it. */
interface Proving {
  keycloak: Keycloak;
  plan: RealmPlan;
  desired: Desired;
  before: ClientPolicyLists;
  warn?: (text: string) => void;
}

/**
 * Reads the client policies back, field by field, then rehearses sign-ins that wrong ones would break. Where either
 * fails, they are put back, and POLICIES_PUT_BACK shows which and why. Some wrong forms fail at the code exchange only.
 */
async function proveOrRestore({ keycloak, plan, desired, before, warn }: Proving): Promise<Proved> {
  const restore = (cleaning: Keycloak) => restoreClientPolicies(cleaning, policyKeys(plan), before);
  let proved: Proved & { problems: string[] };
  try {
    proved = await problemsOf(keycloak, desired, warn);
  } catch (error) {
    // biome-ignore lint/plugin/clock: a limit for putting back after an interruption.
    await restore(keycloak.withSignal(AbortSignal.timeout(RESTORE_MS))).catch(() => {});
    throw error;
  }
  if (proved.problems.length === 0) return proved;
  return putPoliciesBack(keycloak, {
    ...proved,
    rehearsal: desired.rehearsal,
    restore: () => restore(keycloak),
    own: rehearsalEntries(keycloak, desired),
  });
}

/** Whether a rehearsal may have left a client: then its entry of the record stays, and the next run looks for it. */
type Proved = Pick<RehearsalResult, 'mayLeave'>;

/** The edit of the record by which a rehearsal is over; where it may have left a client, it is kept as tried. */
export function endRehearsal(
  entries: readonly Entry[],
  { mayLeave }: Proved,
): Required<Pick<RecordEdit, 'remember' | 'forget'>> {
  return mayLeave ? { remember: [...entries], forget: [] } : { remember: [], forget: [...entries] };
}

/** Policies that were found wrong, and the way back from them. */
interface WrongPolicies {
  problems: readonly string[];
  /** The sign-ins to try once more without them: a step that fails then too has another cause. */
  rehearsal: Rehearsed | undefined;
  restore(): Promise<void>;
  /** The entry of the record for this run's rehearsal. */
  own: readonly Entry[];
  /** Entries of rehearsals that are over then. */
  forget?: readonly Entry[];
  /** Whether this run's rehearsal may have left a client. */
  mayLeave: boolean;
  /** Whether a killed run had written them. */
  left?: boolean;
}

/** Puts policies back that were found wrong, tries once more without them, and throws POLICIES_PUT_BACK. */
export async function putPoliciesBack(
  keycloak: Keycloak,
  { problems, rehearsal, restore, own, forget = [], mayLeave, left = false }: WrongPolicies,
): Promise<never> {
  await restore();
  const again = rehearsal && (await rehearse(keycloak, rehearsal));
  const ended = endRehearsal(own, { mayLeave: mayLeave || again?.mayLeave === true });
  await writeRecord(keycloak, { ...ended, forget: [...ended.forget, ...forget] });
  throw putBackError(problems, again?.failures ?? [], left);
}

/** Time for putting the policies back after an interruption, in milliseconds. */
const RESTORE_MS = 10_000;

/**
 * Number of times that policies are written again for hosts that were trusted meanwhile; a difference after that counts
 * as wrong.
 */
const POLICY_WRITES = 3;

/**
 * Differences between the policies and their wanted form. They are planned anew from the realm as it is: a host that
 * somebody trusted meanwhile gets its pattern too. Only a difference that stays after another write is a problem.
 */
async function problemsOf(
  keycloak: Keycloak,
  desired: Desired,
  warn?: (text: string) => void,
): Promise<Proved & { problems: string[] }> {
  let wrong: string[] = [];
  for (let written = 1; written <= POLICY_WRITES; written += 1) {
    const now = await readRealm(keycloak);
    const changes = changesOf(planFor({ ...desired, clients: [], assignments: [] }, now), POLICY_KIND);
    wrong = changes.flatMap((change) => policyProblems(change, now));
    if (changes.length === 0 || written === POLICY_WRITES) break;
    for (const change of changes)
      await writeChange(change, { keycloak, ids: new ScopeIds(keycloak), revoked: [] });
  }
  const { rehearsal } = desired;
  if (wrong.length > 0 || !rehearsal) return { problems: wrong, mayLeave: false };
  const { failures, notTried, mayLeave } = await rehearse(keycloak, rehearsal);
  if (notTried.length > 0)
    warn?.(`Not rehearsed, since a registration policy refused it: ${notTried.join('; ')}.`);
  return { problems: failures, mayLeave };
}

/**
 * The entry of the record for the time in which a wish's policies are written and rehearsed; none for a wish without a
 * rehearsal. The next run reads it where this one is killed (`proveLeftPolicies`).
 */
function rehearsalEntries(
  keycloak: Keycloak,
  { rehearsal }: Desired,
  policies: readonly string[] = [],
  before?: ClientPolicyLists,
): Entry[] {
  if (!rehearsal) return [];
  const { registration, scopes, tosUri } = rehearsal;
  const since = new Date(keycloak.serverNow()).toISOString();
  const untried: Untried | undefined = before && {
    policies: [...policies],
    before: policiesNamed(policies, before),
    registration: { ...registration, redirect_uris: [...registration.redirect_uris] },
    scopes: [...scopes],
  };
  return [{ kind: 'rehearsal', mark: markOf(tosUri), since, ...(untried && { untried }) }];
}

/** Differences between a policy of mcpkc and a change's result, a sentence each. */
function policyProblems({ key, after }: Change<'client-policy'>, now: RealmSnapshot): string[] {
  const { policy, profile } = wholePolicy(after);
  if (!policy || !profile) return [`the policy '${key}': it is still there`];
  return listDeviations(policyNamed(now, key), { policy, profile }).map(
    (one) => `the policy '${key}': ${one}`,
  );
}

/** A list of policies that wasn't kept as written is as wrong as a form that differs when read back. */
async function orPutBack(
  error: unknown,
  keycloak: Keycloak,
  plan: RealmPlan,
  before: ClientPolicyLists | undefined,
): Promise<never> {
  const lists: readonly (string | undefined)[] = POLICY_LISTS;
  if (!before || !(error instanceof McpkcError) || !lists.includes(notKeptBy(error))) throw error;
  await restoreClientPolicies(keycloak, policyKeys(plan), before).catch(() => {});
  throw putBackError([`the policies: ${error.message}`], []);
}

/**
 * POLICIES_PUT_BACK. `problems`: the steps that failed; `still`: those that fail without the policies too. `left`: a
 * killed run had written them, and nothing else was done by now.
 */
function putBackError(problems: readonly string[], still: readonly string[], left = false): McpkcError {
  const isOther = problems.every((problem) => still.includes(problem));
  const whose = left ? ' that a killed run had written, and not tried,' : '';
  const failed = problems.join('; ').replace(/\.$/, '');
  const message = `The client policies${whose} were put back as they were, since with them this failed: ${failed}.`;
  const done = left ? 'Nothing else was changed; run the command again.' : 'The rest of the plan is done.';
  const fix = isOther
    ? 'It fails without them too, so it has another cause: fix that first, or leave the policies out with --no-harden.'
    : `${done} Leave the policies out with --no-harden, and report what this server answered.`;
  return new McpkcError('POLICIES_PUT_BACK', message, fix, { details: { problems, withoutThem: still } });
}

/** Reads the roles that a wish is about, beside the parts that every wish is about. */
async function readWanted(keycloak: Keycloak, desired: Desired, now: RealmSnapshot): Promise<void> {
  const { access, realmRoles, roleHolders } = desired;
  if (access)
    now.access = await readAccess(
      keycloak,
      now,
      access.map(({ scope }) => scope),
    );
  if (realmRoles && realmRoles.length > 0) now.roles = await readRealmRoles(keycloak);
  if (roleHolders) now.roleHolders = await readRoleHolders(keycloak, roleHolders);
}

/** Kinds of thing that are a registration policy. */
const POLICIES: readonly RealmKind[] = [
  'trusted-hosts',
  'mapper-types',
  'allowed-scopes',
  'registration-origins',
];

/**
 * Refuses a plan made before the lock was held, whose audience scope another run made meanwhile. Its name is random, so
 * that the name doesn't keep two runs from making one each.
 */
async function requireOnlyAudiences(keycloak: Keycloak, plan: RealmPlan): Promise<void> {
  const made = changesOf(plan, 'client-scope').flatMap(({ action, after }) =>
    action === 'create' ? (after?.attributes?.[ATTRIBUTE.audienceOf] ?? []) : [],
  );
  if (made.length === 0) return;
  const scopes = await readClientScopes(keycloak);
  const taken = made.find((name) => audienceScopeOf({ scopes }, name));
  if (taken === undefined) return;
  const message = `Another run made the audience scope of '${taken}' at the same time.`;
  throw new McpkcError('CHANGE_NOT_KEPT', message, 'Run the command again.');
}

/**
 * Entries of the record about things that mcpkc made by it, and that aren't there: an earlier run failed before it made
 * them, or somebody deleted them since. Somebody else may make one of that name. Under the lock, where such entries
 * are written. What the snapshot doesn't show is read again; `plan` makes some of it now.
 */
async function findUnmade(
  keycloak: Keycloak,
  record: RealmRecord,
  snapshot: RealmSnapshot,
  plan: RealmPlan,
): Promise<Entry[]> {
  const missing = missingIn(record, snapshot).filter(
    (one) => !plan.some(({ kind, key }) => kind === one.kind && key === one.key),
  );
  if (missing.length === 0) return [];
  const keysOf = (kind: RealmKind) => missing.flatMap((one) => (one.kind === kind ? one.key : []));
  const isAny = (...kinds: RealmKind[]) => missing.some(({ kind }) => kinds.includes(kind));
  const [scopes, registrationPolicies, roles, clients] = await Promise.all([
    isAny('client-scope', 'audience-mapper') ? readClientScopes(keycloak) : [],
    isAny(...POLICIES) ? readRegistrationPolicies(keycloak) : [],
    isAny('realm-role') ? readRealmRoles(keycloak) : [],
    readClientsNamed(keycloak, keysOf('client')),
  ]);
  const now = { ...emptyRealm(keycloak.realm), scopes, registrationPolicies, roles, clients };
  const isGone = ({ kind, key }: Made) => missing.some((one) => one.kind === kind && one.key === key);
  return entriesOfMade(record, missingIn(record, now).filter(isGone));
}

/** After a refusal the things that weren't made are forgotten at once; where Keycloak is away, the next run does it. */
async function forgetUnmade(keycloak: Keycloak): Promise<void> {
  const record = await readRecord(keycloak);
  const nothing = emptyRealm(keycloak.realm);
  await writeRecord(keycloak, { forget: await findUnmade(keycloak, record, nothing, []) });
}

/**
 * Writes a plan, under the lock where it edits lists, then reads the realm again. The plan for the same wish must be
 * empty then, else CHANGE_NOT_KEPT. Returns the realm as it is now.
 */
export async function applyAndVerify(
  keycloak: Keycloak,
  plan: RealmPlan,
  desired: Desired,
  snapshot: RealmSnapshot,
  applying: Applying,
): Promise<RealmSnapshot> {
  if (plan.length === 0) {
    await writeRecord(keycloak, { remember: ownEntries(plan, desired.remember ?? []) });
    return snapshot;
  }
  const { io, holder, signal, onApplied, warn, back = false, locked = false } = applying;
  await requireRoles(keycloak, attemptsOf(plan));
  const clientIds = [
    ...snapshot.clients,
    ...(desired.clients ?? []),
    ...(desired.allowedClients ?? []),
    ...(desired.assignments ?? []),
    ...(desired.resourceClients ?? []),
  ];
  const lock = needsLock(plan) && !locked ? await takeLock(keycloak, io, holder) : undefined;
  try {
    if (lock) await requireOnlyAudiences(keycloak, plan);
    // The state before is written down before the first thing is changed.
    const record = await readRecord(keycloak);
    const stamp = { since: new Date(keycloak.serverNow()).toISOString(), by: `mcpkc ${holder.command}` };
    const memory = back ? [] : memoryOf(plan, record, stamp);
    const before = plan.some(isPolicy) ? await readPolicyLists(keycloak) : undefined;
    const untried = before ? rehearsalEntries(keycloak, desired, policyKeys(plan), before) : [];
    await writeRecord(keycloak, {
      remember: [...memory, ...ownEntries(plan, desired.remember ?? []), ...untried],
      forget: lock || locked ? await findUnmade(keycloak, record, snapshot, plan) : [],
    });
    const revoked: Revoked[] = [];
    await applyPlan(plan, makeWriter(keycloak, snapshot, revoked), signal, onApplied).catch((error) =>
      orPutBack(error, keycloak, plan, before),
    );
    await proveRevoked(keycloak, revoked);
    const proved =
      before && (await proveOrRestore({ keycloak, plan, desired, before, ...(warn && { warn }) }));
    const { forget, remember } = forgottenBy(plan, record, stamp, back);
    const ended = proved && endRehearsal(rehearsalEntries(keycloak, desired), proved);
    await writeRecord(keycloak, {
      remember: [...remember, ...(ended?.remember ?? [])],
      forget: [...forget, ...(ended?.forget ?? [])],
    });
  } catch (error) {
    if ((lock || locked) && !isTemporary(error)) await forgetUnmade(keycloak).catch(() => {});
    await lock?.release().catch(() => {});
    throw error;
  }
  const released = lock?.release() ?? Promise.resolve();
  // Its failure is this function's when the realm is read; until then it is nobody's.
  released.catch(() => {});
  const read = async () => {
    const now = await readRealm(
      keycloak,
      clientIds.map(({ clientId }) => clientId),
    ).finally(() => released);
    await readWanted(keycloak, desired, now);
    return now;
  };
  // The policies were proved under the lock; since then another run may have trusted a host that has no pattern yet.
  return readBack('realm', read, (now) => planFor(desired, now).filter((change) => !isPolicy(change)));
}
