import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { type Account, accountIn, expectNoSecrets } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { inTerminal, type Terminal } from '../support/terminal.ts';

const MCPKC = inject('mcpkcBin');
const COLOUR = /\u001b\[\d+m/;
const folder = mkdtempSync(join(tmpdir(), 'mcpkc-terminal-'));
const realm = await useRealm('pty');
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Look {
  columns?: number;
  env?: Record<string, string>;
}

/** mcpkc in a real pseudo-terminal, with the account's environment. */
function mcpkc(args: readonly string[], { columns = 80, env = {} }: Look = {}): Terminal {
  const all = { PATH: process.env.PATH, TERM: 'xterm-256color', HOME: folder, ...account.env, ...env };
  const terminal = inTerminal([process.execPath, MCPKC, ...args], { columns, cwd: folder, env: all });
  onTestFinished(() => terminal.kill());
  return terminal;
}

/**
 * The longest line that is shown; words that are longer than a line (URLs, ids) stay whole and don't count,
 * nor do command lines: they are to be pasted.
 */
function widest(terminal: Terminal): number {
  const lines = terminal.plain().split('\n');
  const broken = lines.filter((line) => line.trim().includes(' ') && !line.startsWith('  $ '));
  return Math.max(...broken.map((line) => line.trimEnd().length));
}

describe('in a real terminal', () => {
  it.each([
    [80, 80],
    [200, 120],
  ])('of %i columns keeps lines to %i, in colour, the verdict last', async (columns, most) => {
    const terminal = mcpkc(['status'], { columns });
    expect(await terminal.ended).toBe(1);
    expect(widest(terminal)).toBeLessThanOrEqual(most);
    expect(widest(terminal)).toBeGreaterThan(most - 15);
    expect(terminal.shown()).toMatch(COLOUR);
    expect(terminal.plain().trimEnd().split('\n').at(-1)).toMatch(/^✗ \d+ errors?/);
    expectNoSecrets(terminal.shown());
  });

  it('that nobody gave a width (0), a command that writes ends, without an animation', async () => {
    const argv = ['create-scope', '--resource', 'https://wide.example.com/mcp', '--yes'];
    const terminal = mcpkc(argv, { columns: 0 });
    expect(await terminal.ended).toBe(0);
    expect(terminal.shown()).not.toContain('\u001b[1A');
  });

  it.each([80, 200])('help keeps to %i columns', async (columns) => {
    const terminal = mcpkc(['create-scope', '--help'], { columns });
    expect(await terminal.ended).toBe(0);
    expect(widest(terminal)).toBeLessThanOrEqual(Math.min(columns, 120));
  });

  it('is plain with NO_COLOR', async () => {
    const terminal = mcpkc(['status'], { env: { NO_COLOR: '1' } });
    await terminal.ended;
    expect(terminal.shown()).not.toMatch(COLOUR);
  });

  it('ends quietly where the reader has enough', async () => {
    const all = { PATH: process.env.PATH, ...account.env };
    const line = `'${process.execPath}' '${MCPKC}' explain | head -1; exit "\${PIPESTATUS[0]}"`;
    const terminal = inTerminal(['bash', '-c', line], { cwd: folder, env: all });
    expect(await terminal.ended).toBe(0);
    expect(terminal.plain()).not.toMatch(/EPIPE|Error/);
  });
});

describe('at a prompt', () => {
  const asked = ['init', '--admin-user', 'somebody'];

  it('does not echo a password, and Ctrl-C leaves with 130 and the terminal as it was', async () => {
    const terminal = mcpkc(asked);
    await terminal.until(/[Pp]assword.*: ?$/);
    terminal.type('hunter2');
    terminal.type('\u0003');
    expect(await terminal.ended).toBe(130);
    expect(terminal.shown()).not.toContain('hunter2');
    expect(terminal.plain()).toContain('INTERRUPTED');
    // Nothing began that another run could finish.
    expect(terminal.plain().replaceAll(/\s+/g, ' ')).toContain(
      'Stopped (Ctrl-C). Nothing was written. Run the command again. (INTERRUPTED',
    );
  });

  it('Ctrl-D is an end as Ctrl-C is, and no bug', async () => {
    const terminal = mcpkc(asked);
    await terminal.until(/[Pp]assword.*: ?$/);
    terminal.type('\u0004');
    expect(await terminal.ended).toBe(130);
    expect(terminal.plain()).toContain('Stopped (Ctrl-D). Nothing was written.');
    expect(terminal.plain()).not.toContain('bug');
  });

  it('takes the answer: a wrong password is refused without being shown', async () => {
    const terminal = mcpkc(asked);
    await terminal.until(/[Pp]assword.*: ?$/);
    terminal.type('hunter2\n');
    // A code is asked for, then the password again, and once more where nothing is typed.
    await terminal.until(/password again\): ?$/);
    terminal.type('\n');
    await terminal.until(/, again: ?$/);
    terminal.type('\n');
    await terminal.until(/Nothing was typed\.\s+Password of somebody, again: ?$/);
    terminal.type('\u0003');
    expect(await terminal.ended).toBe(130);
    expect(terminal.shown()).not.toContain('hunter2');
  });

  it('asks in 40 columns without a break inside of a word', async () => {
    const terminal = mcpkc(asked, { columns: 40 });
    await terminal.until(/[Pp]assword[^:]*:\/\/[^:]*:\d[\s\S]*: ?$/);
    expect(widest(terminal)).toBeLessThanOrEqual(40);
    terminal.type('\u0003');
    expect(await terminal.ended).toBe(130);
    expect(widest(terminal)).toBeLessThanOrEqual(40);
  });

  it('is not asked with --no-input', async () => {
    const terminal = mcpkc([...asked, '--no-input']);
    expect(await terminal.ended).toBe(2);
  });
});

describe('before it waits', () => {
  it('shows the plan and asks once; without a yes nothing is written', async () => {
    const before = await realm.snapshot();
    const terminal = mcpkc(['onboard', 'https://pty.example.com/mcp', '--preset', 'chatgpt']);
    await terminal.until(/\+ create client scope[\s\S]*wait for ChatGPT\? \[y\/N\] $/);
    terminal.type('\n');
    expect(await terminal.ended).toBe(5);
    expect(await realm.snapshot()).toEqual(before);
  });
});

describe('while it waits', () => {
  it('Ctrl-C ends the waiting and leaves with 130', async () => {
    const resource = 'https://pty.example.com/mcp';
    const terminal = mcpkc(['onboard', resource, '--preset', 'chatgpt', '--timeout', '60s']);
    await terminal.until(/wait for ChatGPT\? \[y\/N\] $/);
    terminal.type('y\n');
    await terminal.until(/Ctrl-C ends the waiting/);
    await terminal.until(/waiting for a registration, 0:\d\d left/);
    terminal.type('\u0003');
    expect(await terminal.ended).toBe(130);
    const defaults = await realm.admin.get<{ name: string }[]>(realm.path('default-default-client-scopes'));
    expect(defaults.map(({ name }) => name)).not.toContain('mcp-resource-pty');
  });
});
