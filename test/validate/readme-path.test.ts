/** README's own path, run by a shell as it is printed; then its line for CI, the action and the script, without an account. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { replay } from '../products/replay.ts';
import { expectNoSecrets } from '../support/cli.ts';
import { type GoodHost, startGoodHost } from '../support/hosts/good.ts';
import { installBin } from '../support/installed-bin.ts';
import { createRealm, type Realm } from '../support/keycloak/realm.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const README = ['README.md', 'docs/automation.md']
  .map((file) => readFileSync(join(ROOT, file), 'utf8'))
  .join('\n');
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const SCOPE = 'mcp-resource-127-0-0-1';
const DOCUMENTED = 'https://svc.example.com/mcp';
const folder = mkdtempSync(join(tmpdir(), 'mcpkc-readme-'));
let bin: string;
let realm: Realm;
let host: GoodHost;

beforeAll(async () => {
  bin = await installBin(folder, version, inject('mcpkcBin'));
  realm = await createRealm(inject('keycloak'), 'readme');
  host = await startGoodHost({ issuer: realm.issuer, scope: SCOPE, advertisedScopes: [SCOPE] });
});
afterAll(async () => {
  await host?.stop();
  await realm?.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** A line of the README, with the server, the realm and the MCP server of this run. */
function line(pattern: RegExp): string {
  const found = pattern.exec(README)?.[1];
  if (found === undefined) throw new Error(`README has no line like ${pattern}`);
  return found.replaceAll(DOCUMENTED, host.url);
}

function run(command: string, place: string, env: Record<string, string> = {}) {
  const cwd = join(folder, place);
  mkdirSync(cwd, { recursive: true });
  const child = spawn('bash', ['-c', command], {
    cwd,
    env: { PATH: `${bin}:/usr/bin:/bin`, HOME: cwd, ...env },
  });
  let out = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      out += chunk;
    });
  }
  const done = new Promise<{ status: number | null; out: string }>((ended) =>
    child.on('close', (status) => {
      expectNoSecrets(out);
      ended({ status, out });
    }),
  );
  return { done, said: () => out };
}

it('the path ends with a proof, and CI without an account is green', { timeout: 240_000 }, async () => {
  const { url, adminPassword } = inject('keycloak');
  // Without a terminal the flags are the answers.
  const answers = `--server ${url} --realm ${realm.name} --admin-user admin`;
  const operator = (command: string, env = {}) => run(command, 'operator', env);
  const init = await operator(`${line(/^ +(mcpkc init)$/m)} ${answers}`, {
    KC_BOOTSTRAP_ADMIN_PASSWORD: adminPassword,
  }).done;
  expect(init.status, init.out).toBe(0);
  const env = await operator(line(/^ +(mcpkc env https.*)$/m)).done;
  expect(env.out).toContain(`OIDC_ISSUER=${realm.issuer}`);
  expect(env.out).toContain(`MCP_SCOPE_NAME=${SCOPE}`);
  const waiting = operator(`${line(/^ +(mcpkc onboard .*)$/m)} --until connected --timeout 90s`);
  while (!waiting.said().includes('Waiting for a connector')) await sleep(200);
  const user = await realm.createUser();
  const connected = await replay('chatgpt', { user }, host);
  expect(connected, `${JSON.stringify(connected)}\n${waiting.said()}`).toMatchObject({ ok: true });
  const onboarded = await waiting.done;
  expect(onboarded.status, onboarded.out).toBe(0);
  const proof = await operator(line(/^ +(mcpkc validate .*)$/m)).done;
  expect(proof.status, proof.out).toBe(0);

  const ci = await run(line(/^(mcpkc validate .*--outside.*)$/m), 'ci').done;
  expect(ci.status, ci.out).toBe(0);
  const script = await run(join(ROOT, 'examples/ci/validate.sh'), 'script', { MCP_TRANSPORT_URL: host.url })
    .done;
  expect(script.status, script.out).toBe(0);
  const action = await run(join(ROOT, 'action/validate.sh'), 'action', {
    INPUT_URL: host.url,
    INPUT_PRESET: 'chatgpt',
    INPUT_FAIL_ON: 'must',
    INPUT_ARGUMENTS: '',
    INPUT_SERVER: '',
    INPUT_REALM: '',
    INPUT_CLIENT_ID: '',
    INPUT_CLIENT_SECRET: '',
    INPUT_JUNIT: 'mcpkc-validate.xml',
    INPUT_VERSION: version,
    RUNNER_TEMP: folder,
  }).done;
  expect(action.status, action.out).toBe(0);
  expect(action.out).toMatch(/^## ✅ mcpkc validate/m);
});
