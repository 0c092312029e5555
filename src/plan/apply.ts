import type { Io } from '../cli/io.ts';
import { McpkcError } from '../errors.ts';
import type { Keycloak } from '../keycloak/connection/connect.ts';
import { readRealm } from '../keycloak/read/realm.ts';
import { type Holder, takeLock } from '../keycloak/write/lock.ts';
import { writeClientPolicy } from '../keycloak/write/write-client-policies.ts';
import { writeAssignment, writeClient } from '../keycloak/write/write-clients.ts';
import { writeAllowedScopes, writeMapperTypes, writeTrustedHosts } from '../keycloak/write/write-policies.ts';
import {
  ScopeIds,
  writeAudienceMapper,
  writeClientScope,
  writeDefaultScope,
  writeWindowMark,
} from '../keycloak/write/write-scopes.ts';
import type { RealmSnapshot } from '../realm/snapshot.ts';
import type { Desired } from './desired.ts';
import { planFor } from './kinds/index.ts';
import {
  applyPlan,
  type Change,
  type Plan,
  REALM_LISTS,
  type RealmKind,
  type RealmPlan,
  type Writer,
} from './plan.ts';

/**
 * Whether a plan needs the realm's lock: it edits lists, by read, merge and write; or makes an audience scope, whose
 * name says nothing of another one.
 */
export function needsLock(plan: Plan): boolean {
  return plan.some(
    ({ kind, action }) => REALM_LISTS.includes(kind) || (kind === 'client-scope' && action === 'create'),
  );
}

/** Writes one change of any kind: the ids are looked up now. */
export function writer(keycloak: Keycloak, snapshot: RealmSnapshot): Writer<RealmKind> {
  const ids = new ScopeIds(keycloak, snapshot.scopes);
  const writes: Record<RealmKind, Writer<RealmKind>> = {
    'window-mark': (change) => writeWindowMark(keycloak, ids, change),
    'client-scope': (change) => writeClientScope(keycloak, ids, change),
    'audience-mapper': (change) => writeAudienceMapper(keycloak, ids, change),
    'trusted-hosts': (change) => writeTrustedHosts(keycloak, change),
    'allowed-scopes': (change) => writeAllowedScopes(keycloak, change),
    'mapper-types': (change) => writeMapperTypes(keycloak, change),
    'client-policy': (change) => writeClientPolicy(keycloak, change),
    'default-scope': (change) => writeDefaultScope(keycloak, ids, change),
    client: (change) => writeClient(keycloak, change),
    'client-scope-assignment': (change) => writeAssignment(keycloak, ids, change),
  };
  return (change) => writes[change.kind](change);
}

/** How a plan is applied: who holds the lock meanwhile, and who hears of each change. */
export interface Applying {
  io: Io;
  holder: Holder;
  signal: AbortSignal;
  onApplied?: (change: Change) => void;
}

/**
 * Writes a plan, under the lock where it edits lists, then reads the realm again: the plan for the same wish must be
 * empty, else CHANGE_NOT_KEPT. Gives the realm as it is now.
 */
export async function applyAndVerify(
  keycloak: Keycloak,
  plan: RealmPlan,
  desired: Desired,
  snapshot: RealmSnapshot,
  applying: Applying,
): Promise<RealmSnapshot> {
  if (plan.length === 0) return snapshot;
  const { io, holder, signal, onApplied } = applying;
  const clientIds = [...snapshot.clients, ...(desired.clients ?? []), ...(desired.assignments ?? [])];
  const lock = needsLock(plan) ? await takeLock(keycloak, io, holder) : undefined;
  try {
    await applyPlan(plan, writer(keycloak, snapshot), signal, onApplied);
  } catch (error) {
    await lock?.release().catch(() => {});
    throw error;
  }
  const released = lock?.release() ?? Promise.resolve();
  // Its failure is this function's when the realm is read; until then it is nobody's.
  released.catch(() => {});
  const now = await readRealm(
    keycloak,
    clientIds.map(({ clientId }) => clientId),
  ).finally(() => released);
  const rest = planFor(desired, now);
  if (rest.length === 0) return now;
  const names = rest.map(({ action, kind, key }) => `${action} ${kind} ${key}`).join('; ');
  throw new McpkcError(
    'CHANGE_NOT_KEPT',
    `Keycloak did not keep everything that was written: ${names}.`,
    'Somebody else edits the realm at the same time; run the command again.',
  );
}
