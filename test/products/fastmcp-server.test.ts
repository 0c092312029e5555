import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { runCli } from '../support/cli.ts';
import { freePort } from '../support/fake-keycloak.ts';
import { newStage, type Stage } from '../validate/stage.ts';
import { install } from './real/ground.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcpkc-fastmcp-'));
let stage: Stage;
let server: ChildProcess;
let url: string;

beforeAll(async () => {
  stage = await newStage('standing');
  const port = await freePort();
  url = `http://127.0.0.1:${port}/mcp`;
  await stage.provision(url);
  const printed = await runCli(['env', url, '--format', 'fastmcp'], { env: stage.account.env });
  expect(printed.exit, printed.err).toBe(0);
  const program = join(folder, 'server.py');
  writeFileSync(program, printed.out.replace('port=8000', `port=${port}`));
  const { folder: installed } = await install({ from: 'pypi', name: 'fastmcp' });
  server = spawn(join(installed, 'bin', 'python'), [program], { stdio: 'ignore' });
  const answers = () =>
    fetch(url, { method: 'POST' }).then(
      ({ status }) => status === 401,
      () => false,
    );
  await vi.waitUntil(answers, { timeout: 60_000, interval: 200 });
});
afterAll(async () => {
  server?.kill();
  await stage?.remove();
  rmSync(folder, { recursive: true, force: true });
});

it('what env prints for FastMCP is a server that passes every must', async () => {
  const { document, exit } = await stage.validate(url);
  const red = document.checks.filter(
    ({ severity, outcome }) => severity === 'must' && !['pass', 'skipped'].includes(outcome),
  );
  expect(red.map(({ id, message }) => `${id}: ${message}`)).toEqual([]);
  expect(exit).toBe(0);
});
