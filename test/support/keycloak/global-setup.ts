import type { TestProject } from 'vitest/node';
import { obtainKeycloak } from './obtain.ts';

/** How test files reach the run's server: `inject('keycloak')`. */
export interface ProvidedKeycloak {
  url: string;
  adminUser: string;
  adminPassword: string;
  version: string;
  /** Of a server that the run started. */
  logFile: string | undefined;
}

declare module 'vitest' {
  interface ProvidedContext {
    keycloak: ProvidedKeycloak;
  }
}

/** vitest's global set-up: one server for the whole run, stopped at its end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await obtainKeycloak({ progress: (line) => process.stderr.write(`${line}\n`) });
  const { url, adminUser, adminPassword, version, logFile } = server;
  project.provide('keycloak', { url, adminUser, adminPassword, version, logFile });
  return () => server.stop();
}
