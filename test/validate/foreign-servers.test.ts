/** Servers that others wrote, as their own guides set them up: no must fails of what works. */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { install } from '../products/real/ground.ts';
import { replay } from '../products/replay.ts';
import { type Document, newStage, SCOPE, type Stage, type Validated } from './stage.ts';

const INSTALL_MS = 300_000;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const scriptOf = (name: string) => new URL(`servers/${name}`, import.meta.url);

/** Starts a server and waits until it answers. */
async function start(command: string, args: readonly string[], url: string): Promise<ChildProcess> {
  const child = spawn(command, args, { stdio: 'ignore' });
  for (let tries = 0; tries < 120; tries += 1) {
    if (child.exitCode !== null) break;
    const isUp = await fetch(url, { method: 'POST' }).then(
      () => true,
      () => false,
    );
    if (isUp) return child;
    await sleep(500);
  }
  child.kill();
  throw new Error(`The server at ${url} did not start.`);
}

describe('FastMCP’s example server', () => {
  let stage: Stage;
  let server: ChildProcess;
  let url: string;
  let run: (...scopes: string[]) => Promise<ChildProcess>;

  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}/mcp`;
    stage = await newStage('fastmcp');
    await stage.provision(url, ['--preset', 'chatgpt,codex,fastmcp']);
    const { folder } = await install({ from: 'pypi', name: 'fastmcp' });
    const script = join(folder, 'server.py');
    copyFileSync(scriptOf('fastmcp-server.py'), script);
    run = (...scopes) =>
      start(join(folder, 'bin/python'), [script, stage.realm.issuer, String(port), url, ...scopes], url);
    server = await run();
  }, INSTALL_MS);
  afterAll(async () => {
    server?.kill();
    await stage?.remove();
  });

  const verdictOn = (document: Document, product: string) =>
    document.outlook.find(({ preset }) => preset === product)?.verdict;

  it('is green as it is, inside and outside', { timeout: 180_000 }, async () => {
    const inside = await stage.validate(url);
    expect(mustsOf(inside)).toEqual([]);
    expect(inside.exit).toBe(0);
    expect(inside.check('MCP-ORIGIN-FOREIGN')).toMatchObject({ severity: 'should', outcome: 'fail' });
    const outside = await stage.validate(url, ['--outside']);
    expect(mustsOf(outside)).toEqual([]);
    expect(outside.exit).toBe(0);
  });

  it('names no scope of the realm’s, so that Codex is told to fail, and fails; the fix is in its words', {
    timeout: 180_000,
  }, async () => {
    const without = await stage.validate(url, ['--preset', 'codex']);
    expect(verdictOn(without.document, 'codex')).toBe('fails');
    expect(await replay('codex', { user: stage.user }, { url })).toMatchObject({ ok: true, opens: false });
    expect(without.check('REG-READBACK').fix).toContain(`required_scopes=["openid", "${SCOPE}"]`);
    server.kill();
    server = await run('openid', SCOPE);
    const fixed = await stage.validate(url, ['--preset', 'chatgpt,codex,fastmcp']);
    expect(mustsOf(fixed)).toEqual([]);
    for (const product of ['codex', 'fastmcp']) {
      expect(verdictOn(fixed.document, product)).toMatch(/^works/);
      expect(await replay(product, { user: stage.user }, { url })).toMatchObject({ ok: true, opens: true });
    }
  });
});

/** Which musts are red, with their messages. */
function mustsOf({ document }: Validated): string[] {
  return document.checks
    .filter(
      ({ severity, outcome, excused }) =>
        severity === 'must' && (outcome === 'fail' || (outcome === 'not-run' && !excused)),
    )
    .map(({ id, message }) => `${id}: ${message}`);
}

describe('a server on the official SDK', () => {
  let stage: Stage;
  let server: ChildProcess;
  let url: string;

  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}/mcp`;
    stage = await newStage('sdk-server');
    await stage.provision(url, ['--preset', 'chatgpt,codex']);
    const { folder } = await install({ from: 'npm', name: '@modelcontextprotocol/sdk' });
    const script = join(folder, 'server.mjs');
    copyFileSync(scriptOf('sdk-1-server.mjs'), script);
    server = await start(process.execPath, [script, stage.realm.issuer, String(port), SCOPE], url);
  }, INSTALL_MS);
  afterAll(async () => {
    server?.kill();
    await stage?.remove();
  });

  it('is green, inside and outside', { timeout: 180_000 }, async () => {
    const run = await stage.validate(url, ['--preset', 'chatgpt,codex']);
    expect(run.ids('fail').filter((id) => run.check(id).severity === 'must')).toEqual([]);
    expect(run.exit).toBe(0);
    expect(await replay('codex', { user: stage.user }, { url })).toMatchObject({ ok: true, opens: true });
    expect((await stage.validate(url, ['--outside'])).exit).toBe(0);
  });
});
