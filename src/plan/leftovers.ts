import type { Io } from '../cli/io.ts';
import type { Voice } from '../cli/voice.ts';
import type { Keycloak } from '../keycloak/connection/connect.ts';
import { ifAllowed } from '../keycloak/connection/failures.ts';
import { mapSome } from '../keycloak/connection/lists.ts';
import { readAllClients } from '../keycloak/read/clients.ts';
import { readRecord } from '../keycloak/read/record.ts';
import { holderOf, isLockHeld, withLock } from '../keycloak/write/lock.ts';
import { removeProbe } from '../keycloak/write/probe-clients.ts';
import { revokeLeftovers } from '../keycloak/write/provisional.ts';
import { runOf, writeRecord } from '../keycloak/write/record.ts';
import { rehearse } from '../keycloak/write/rehearse.ts';
import {
  type ClientPolicyLists,
  policiesNamed,
  restoreClientPolicies,
} from '../keycloak/write/write-client-policies.ts';
import { isLeftProbe, isOver, markOf, runMark } from '../products/probe-mark.ts';
import { type Entry, entriesOf, type RealmRecord, type Rehearsal, type Untried } from '../realm/record.ts';
import type { Client } from '../realm/representations.ts';
import { count, listNames, visible } from '../text.ts';
import { endRehearsal, putPoliciesBack, readPolicyLists } from './apply.ts';

/**
 * The first step of each command that writes: things that killed runs left are removed, and named. Clients to which
 * `onboard` granted an audience for the time being lose it, and probe clients go. Runs that may still go on are left
 * alone. `known`: the record, where it was read already. Client policies that a killed run wrote are tried as that run
 * would have: POLICIES_PUT_BACK where sign-ins fail with them. Returns the record as it is afterwards.
 */
export async function removeLeftBehind(
  { io, voice }: { io: Io; voice: Voice },
  keycloak: Keycloak,
  command: string,
  known?: RealmRecord,
): Promise<RealmRecord> {
  const run = runOf(io, command);
  const record = known ?? (await readRecord(keycloak));
  const own = runMark(io);
  const dead = entriesOf(record, 'rehearsal').filter(({ mark }) => isOver(mark, own, io));
  const [lost, probes] = await Promise.all([
    revokeLeftovers(keycloak, record, run, (pid) => io.isAlive(pid)),
    removeLeftProbes({ io, voice }, keycloak, dead).finally(() => voice.progress(undefined)),
  ]);
  for (const { client, resource } of lost) {
    const message = `The client ${visible(client.clientId)} held the audience ${visible(resource)} since a run of mcpkc onboard that was killed. It was revoked.`;
    voice.note(message);
  }
  if (probes > 0)
    voice.note(`${count(probes, 'probe client')} of mcpkc, left by a run that was killed: removed.`);
  // An account that may not write policies wrote none.
  const tried = (await ifAllowed(() => proveLeftPolicies(io, keycloak, command, record, dead))) ?? [];
  if (tried.length > 0)
    voice.note(
      `A run that was killed had written the client policies ${listNames(tried)} and not tried them. They were tried now: sign-ins work with them.`,
    );
  const hadLeftovers = (['provisional', 'rehearsal'] as const).some(
    (kind) => entriesOf(record, kind).length > 0,
  );
  return hadLeftovers ? readRecord(keycloak) : record;
}

/** The record as a command begins with it: what killed runs left is removed before, but for a dry run. */
export async function prepareRecord(
  context: { io: Io; voice: Voice },
  keycloak: Keycloak,
  command: string,
  { dryRun }: { dryRun: boolean },
): Promise<RealmRecord> {
  return dryRun ? readRecord(keycloak) : removeLeftBehind(context, keycloak, command);
}

/** A rehearsal with the data by which another run does it. */
type LeftUntried = Rehearsal & { untried: Untried };

/**
 * Tries client policies that a killed run wrote: nothing plans them again, since they are as they are wanted. Where a
 * sign-in fails with them, they are put back. Returns the names of those that were tried. The run is over as well where
 * nobody holds the realm's lock, under which policies are written and tried.
 */
async function proveLeftPolicies(
  io: Io,
  keycloak: Keycloak,
  command: string,
  record: RealmRecord,
  dead: readonly Rehearsal[],
): Promise<string[]> {
  const all = entriesOf(record, 'rehearsal').filter((one): one is LeftUntried => one.untried !== undefined);
  if (all.length === 0) return [];
  const isFree = all.every((one) => dead.includes(one)) || !(await isLockHeld(keycloak, io));
  const left = all
    .filter((one) => isFree || dead.includes(one))
    .sort((a, b) => Date.parse(b.since) - Date.parse(a.since));
  const lists = left.length > 0 ? await readPolicyLists(keycloak) : undefined;
  const standing = left.filter(({ untried }) => lists && standsUntried(untried, lists));
  const [newest] = standing;
  if (newest === undefined) {
    await writeRecord(keycloak, { forget: left });
    return [];
  }
  const { tosUri } = runMark(io);
  const since = new Date(keycloak.serverNow()).toISOString();
  const own: Entry = { kind: 'rehearsal', mark: markOf(tosUri), since };
  const wish = {
    registration: newest.untried.registration,
    scopes: [...new Set(standing.flatMap(({ untried }) => untried.scopes))],
    tosUri,
  };
  await writeRecord(keycloak, { remember: [own] });
  const { failures, mayLeave } = await rehearse(keycloak, wish);
  const ended = endRehearsal([own], { mayLeave });
  if (failures.length === 0) await writeRecord(keycloak, { ...ended, forget: [...ended.forget, ...left] });
  else {
    const restore = () =>
      withLock(keycloak, io, holderOf(io, command), async () => {
        for (const { untried } of standing)
          await restoreClientPolicies(keycloak, untried.policies, untried.before);
      });
    await putPoliciesBack(keycloak, {
      ...{ problems: failures, rehearsal: wish, restore, own: [own], forget: left, mayLeave, left: true },
    });
  }
  return [...new Set(standing.flatMap(({ untried }) => untried.policies))].sort();
}

/** A note about client policies that a killed run wrote and didn't try; the next run that writes does. */
export function untriedNotes(io: Io, record: RealmRecord, lists: ClientPolicyLists): string[] {
  const own = runMark(io);
  const left = entriesOf(record, 'rehearsal').flatMap(({ mark, untried }) =>
    untried !== undefined && isOver(mark, own, io) && standsUntried(untried, lists) ? untried.policies : [],
  );
  if (left.length === 0) return [];
  const names = listNames([...new Set(left)].sort());
  return [
    `A run that was killed wrote the client policies ${names} and didn’t try sign-ins with them: mcpkc apply does, also where nothing else is to be changed.`,
  ];
}

/** Whether the policies are not as they were before: never written, or put back already, there is nothing to try. */
function standsUntried({ policies, before }: Untried, lists: ClientPolicyLists): boolean {
  return JSON.stringify(policiesNamed(policies, lists)) !== JSON.stringify(before);
}

/**
 * Removes probe clients that killed runs left, and returns their number. A rehearsal is remembered before it makes its
 * first client. Every client is looked at where the record has that of a killed run, and only then: one that registered
 * itself has no name of mcpkc, and a search by a part of the name costs as much (26.7.4: 0.3 s at 50,000 clients).
 */
async function removeLeftProbes(
  { io, voice }: { io: Io; voice: Voice },
  keycloak: Keycloak,
  dead: readonly Rehearsal[],
): Promise<number> {
  if (dead.length === 0) return 0;
  const own = runMark(io);
  const collect = async () => {
    const left: Client[] = [];
    let read = 0;
    for await (const page of readAllClients(keycloak)) {
      left.push(...page.filter((client) => isLeftProbe(client, own, io)));
      read += page.length;
      voice.progress(`${count(read, 'client')} read`);
    }
    return left;
  };
  // An account that may not read clients makes no probes.
  const found = await ifAllowed(collect);
  if (!found) return 0;
  const removed = await mapSome(found, (client) => removeProbe(keycloak, client));
  // Those with policies are over once these were tried.
  if (removed.every((one) => one))
    await writeRecord(keycloak, { forget: dead.filter(({ untried }) => untried === undefined) });
  return removed.filter((one) => one).length;
}
