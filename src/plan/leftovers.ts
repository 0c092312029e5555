import type { Io } from '../cli/io.ts';
import type { Voice } from '../cli/voice.ts';
import type { Keycloak } from '../keycloak/connection/connect.ts';
import { withdrawLeftovers } from '../keycloak/write/provisional.ts';
import { runOf } from '../keycloak/write/record.ts';
import type { Run } from '../realm/record.ts';
import { visible } from '../text.ts';

/**
 * The first step of each command that writes. Clients to which a killed run of `onboard` granted an audience for the
 * time being lose it, and are named. Runs that may still go on are left alone.
 */
export async function withdrawLeftBehind(
  { io, voice }: { io: Io; voice: Voice },
  keycloak: Keycloak,
  command: string | Run,
): Promise<void> {
  const run = typeof command === 'string' ? runOf(io, command) : command;
  for (const { client, resource } of await withdrawLeftovers(keycloak, run, (pid) => io.isAlive(pid))) {
    const message = `The client ${visible(client.clientId)} held the audience ${visible(resource)} since a run of mcpkc onboard that was killed. It was revoked.`;
    voice.note(message);
  }
}
