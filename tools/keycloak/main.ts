/** `npm run keycloak`: a Keycloak for development, until Ctrl-C. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { obtainKeycloak } from './obtain.ts';
import { type RunningKeycloak, type StartOptions, startKeycloak } from './server.ts';
import { cacheFolder } from './tools.ts';

const USAGE = `npm run keycloak -- [--features a,b] [--keep-data]

  --features a,b   turn on features of Keycloak, for example cimd
  --keep-data      keep realms and users for the next start with this option

Environment: MCPKC_KEYCLOAK_PORT (a fixed port), KC_BOOTSTRAP_ADMIN_USERNAME, KC_BOOTSTRAP_ADMIN_PASSWORD,
KEYCLOAK_HOME (an unpacked server), MCPKC_KEYCLOAK_VERSION, MCPKC_TEST_KEYCLOAK_URL (a running one).
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { features: { type: 'string' }, 'keep-data': { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const gone = stopSignal();
  const options = startOptions(values.features, values['keep-data'] === true);
  const starting = obtainKeycloak({ progress: options.progress, start: () => startKeycloak(options) });
  const server = await Promise.race([starting, gone]);
  if (typeof server === 'string') return;
  process.stdout.write(describe(server));
  if (!server.owned) return;
  process.stderr.write(`Stopping (${await gone}) …\n`);
  await server.stop();
}

function startOptions(
  features: string | undefined,
  keep: boolean,
): StartOptions & { progress: (line: string) => void } {
  const { env } = process;
  const port = env.MCPKC_KEYCLOAK_PORT ? Number(env.MCPKC_KEYCLOAK_PORT) : undefined;
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    throw new Error(`MCPKC_KEYCLOAK_PORT is no port: ${env.MCPKC_KEYCLOAK_PORT}`);
  }
  return {
    ...(keep
      ? keptData(env.KC_BOOTSTRAP_ADMIN_PASSWORD)
      : { adminPassword: env.KC_BOOTSTRAP_ADMIN_PASSWORD || undefined }),
    adminUser: env.KC_BOOTSTRAP_ADMIN_USERNAME || undefined,
    features: features?.split(',').filter((name) => name !== ''),
    port,
    progress: (line) => process.stderr.write(`${line}\n`),
  };
}

/** A kept database keeps its administrator, so the password is kept beside it. */
function keptData(wanted: string | undefined): Pick<StartOptions, 'dataFolder' | 'adminPassword'> {
  const folder = join(cacheFolder(process.env), 'kept-data');
  const file = join(folder, 'admin-password');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!existsSync(file))
    writeFileSync(file, wanted || randomBytes(12).toString('base64url'), { mode: 0o600 });
  return { dataFolder: folder, adminPassword: readFileSync(file, 'utf8').trim() };
}

/** Resolves at the first signal to end, and keeps the process alive until then. */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    const alive = setInterval(() => {}, 60_000);
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(name, () => {
        clearInterval(alive);
        resolve(name);
      });
    }
  });
}

function describe({ url, adminUser, adminPassword, version, logFile, owned }: RunningKeycloak): string {
  return `
Keycloak ${version} is running.
  URL        ${url}
  console    ${url}/admin/
  user       ${adminUser}
  password   ${adminPassword}
  log        ${logFile ?? "(not ours: see the server's own)"}

A realm to play in: in the console, "Manage realms", "Create realm"; or here:
  TOKEN=$(curl -s ${url}/realms/master/protocol/openid-connect/token \\
    -d grant_type=password -d client_id=admin-cli -d username=${adminUser} -d 'password=${adminPassword}' \\
    | node -p 'JSON.parse(require("fs").readFileSync(0)).access_token')
  curl -s -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
    ${url}/admin/realms -d '{"realm":"demo","enabled":true}'

${owned ? 'Ctrl-C stops it.' : 'It belongs to somebody else and stays as it is.'}
`;
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
