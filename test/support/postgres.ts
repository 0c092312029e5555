import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, startChild } from '../../tools/keycloak/child.ts';
import { freePort } from '../../tools/keycloak/ports.ts';

/** A running PostgreSQL with an empty database `keycloak`. */
export interface Postgres {
  /** What Keycloak is started with to use it. */
  keycloakArgs: string[];
  stop(): Promise<void>;
}

/** Debian keeps a release's programs apart, and not on the PATH. */
function programs(): string {
  const root = '/usr/lib/postgresql';
  const release = existsSync(root)
    ? readdirSync(root).toSorted((a, b) => Number(b) - Number(a))[0]
    : undefined;
  if (release !== undefined) return join(root, release, 'bin');
  throw new Error('These tests need PostgreSQL: install the Debian package postgresql.');
}

/** PostgreSQL refuses to run as root: then it runs as the user that its package made. */
function owner(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** Starts one on a free loopback port, in a folder of its own that goes with it; it ends with this process, also a killed one. */
export async function startPostgres(): Promise<Postgres> {
  const bin = programs();
  const as = owner();
  const folder = mkdtempSync(join(tmpdir(), 'mcpkc-postgres-'));
  chmodSync(folder, 0o700);
  if (as.uid !== undefined && as.gid !== undefined) chownSync(folder, as.uid, as.gid);
  const run = (program: string, ...args: string[]) =>
    execFileSync(join(bin, program), args, { ...as, cwd: folder, stdio: 'pipe' });
  run('initdb', '-D', join(folder, 'data'), '-U', 'keycloak', '--auth=trust', '--no-sync');
  const port = await freePort();
  const child = startChild({
    command: join(bin, 'postgres'),
    args: ['-D', join(folder, 'data'), '-h', '127.0.0.1', '-p', String(port), '-k', folder, '-F'],
    ...as,
    cwd: folder,
    env: process.env,
    logFile: join(folder, 'log'),
    folder,
  });
  await answering(child, () =>
    run('createdb', '-h', '127.0.0.1', '-p', String(port), '-U', 'keycloak', 'keycloak'),
  );
  return {
    keycloakArgs: [
      `--db-url=jdbc:postgresql://127.0.0.1:${port}/keycloak`,
      '--db-username=keycloak',
      '--db-password=keycloak',
    ],
    async stop() {
      // Immediate shutdown: its data goes anyway.
      child.signal('SIGQUIT');
      await child.ended;
      child.release();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answering(child: Child, ask: () => void): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (child.outcome() !== undefined) throw new Error(`PostgreSQL ${child.outcome()}`);
    try {
      ask();
      return;
    } catch {
      await sleep(200);
    }
  }
  throw new Error('PostgreSQL does not answer');
}
