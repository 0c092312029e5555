import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
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
    if (logFile !== undefined) refuseStarved(logFile);
  };
}

/** Throws where the server ran out of memory of some kind: what it answered then proves nothing. */
function refuseStarved(logFile: string): void {
  const [line] =
    /^.*(?:VirtualMachineError|OutOfMemoryError|CodeCache is full).*$/m.exec(readFileSync(logFile, 'utf8')) ??
    [];
  if (line !== undefined) throw new Error(`The server of this run was starved (${logFile}): ${line.trim()}`);
}

/** On a server that stays, removes the realms of files that didn't come to their end. */
async function removeRealms(server: RunningKeycloak, run: string): Promise<void> {
  const admin = adminOf(server);
  const realms = await admin.get<{ realm: string }[]>('/realms?briefRepresentation=true');
  for (const { realm } of realms) if (realm.includes(`-${run}-`)) await realmNamed(admin, realm).remove();
}
