import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, EXIT_STATUS } from '../../src/errors.ts';
import { runCli } from '../support/cli.ts';
import { envFor } from '../support/fake-keycloak.ts';

const TESTS = fileURLToPath(new URL('../', import.meta.url));

/** Law 6: the test that reaches each failure through the program. */
const REACHED = {
  USAGE: 'unit/words.test.ts',
  CONFIG_INVALID: 'edge/tls.test.ts',
  CONFIG_MISSING: 'unit/documents-of-runs.test.ts',
  INPUT_INVALID: 'keycloak/trusted-hosts.test.ts',
  REALM_NOT_FOUND: 'keycloak/account.test.ts',
  WRONG_SERVER_PATH: 'keycloak/account.test.ts',
  SCOPE_NOT_FOUND: 'keycloak/account.test.ts',
  CLIENT_NOT_IN_REALM: 'keycloak/create-scope-clients.test.ts',
  PROFILE_MISMATCH: 'unit/fleet/commands.test.ts',
  PLAN_MOVED: 'keycloak/fleet.test.ts',
  POLICIES_PUT_BACK: 'keycloak/hardening-proved.test.ts',
  FILE_NOT_WRITTEN: 'unit/init/files.test.ts',
  KEYCLOAK_UNREACHABLE: 'edge/network.test.ts',
  KEYCLOAK_STARTING: 'edge/network.test.ts',
  KEYCLOAK_ERROR: 'edge/network.test.ts',
  KEYCLOAK_BUSY: 'edge/network.test.ts',
  KEYCLOAK_TIMEOUT: 'edge/network.test.ts',
  TLS_FAILED: 'edge/tls.test.ts',
  PORT_BLOCKED: 'edge/network.test.ts',
  CHANGE_NOT_KEPT: 'keycloak/lock.test.ts',
  NOT_WITHDRAWN: 'keycloak/onboard-end.test.ts',
  WRONG_SECRET: 'keycloak/account.test.ts',
  ACCOUNT_NOT_FOUND: 'keycloak/account.test.ts',
  SERVICE_ACCOUNT_DISABLED: 'keycloak/account.test.ts',
  ADMIN_LOGIN_FAILED: 'keycloak/init-admin.test.ts',
  ROLE_MISSING: 'keycloak/trusted-hosts.test.ts',
  NOT_AUTHORISED: 'edge/network.test.ts',
  CONSENT_NEEDED: 'keycloak/create-scope-taken.test.ts',
  PLAIN_HTTP: 'edge/network.test.ts',
  CLIENT_ID_UNSAFE: 'attacks/i1-id-is-a-path.test.ts',
  ROLE_COMPOSITE: 'keycloak/access.test.ts',
  CLIENT_TAKEN: 'attacks/h6-named-client-taken-first.test.ts',
  FOLDER_NOT_TRUSTED: 'attacks/h1-planted-configuration.test.ts',
  SCOPE_TAKEN: 'keycloak/create-scope-taken.test.ts',
  SCOPE_IN_POLICY: 'keycloak/create-scope-remove.test.ts',
  POLICIES_BROKEN: 'others/application.test.ts',
  MAPPER_REFUSED: 'keycloak/stand-in-26-8.test.ts',
  SECRET_MASKED: 'keycloak/stand-in-26-8.test.ts',
  SEVERAL_NEWCOMERS: 'keycloak/onboard-adoption.test.ts',
  LOCK_HELD: 'keycloak/lock.test.ts',
  LOCK_LOST: 'attacks/m7-lock.test.ts',
  OLD_WINDOW: 'keycloak/onboard-modes.test.ts',
  LIMIT_EXCEEDED: 'keycloak/prune-runs.test.ts',
  FILE_EXISTS: 'keycloak/init.test.ts',
  REALM_PROTECTED: 'keycloak/prune-runs.test.ts',
  NOTHING_ADOPTED: 'keycloak/onboard-adoption.test.ts',
  BUG: 'unit/exit-statuses.test.ts',
  HUNG_UP: 'keycloak/create-scope-interrupted.test.ts',
  INTERRUPTED: 'edge/network.test.ts',
  TERMINATED: 'keycloak/create-scope-interrupted.test.ts',
} as const satisfies Partial<Record<ErrorCode, string>>;

/** Codes that nothing reaches yet. Empty is the aim; a code in it that some test names doesn't belong here. */
const NOT_YET: readonly ErrorCode[] = ['MCP_SERVER_UNREACHABLE'];

const codes = Object.keys(EXIT_STATUS) as ErrorCode[];
const names = (file: string, code: ErrorCode) => readFileSync(TESTS + file, 'utf8').includes(`'${code}'`);

describe('law 6', () => {
  it.each(codes)('%s is reached by a test', (code) => {
    if (NOT_YET.includes(code)) {
      const files = readdirSync(TESTS, { recursive: true, encoding: 'utf8' });
      const tests = files.filter(
        (file) => file.endsWith('.test.ts') && file !== 'unit/exit-statuses.test.ts',
      );
      expect(tests.filter((file) => names(file, code))).toEqual([]);
      return;
    }
    const file: string | undefined = (REACHED as Partial<Record<ErrorCode, string>>)[code];
    if (file === undefined) expect.fail(`no test is named for ${code}: add it to REACHED`);
    expect(names(file, code), `${file} names ${code}`).toBe(true);
  });

  it('every exit status of the contract has a code', () => {
    expect([...new Set(Object.values(EXIT_STATUS))].toSorted((a, b) => a - b)).toEqual([
      2, 3, 4, 5, 6, 70, 129, 130, 143,
    ]);
  });
});

describe('a bug', () => {
  const bug = new TypeError('something is undefined');
  const place = `    at ${'Object.'.repeat(9)}now (/home/ann/a/long/way/to/some/folder/with blanks/exit-statuses.test.ts:98:17)`;
  bug.stack = `TypeError: something is undefined\n${place}`;
  const broken = (...args: string[]) =>
    runCli(['trusted-hosts', ...args], {
      env: envFor('http://127.0.0.1:9'),
      prepare: (io) => {
        io.now = () => {
          throw bug;
        };
      },
    });

  it('ends with 70, its stack on stderr', async () => {
    const ran = await broken();
    expect(ran.exit).toBe(70);
    expect(ran.out).toBe('');
    expect(ran.err).toContain('A bug in mcpkc: something is undefined');
    expect(ran.err).toContain('Please report it with the lines below.');
    // As it is, however wide: who reports it copies it.
    expect(ran.err.split('\n')).toContain(place);
  });

  it('is one document with --json', async () => {
    const ran = await broken('--json');
    expect(ran.json).toMatchObject({ schema: 'mcpkc/error/v1', ok: false, code: 'BUG', exitStatus: 70 });
  });
});
