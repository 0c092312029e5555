/** Servers that others wrote, as their own guides set them up: no must fails of what works. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { install, installFolder } from '../products/real/ground.ts';
import { replay } from '../products/replay.ts';
import { expectCli } from '../support/cli.ts';
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

/** Builds a server with Maven, once, and returns the archive that Java runs. */
function built(name: string, archive: string): string {
  const folder = join(installFolder(), `server-${name}`);
  const jar = join(folder, 'target', archive);
  if (existsSync(jar)) return jar;
  cpSync(scriptOf(name), folder, { recursive: true });
  const maven = spawnSync('mvn', ['-B', '-q', 'package'], { cwd: folder, encoding: 'utf8' });
  if (maven.status !== 0)
    throw new Error(`Maven ended with ${maven.status}:\n${maven.stdout}${maven.stderr}`);
  return jar;
}

describe('Spring AI’s server with mcp-server-security', () => {
  let stage: Stage;
  let server: ChildProcess;
  let url: string;
  let run: (...flags: string[]) => Promise<ChildProcess>;

  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}/mcp`;
    stage = await newStage('spring');
    await stage.provision(url, ['--preset', 'chatgpt,codex']);
    const jar = built('spring', 'server-1.jar');
    const flags = [`--server.port=${port}`, `--issuer=${stage.realm.issuer}`];
    run = (...more) => start('java', ['-jar', jar, ...flags, ...more], url);
    server = await run();
  }, INSTALL_MS);
  afterAll(async () => {
    server?.kill();
    await stage?.remove();
  });

  it('takes every token of the realm as it is, which is said in its words', {
    timeout: 240_000,
  }, async () => {
    const asItIs = await stage.validate(url);
    expect(asItIs.ids('fail').filter((id) => asItIs.check(id).severity === 'must')).toEqual([
      'CHAL-FOREIGN-AUD',
    ]);
    expect(asItIs.check('CHAL-FOREIGN-AUD').fix).toContain('validateAudienceClaim(true)');
  });

  it('is green once it looks at the audience, inside and outside', { timeout: 240_000 }, async () => {
    server.kill();
    await new Promise((closed) => server.once('close', closed));
    server = await run('--audience=true');
    const inside = await stage.validate(url);
    expect(mustsOf(inside)).toEqual([]);
    expect(inside.exit).toBe(0);
    const outside = await stage.validate(url, ['--outside']);
    expect(mustsOf(outside)).toEqual([]);
    expect(outside.exit).toBe(0);
  });

  it('names no scope, so that Codex asks for all; the printed command lets it in', {
    timeout: 240_000,
  }, async () => {
    const product = () => replay('codex', { user: stage.user }, { url });
    const refused = await stage.validate(url, ['--preset', 'codex']);
    expect(refused.check('REG-SCOPE').cause).toContain('The issuer advertises service_account');
    expect(await product()).toMatchObject({ ok: false, stage: 'registration' });
    const command = refused.check('REG-SCOPE').fix ?? '';
    await expectCli(0, command.split(' ').slice(1), { env: stage.account.env });
    const run = await stage.validate(url, ['--preset', 'codex']);
    expect(run.exit).toBe(0);
    expect(await product()).toMatchObject({ ok: true, opens: true });
  });
});

describe('Quarkus with quarkus-oidc', () => {
  let stage: Stage;
  let server: ChildProcess;
  let url: string;
  let run: (...properties: string[]) => Promise<ChildProcess>;

  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}/mcp`;
    stage = await newStage('quarkus');
    await stage.provision(url, ['--preset', 'chatgpt,codex']);
    const jar = built('quarkus', 'quarkus-app/quarkus-run.jar');
    run = (...properties) => start('java', [`-Dquarkus.http.port=${port}`, ...properties, '-jar', jar], url);
    server = await run(`-Dquarkus.oidc.auth-server-url=${stage.realm.issuer}`);
  }, INSTALL_MS);
  afterAll(async () => {
    server?.kill();
    await stage?.remove();
  });

  it('names its origin, with https, and takes every token of the realm as it is', {
    timeout: 240_000,
  }, async () => {
    const asItIs = await stage.validate(url);
    const musts = asItIs.ids('fail').filter((id) => asItIs.check(id).severity === 'must');
    expect(musts).toEqual(['CHAL-FOREIGN-AUD', 'PRM-RESOURCE']);
    expect(await replay('chatgpt', { user: stage.user }, { url })).toMatchObject({
      ok: false,
      stage: 'resource-metadata',
    });
  });

  it('is green with what env prints, inside and outside', { timeout: 240_000 }, async () => {
    server.kill();
    await new Promise((closed) => server.once('close', closed));
    const { out } = await expectCli(0, ['env', url, '--format', 'quarkus'], { env: stage.account.env });
    const file = join(installFolder(), 'server-quarkus', `${stage.realm.name}.properties`);
    writeFileSync(file, out);
    server = await run(`-Dquarkus.config.locations=${file}`);
    const inside = await stage.validate(url, ['--preset', 'chatgpt,codex']);
    expect(mustsOf(inside)).toEqual([]);
    expect(inside.exit).toBe(0);
    expect((await stage.validate(url, ['--outside'])).exit).toBe(0);
    for (const product of ['chatgpt', 'codex']) {
      const result = await replay(product, { user: stage.user }, { url });
      expect(result, JSON.stringify(result)).toMatchObject({ ok: true, opens: true });
    }
  });
});
