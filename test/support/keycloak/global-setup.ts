import { randomBytes } from 'node:crypto';
import type { TestProject } from 'vitest/node';
import { adminOf } from '../../../tools/keycloak/admin.ts';
import { obtainKeycloak } from '../../../tools/keycloak/obtain.ts';
import type { RunningKeycloak } from '../../../tools/keycloak/server.ts';
import { realmNamed } from './realm.ts';

/** How test files reach the run's server: `inject('keycloak')`. */
export interface ProvidedKeycloak {
  url: string;
  adminUser: string;
  adminPassword: string;
  version: string;
  /** Of a server that the run started. */
  logFile: string | undefined;
  /** In the name of each realm that useRealm makes in this run. */
  run: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    keycloak: ProvidedKeycloak;
  }
}

/** vitest's global set-up: one server for the whole run, stopped at its end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await obtainKeycloak({ progress: (line) => process.stderr.write(`${line}\n`) });
  const run = randomBytes(3).toString('hex');
  const { url, adminUser, adminPassword, version, logFile } = server;
  project.provide('keycloak', { url, adminUser, adminPassword, version, logFile, run });
  return async () => {
    if (!server.owned) await removeRealms(server, run);
    await server.stop();
  };
}

/** On a server that stays, removes the realms of files that didn't come to their end. */
async function removeRealms(server: RunningKeycloak, run: string): Promise<void> {
  const admin = adminOf(server);
  const realms = await admin.get<{ realm: string }[]>('/realms?briefRepresentation=true');
  for (const { realm } of realms) if (realm.includes(`-${run}-`)) await realmNamed(admin, realm).remove();
}
