import { adminOf } from './admin.ts';
import { type RunningKeycloak, startKeycloak } from './server.ts';
import type { Env, Progress } from './tools.ts';

/** The server that MCPKC_TEST_KEYCLOAK_URL names, else one that is started for us. `stop()` it in either case. */
export async function obtainKeycloak(
  options: { env?: Env; progress?: Progress; start?: typeof startKeycloak } = {},
): Promise<RunningKeycloak> {
  const { env = process.env, progress = () => {}, start = startKeycloak } = options;
  const url = env.MCPKC_TEST_KEYCLOAK_URL;
  return url ? foreign(url, env) : start({ progress });
}

async function foreign(address: string, env: Env): Promise<RunningKeycloak> {
  if (!URL.canParse(address)) throw new Error(`MCPKC_TEST_KEYCLOAK_URL is no URL: ${address}`);
  const adminPassword = env.MCPKC_TEST_KEYCLOAK_ADMIN_PASSWORD;
  if (!adminPassword) {
    throw new Error(
      'MCPKC_TEST_KEYCLOAK_URL is set, and MCPKC_TEST_KEYCLOAK_ADMIN_PASSWORD is not: the password of an administrator ' +
        'of the realm master there (MCPKC_TEST_KEYCLOAK_ADMIN, "admin" unless told).',
    );
  }
  const url = address.replace(/\/+$/, '');
  const adminUser = env.MCPKC_TEST_KEYCLOAK_ADMIN || 'admin';
  const refuse = async () => {
    throw new Error(`The server at ${url} is not ours to kill or restart; start one with startKeycloak().`);
  };
  return {
    url,
    adminUser,
    adminPassword,
    version: await versionOf({ url, adminUser, adminPassword }),
    logFile: undefined,
    owned: false,
    stop: async () => {},
    kill: refuse,
    restart: refuse,
  };
}

async function versionOf(server: Parameters<typeof adminOf>[0]): Promise<string> {
  try {
    const info = await adminOf(server).get<{ systemInfo?: { version?: string } }>('/serverinfo');
    return info.systemInfo?.version ?? 'unknown';
  } catch (error) {
    const cause = error instanceof Error && error.cause ? ` (${String(error.cause)})` : '';
    throw new Error(`The Keycloak of MCPKC_TEST_KEYCLOAK_URL can't be used: ${String(error)}${cause}`, {
      cause: error,
    });
  }
}
