/** `npm run test:shells`: completion in a real zsh and a real fish; both have to be installed. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bashCompletion } from '../../src/commands/completion/bash.ts';
import { loadCompletions } from '../../src/commands/completion/command.ts';
import { fishCompletion } from '../../src/commands/completion/fish.ts';
import { zshCompletion } from '../../src/commands/completion/zsh.ts';
import { COMMANDS } from '../../src/commands/index.ts';
import { inTerminal } from '../support/terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcpkc-shells-'));

/** What is typed, and what has to be offered or completed to. */
const LINES: readonly (readonly [typed: string, offered: readonly string[]])[] = [
  ['mcpkc onb', ['onboard']],
  ['mcpkc onboard --un', ['--until']],
  ['mcpkc --realm x onboard --time', ['--timeout']],
  ['mcpkc onboard --until ', ['connected', 'registered']],
  ['mcpkc env --format ', ['compose', 'dotenv', 'json', 'k8s']],
  ['mcpkc create-scope --preset chatgpt,cu', ['chatgpt,cursor']],
  ['mcpkc explain NOT_W', ['NOT_WITHDRAWN']],
  ['mcpkc completion ', ['bash', 'fish', 'zsh']],
];

function fish(file: string): void {
  for (const [typed, expected] of LINES) {
    const script = `source ${file}; complete -C ${JSON.stringify(typed)}`;
    const out = execFileSync('fish', ['--no-config', '-c', script], { cwd: folder, encoding: 'utf8' });
    const offered = out
      .trim()
      .split('\n')
      .map((line) => line.split('\t')[0]);
    assert.deepEqual(offered.sort(), [...expected].sort(), `fish, ${typed}`);
  }
}

async function zsh(file: string): Promise<void> {
  for (const [typed, expected] of LINES) {
    const env = { ...process.env, HOME: folder, TERM: 'dumb', PS1: '> ' };
    const terminal = inTerminal(['zsh', '-f', '-i'], { env, cwd: folder, columns: 200 });
    terminal.type(`autoload -Uz compinit; compinit -u -D; source ${file}; print READY-$((1 + 1))\n`);
    await terminal.until(/READY-2/);
    terminal.type(`${typed}\t\t`);
    // A single candidate is put into the line, several are listed below it.
    for (const word of expected) await terminal.until(new RegExp(`READY-2[^]*${word}`));
    terminal.kill();
    await terminal.ended;
  }
}

try {
  const all = await loadCompletions(COMMANDS);
  for (const [shell, script] of [
    ['bash', bashCompletion(all)],
    ['zsh', zshCompletion(all)],
    ['fish', fishCompletion(all)],
  ] as const) {
    const file = join(folder, `completion.${shell}`);
    writeFileSync(file, script);
    execFileSync(shell, ['-n', file], { stdio: 'inherit' });
  }
  fish(join(folder, 'completion.fish'));
  await zsh(join(folder, 'completion.zsh'));
  process.stdout.write(`zsh and fish complete all ${LINES.length} lines.\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
