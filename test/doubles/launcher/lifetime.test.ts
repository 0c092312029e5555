import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fakeJava, scratch, serverFiles, writeTree } from './fakes.ts';

const MAIN = fileURLToPath(new URL('../../../tools/keycloak/main.ts', import.meta.url));

/** Answers as much of Keycloak as the launcher asks for, and notes its process id. */
const SERVER = `
import { createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
const port = process.argv.find((arg) => arg.startsWith('--http-port=')).split('=')[1];
writeFileSync(process.env.FAKE_PID, String(process.pid));
createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ access_token: 'x', expires_in: 60, url: request.url }));
}).listen(port, '127.0.0.1');
`;

let folder: string;
let remove: () => void;
let program: ChildProcess;
let output: string;

beforeEach(() => {
  ({ folder, remove } = scratch());
});
afterEach(() => {
  program.kill('SIGKILL');
  remove();
});

/** Starts main.ts on a server whose kc.sh has this body. */
function start(kc: string): Promise<number | null> {
  writeFileSync(join(folder, 'server.mjs'), SERVER);
  writeTree(join(folder, 'home'), serverFiles('26.7.4', kc));
  fakeJava(join(folder, 'jdk'));
  const env = {
    ...process.env,
    TMPDIR: folder,
    XDG_CACHE_HOME: join(folder, 'cache'),
    KEYCLOAK_HOME: join(folder, 'home'),
    JAVA_HOME: join(folder, 'jdk'),
    MCPKC_TEST_KEYCLOAK_URL: '',
    MCPKC_KEYCLOAK_PORT: '',
    FAKE_PID: join(folder, 'pid'),
    KC_DB: 'postgres',
  };
  output = '';
  program = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const add = (chunk: Buffer) => {
    output += chunk.toString();
  };
  program.stdout?.on('data', add);
  program.stderr?.on('data', add);
  return new Promise((done) => program.once('close', (status) => done(status)));
}

async function until(condition: () => boolean, limit = 40_000): Promise<void> {
  const deadline = Date.now() + limit;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`It did not come to that. Output:\n${output}`);
    await sleep(25);
  }
}

/** Whether the server runs. One that has ended and waits for init to notice does not. */
function isAlive(): boolean {
  try {
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    process.kill(pid, 0);
    return !existsSync('/proc/self/stat') || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

const runHomes = () => readdirSync(folder).filter((name) => name.startsWith('mcpkc-keycloak-'));
const good = () => `exec '${process.execPath}' '${join(folder, 'server.mjs')}' "$@"`;

describe('the server ends with anybody who started it', { timeout: 120_000 }, () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const)('%s', async (signal) => {
    const ended = start(good());
    await until(() => output.includes('is running'));
    expect(isAlive()).toBe(true);
    expect(runHomes()).toHaveLength(1);
    program.kill(signal);
    await ended;
    await until(() => !isAlive() && runHomes().length === 0);
  });

  test('SIGKILL while the server is frozen', async () => {
    const ended = start(good());
    await until(() => output.includes('is running'));
    process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), 'SIGSTOP');
    program.kill('SIGKILL');
    await ended;
    await until(() => !isAlive() && runHomes().length === 0);
  });

  test('a signal while it starts', async () => {
    const ended = start(`echo $$ > '${join(folder, 'pid')}'; exec sleep 60`);
    await until(() => existsSync(join(folder, 'pid')));
    program.kill('SIGTERM');
    await ended;
    await until(() => !isAlive() && runHomes().length === 0);
  });
});

describe('a server that does not start', { timeout: 120_000 }, () => {
  test('shows the end of its log, keeps it, and leaves nothing else', async () => {
    expect(await start('echo "args $*"; echo "db <$KC_DB>"; echo "ERROR: out of luck"; exit 3')).toBe(1);
    expect(output).toContain('Keycloak ended with status 3 before it was ready.');
    expect(output).toMatch(
      /\| args start-dev --http-port=\d+ --http-host=127\.0\.0\.1 --http-relative-path=\/auth\n/,
    );
    expect(output).toContain('| db <>\n');
    expect(output).toContain('| ERROR: out of luck');
    const log = /The end of its log, (.*):/.exec(output)?.[1] ?? '';
    expect(readFileSync(log, 'utf8')).toContain('out of luck');
    expect(runHomes()).toEqual([]);
  });

  test('takes another port when somebody else was quicker', async () => {
    const ended = start(
      `if [ -e '${join(folder, 'tried')}' ]; then ${good()}; fi
       echo "$*" > '${join(folder, 'tried')}'; echo "ERROR: Port(s) already bound"; exit 1`,
    );
    await until(() => output.includes('is running'));
    const tried = /--http-port=(\d+)/.exec(readFileSync(join(folder, 'tried'), 'utf8'))?.[1] ?? 'none';
    expect(output).not.toContain(`:${tried}/`);
    program.kill('SIGTERM');
    expect(await ended).toBe(0);
  });
});
