import type { Keycloak } from '../../src/keycloak/connection/connect.ts';
import { writeRecord } from '../../src/keycloak/write/record.ts';
import type { Realm } from './keycloak/realm.ts';
import { addClient } from './realm-things.ts';

/** What a run leaves that was killed in its rehearsal: the entry of the record, and a probe with the run's mark. */
export async function leaveProbe(
  realm: Realm,
  keycloak: Keycloak,
  clientId: string,
  begun: number,
): Promise<void> {
  const mark = `00000000.1.${begun.toString(36)}.${crypto.randomUUID().slice(0, 8)}`;
  await writeRecord(keycloak, {
    remember: [{ kind: 'rehearsal', mark, since: new Date(begun).toISOString() }],
  });
  await addClient(realm, clientId, {
    publicClient: true,
    attributes: { tosUri: `https://mcpkc.invalid/probe/${mark}` },
  });
}
