import type { Io } from '../cli/io.ts';
import type { Voice } from '../cli/voice.ts';
import type { Keycloak } from '../keycloak/connection/connect.ts';
import { ifAllowed } from '../keycloak/connection/failures.ts';
import { mapSome } from '../keycloak/connection/lists.ts';
import { allClients, searchClients } from '../keycloak/read/clients.ts';
import { readRecord } from '../keycloak/read/record.ts';
import { removeProbe } from '../keycloak/write/probe-clients.ts';
import { withdrawLeftovers } from '../keycloak/write/provisional.ts';
import { runOf, writeRecord } from '../keycloak/write/record.ts';
import { PROBE_CLIENT } from '../keycloak/write/rehearse.ts';
import { isLeftProbe, isOver, runMark } from '../products/probe-mark.ts';
import { entriesOf, type RealmRecord } from '../realm/record.ts';
import type { Client } from '../realm/representations.ts';
import { count, visible } from '../text.ts';

/**
 * The first step of each command that writes: things that killed runs left are removed, and named. Clients to which
 * `onboard` granted an audience for the time being lose it, and probe clients go. Runs that may still go on are left
 * alone. `known`: the record, where it was read already.
 */
export async function removeLeftBehind(
  { io, voice }: { io: Io; voice: Voice },
  keycloak: Keycloak,
  command: string,
  known?: RealmRecord,
): Promise<void> {
  const run = runOf(io, command);
  const record = known ?? (await readRecord(keycloak));
  const [lost, probes] = await Promise.all([
    withdrawLeftovers(keycloak, record, run, (pid) => io.isAlive(pid)),
    removeLeftProbes({ io, voice }, keycloak, record).finally(() => voice.progress(undefined)),
  ]);
  for (const { client, resource } of lost) {
    const message = `The client ${visible(client.clientId)} held the audience ${visible(resource)} since a run of mcpkc onboard that was killed. It was revoked.`;
    voice.note(message);
  }
  if (probes > 0)
    voice.note(`${count(probes, 'probe client')} of mcpkc, left by a run that was killed: removed.`);
}

/**
 * Removes probe clients that killed runs left, and returns their number. Those that the admin API made are found by
 * their name. One that registered itself has none: every client is looked at where the record has the rehearsal of a
 * killed run, and only then.
 */
async function removeLeftProbes(
  { io, voice }: { io: Io; voice: Voice },
  keycloak: Keycloak,
  record: RealmRecord,
): Promise<number> {
  const own = runMark(io);
  const dead = entriesOf(record, 'rehearsal').filter(({ mark }) => isOver(mark, own, io));
  const collect = async () => {
    const left: Client[] = [];
    if (dead.length === 0) {
      // A search finds the text anywhere in the id, and without regard to case.
      for await (const client of searchClients(keycloak, PROBE_CLIENT))
        if (client.clientId.startsWith(PROBE_CLIENT) && isLeftProbe(client, own, io)) left.push(client);
    } else {
      let read = 0;
      for await (const page of allClients(keycloak)) {
        left.push(...page.filter((client) => isLeftProbe(client, own, io)));
        read += page.length;
        voice.progress(`${count(read, 'client')} read`);
      }
    }
    return left;
  };
  // An account that may not read clients makes no probes.
  const found = await ifAllowed(collect);
  if (!found) return 0;
  const removed = await mapSome(found, (client) => removeProbe(keycloak, client));
  if (removed.every((one) => one)) await writeRecord(keycloak, { forget: dead });
  return removed.filter((one) => one).length;
}
