import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, inject, it, onTestFinished } from 'vitest';
import { freePort } from '../support/fake-keycloak.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { inTerminal, type Terminal } from '../support/terminal.ts';

const MCPKC = inject('mcpkcBin');
const server = inject('keycloak');
const realm = await useRealm('first-run');
const RESOURCE = 'https://svc.first-run.example/mcp';
const parent = mkdtempSync(join(tmpdir(), 'mcpkc-first-run-'));
let folder = parent;

beforeEach(() => {
  folder = mkdtempSync(join(parent, 'work-'));
});
afterAll(() => rmSync(parent, { recursive: true, force: true }));

/** mcpkc at a pseudo-terminal, in a folder where nothing is configured. */
function mcpkc(...args: string[]): Terminal {
  const env = { PATH: process.env.PATH, TERM: 'xterm-256color', HOME: parent };
  const terminal = inTerminal([process.execPath, MCPKC, ...args], { columns: 80, cwd: folder, env });
  onTestFinished(() => terminal.kill());
  return terminal;
}

/** Waits for each question in what was shown since the last answer, and types the answer that goes with it. */
async function answer(terminal: Terminal, talk: readonly (readonly [RegExp, string])[]): Promise<void> {
  let read = 0;
  for (const [question, text] of talk) {
    await expect
      .poll(() => terminal.plain().slice(read).replaceAll(/\s+/g, ' '), { timeout: 30_000, interval: 20 })
      .toMatch(question);
    read = terminal.plain().length;
    terminal.type(`${text}\n`);
  }
}

const file = (name: string) => readFileSync(join(folder, name), 'utf8');

it('asks for everything, tries each answer as it comes, and ends with one next step', async () => {
  mkdirSync(join(folder, '.git'));
  writeFileSync(join(folder, '.gitignore'), 'node_modules');
  const terminal = mcpkc('init');
  const base = new URL(server.url);
  await answer(terminal, [
    [/Keycloak’s address[^:]*: $/, `http://127.0.0.1:${await freePort()}`],
    [/can’t be reached.*Keycloak’s address[^:]*: $/, 'http://keycloak.example.com'],
    [/plain http.*Keycloak’s address[^:]*: $/, `${base.origin}/auth/admin/master/console/#/x`],
    [/Administrator at .*: $/, server.adminUser],
    [/Password of .*: $/, 'wrong-password'],
    [/One-time code.*: $/, ''],
    [/again: $/, server.adminPassword],
    [/Which realm.*: $/, 'nonesuch'],
    [/no realm.*Which realm.*: $/, realm.name],
    [/URL of the MCP server.*: $/, 'ftp://svc'],
    [/URL of the MCP server.*: $/, RESOURCE],
    [/can’t be reached now.*Keep .*\? \[Y\/n\] $/, ''],
    [/IP address.*how long\?.*: $/, '5 minutes'],
    [/Write a time.*how long\?.*: $/, '20d'],
    [/Make \d+ changes in Keycloak and write \.keycloak-env \(new\).*\[y\/N\] $/, 'y'],
    [/Add \.keycloak-env to \.gitignore.*\[Y\/n\] $/, ''],
  ]);
  expect(await terminal.ended).toBe(0);
  expect(terminal.shown()).not.toContain('wrong-password');
  expect(terminal.shown()).not.toContain(server.adminPassword);
  const last = terminal.plain().trimEnd().split('\n');
  expect(last.filter((line) => line.trim().startsWith('mcpkc '))).toEqual([last.at(-1)]);
  expect(last.at(-1)).toBe('mcpkc env');
  expect(JSON.parse(file('config.local.json'))).toMatchObject({
    KC_SERVER: server.url,
    KC_REALM: realm.name,
    MCP_TRANSPORT_URL: RESOURCE,
  });
  expect(file('.keycloak-env')).toContain('KC_CLIENT_SECRET=');
  expect(statSync(join(folder, '.keycloak-env')).mode & 0o777).toBe(0o600);
  expect(file('.gitignore')).toBe('node_modules\n/.keycloak-env\n');
  const events = await realm.admin.get<{ eventsExpiration: number }>(realm.path('events/config'));
  expect(events.eventsExpiration).toBe(20 * 86_400);
  // No later command needs the URL.
  const next = mcpkc('env', '--format', 'json');
  expect(await next.ended).toBe(0);
  expect(next.plain()).toContain(RESOURCE);
});

it('writes nothing where nobody agrees', async () => {
  const before = await realm.snapshot();
  const terminal = mcpkc('init', RESOURCE, '--server', server.url, '--realm', realm.name, '--exact');
  await answer(terminal, [
    [/Administrator at .*: $/, server.adminUser],
    [/Password of .*: $/, server.adminPassword],
    [/and write \.keycloak-env.*\[y\/N\] $/, ''],
  ]);
  expect(await terminal.ended).toBe(5);
  expect(terminal.plain()).toContain('nothing was written');
  expect(() => file('.keycloak-env')).toThrow('ENOENT');
  expect(await realm.snapshot()).toEqual(before);
});
