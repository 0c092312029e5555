import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bashCompletion } from '../../src/commands/completion/bash.ts';
import { loadCompletions } from '../../src/commands/completion/command.ts';
import { fishCompletion } from '../../src/commands/completion/fish.ts';
import { zshCompletion } from '../../src/commands/completion/zsh.ts';
import { COMMANDS } from '../../src/commands/index.ts';
import { EXPLAINED } from '../../src/explanations/index.ts';

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mcpkc-completion-'));
  writeFileSync(join(folder, 'completion.bash'), bashCompletion(await loadCompletions(COMMANDS)));
  mkdirSync(join(folder, 'here'));
  writeFileSync(join(folder, 'here', 'my config.json'), '{}');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a real bash would offer after this line; the last word is the one being typed. */
function offered(line: string): string[] {
  const words = line.split(' ');
  const script = `source ../completion.bash
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _mcpkc
    ((\${#COMPREPLY[@]})) && printf '%s\\n' "\${COMPREPLY[@]}"; true`;
  const args = ['--norc', '-u', '-c', script, 'bash', ...words];
  const out = execFileSync('bash', args, { cwd: join(folder, 'here'), encoding: 'utf8', stdio: 'pipe' });
  return out.split('\n').filter((one) => one !== '');
}

describe('completion in a real bash', () => {
  it('offers every command', () => {
    expect(offered('mcpkc ').sort()).toEqual([...COMMANDS.map(({ name }) => name), 'help'].sort());
    expect(offered('mcpkc cr')).toEqual(['create-scope']);
    expect(offered('mcpkc help on')).toEqual(['onboard']);
  });

  it('finds the command behind global flags and their values', () => {
    expect(offered('mcpkc --realm status --json onboard --unt')).toEqual(['--until']);
    expect(offered('mcpkc --js')).toEqual(['--json']);
  });

  it('offers the flags of a command and those of the program', () => {
    expect(offered('mcpkc create-scope --a')).toEqual(['--attach', '--allow-http']);
    expect(offered('mcpkc onboard https://x/mcp --t')).toEqual(['--timeout']);
    expect(offered('mcpkc env --a')).toEqual(['--allow-http']);
  });

  it('offers values: choices, presets, lists with commas, files', () => {
    expect(offered('mcpkc env --format j')).toEqual(['json']);
    expect(offered('mcpkc create-scope --attach ')).toEqual(['default', 'optional', 'none']);
    expect(offered('mcpkc create-scope --preset chat')).toEqual(['chatgpt']);
    expect(offered('mcpkc create-scope --preset chatgpt,vs')).toEqual(['chatgpt,vscode']);
    expect(offered('mcpkc status --config my')).toEqual(['my config.json']);
    expect(offered('mcpkc status --realm ')).toEqual([]);
  });

  it('offers arguments: shells, presets, codes; one argument, not two', () => {
    expect(offered('mcpkc completion f')).toEqual(['fish']);
    expect(offered('mcpkc presets cla')).toEqual(['claude', 'claude-code']);
    expect(offered('mcpkc explain NOT_W')).toEqual(['NOT_WITHDRAWN']);
    expect(offered('mcpkc explain ').length).toBe(EXPLAINED.length);
    expect(offered('mcpkc explain BUG W')).toEqual([]);
    expect(offered('mcpkc env --format json h')).toEqual([]);
  });
});

describe('what is completed', () => {
  it('is what the program parses by: every command, its flags, its choices', async () => {
    const { commands, global } = await loadCompletions(COMMANDS);
    expect(commands.map(({ name }) => name)).toEqual(COMMANDS.map(({ name }) => name));
    const flags = commands.find(({ name }) => name === 'env')?.flags;
    expect(flags?.find(({ names }) => names.includes('--format'))?.values).toMatchObject({
      words: ['dotenv', 'json', 'compose', 'k8s', 'fastmcp', 'spring', 'quarkus'],
    });
    expect(global.map(({ names }) => names.at(-1))).toContain('--allow-http');
  });

  it('names each command and each long flag in all three scripts', async () => {
    const all = await loadCompletions(COMMANDS);
    const scripts = [bashCompletion(all), zshCompletion(all), fishCompletion(all)];
    for (const { name, flags } of all.commands) {
      for (const script of scripts) {
        expect(script).toContain(name);
        for (const { names } of flags) expect(script).toContain(names.at(-1)?.slice(2));
      }
    }
  });
});
