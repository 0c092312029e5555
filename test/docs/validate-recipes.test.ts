import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import { READING_ROLES } from '../../src/realm/roles.ts';
import { type Account, accountIn, expectCli, expectNoSecrets } from '../support/cli.ts';
import { type GoodHost, startGoodHost } from '../support/hosts/good.ts';
import { installBin } from '../support/installed-bin.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const { version } = JSON.parse(read('package.json'));
const SCOPE = 'mcp-resource-127';
const folder = mkdtempSync(join(tmpdir(), 'mcpkc-action-'));
const realm = await useRealm('action');
let bin: string;
let host: GoodHost;
let reader: Account;

beforeAll(async () => {
  bin = await installBin(folder, version, inject('mcpkcBin'));
  host = await startGoodHost({ issuer: realm.issuer, scope: SCOPE, advertisedScopes: [SCOPE] });
  const writer = await accountIn(realm);
  await expectCli(
    0,
    ['create-scope', '--preset', 'chatgpt', '--resource', host.url, '--scope', SCOPE],
    writer,
  );
  await realm.createUser();
  reader = await accountIn(realm, READING_ROLES, 'mcpkc-reader');
});
afterAll(async () => {
  await host.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Action {
  inputs: Record<string, { required?: boolean; default?: string }>;
  runs: { using: string; steps: { name: string; run?: string; env?: Record<string, string> }[] };
}
const action = parse(read('action.yml')) as Action;

async function sh(script: string, args: readonly string[], env: Record<string, string>) {
  const child = spawn(script, args, { cwd: folder, env: { PATH: `${bin}:/usr/bin:/bin`, ...env } });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const status = await new Promise<number | null>((ended) => child.on('close', ended));
  expectNoSecrets(out + err);
  return { status, out, err };
}

/** Runs the action's step as GitHub does: inputs, or their defaults, in the variables that action.yml names. */
async function act(inputs: Record<string, string>) {
  const step = action.runs.steps.find(({ run }) => run !== undefined);
  const values = Object.entries(step?.env ?? {}).map(([name, expression]) => {
    const input = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(expression)?.[1] ?? '';
    expect(action.inputs).toHaveProperty([input]);
    return [name, inputs[input] ?? action.inputs[input]?.default ?? ''];
  });
  for (const name of ['summary', 'output']) writeFileSync(join(folder, name), '');
  const ran = await sh('bash', ['-c', step?.run ?? ''], {
    ...Object.fromEntries(values),
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTION_PATH: ROOT,
    GITHUB_STEP_SUMMARY: join(folder, 'summary'),
    GITHUB_OUTPUT: join(folder, 'output'),
    RUNNER_TEMP: folder,
  });
  const [summary, output] = ['summary', 'output'].map((name) => readFileSync(join(folder, name), 'utf8'));
  return { ...ran, summary: summary ?? '', output: output ?? '' };
}

const inside = () => ({
  server: inject('keycloak').url,
  realm: realm.name,
  'client-id': reader.clientId,
  'client-secret': reader.secret,
});

describe('the GitHub action', () => {
  it('is green for a good host, with summary, JUnit and outputs', async () => {
    const ran = await act({ url: host.url, ...inside() });
    expect(ran).toMatchObject({ status: 0 });
    // An info that failed doesn't make the job red, and is shown all the same.
    expect(ran.summary).toMatch(/^## ✅ mcpkc validate: \d+ pass, /);
    expect(ran.summary).toContain('| LOG-CORRELATE | info | fail |');
    expect(ran.output).toContain('exit-status=0\n');
    expect(readFileSync(join(folder, 'mcpkc-validate.xml'), 'utf8')).toContain('<testsuite');
  });

  it('is red with a table of what is red, and annotates it', async () => {
    const broken = await startGoodHost({ issuer: realm.issuer, scope: SCOPE });
    try {
      const ran = await act({ url: `${broken.url}x`, arguments: '--outside --skip MCP,REG' });
      expect(ran.status).toBe(1);
      expect(ran.summary).toMatch(/^## ❌ .*\n\n\| check \|/);
      expect(ran.summary).toMatch(/^\| CHAL-401 \| must \| fail \|/m);
      expect(ran.err).toMatch(/^::error/m);
    } finally {
      await broken.stop();
    }
  });

  it('says in the summary why nothing could be judged', async () => {
    const ran = await act({ url: 'not a url' });
    expect(ran).toMatchObject({ status: 2 });
    expect(ran.summary).toContain('## ❌ mcpkc validate: INPUT');
  });
});

describe('the shell script for other CI', () => {
  const script = join(ROOT, 'examples/ci/validate.sh');

  it('is green for a good host', async () => {
    const ran = await sh(script, [], { ...reader.env, MCP_TRANSPORT_URL: host.url });
    expect(ran.status, ran.out + ran.err).toBe(0);
  });

  it('tries three times where nothing answers, and is red at once where the answer is no', async () => {
    const env = { ...reader.env, MCPKC_RETRY_SECONDS: '0' };
    const gone = await startGoodHost({ issuer: realm.issuer });
    await gone.stop();
    const silent = await sh(script, ['--outside', '--only', 'CHAL'], { ...env, MCP_TRANSPORT_URL: gone.url });
    expect(silent.status, silent.out + silent.err).toBe(3);
    expect(silent.out.match(/^http:\/\/127/gm)).toHaveLength(3);
    const red = await sh(script, ['--only', 'CHAL'], { ...env, MCP_TRANSPORT_URL: `${host.url}x` });
    expect(red.status).toBe(1);
  });
});

describe('mcpkc env for Compose and Kubernetes', () => {
  it.each(['compose', 'k8s'])('is YAML that says what the JSON says: %s', async (format) => {
    const { out } = await expectCli(0, ['env', host.url, '--format', format], reader);
    const { out: json } = await expectCli(0, ['env', host.url, '--format', 'json'], reader);
    const document = parse(out);
    const block =
      format === 'k8s' ? document.data : Object.values<{ environment: object }>(document.services)[0];
    expect(format === 'k8s' ? block : block.environment).toEqual(JSON.parse(json));
  });
});
