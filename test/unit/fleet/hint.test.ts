import { describe, expect, it } from 'vitest';
import { type Done, noteFile } from '../../../src/fleet/hint.ts';
import { memoryIo } from '../../support/memory-io.ts';

const URL = 'https://a.example.com/mcp';
const SERVER = { resource: URL, scope: 'mcp-resource-a' };
const role = (name: string) => ({ client: null, name });

/** What is said of a file after a command, with how loudly. */
async function said(text: string | undefined, done: Partial<Done>, profile?: string): Promise<string[]> {
  const io = memoryIo({ files: text === undefined ? {} : { 'mcpkc.yaml': text } });
  const lines: string[] = [];
  const voice = {
    note: (line: string) => lines.push(`note: ${line}`),
    warn: (line: string) => lines.push(`warn: ${line}`),
    log: () => {},
    progress: () => {},
  };
  await noteFile({ io, voice }, { profile }, { ...SERVER, ...done });
  return lines;
}
const file = (rest: string) => `realms: [{ servers: [{ resource: ${URL}${rest} }] }]`;

describe('what a command says of a file in its folder', () => {
  it('is nothing where there is none, it is broken, or of other realms', async () => {
    expect(await said(undefined, { mode: 'adopted' })).toEqual([]);
    expect(await said('realms: [', { mode: 'adopted' })).toEqual([]);
    expect(await said(file(', mode: standing'), { mode: 'adopted' }, 'prod')).toEqual([]);
  });

  it('is nothing where the file has it so', async () => {
    expect(await said(file(', mode: adopted'), { mode: 'adopted' })).toEqual([]);
    expect(await said(file(', roles: [b, a]'), { access: { gates: [role('a'), role('b')] } })).toEqual([]);
    expect(await said(file(''), { access: { gates: [role('a')] } })).toEqual([]);
    expect(await said(file(', access: anybody'), { access: { gates: undefined } })).toEqual([]);
  });

  it.each([
    ['a mode', ', mode: standing', { mode: 'adopted' as const }, 'mode: standing', 'mode: adopted'],
    ['roles', ', roles: [a]', { access: { gates: [role('a'), role('b')] } }, 'roles: [a]', '- b'],
    ['an opening', ', roles: [a]', { access: { gates: undefined } }, 'roles: [a]', 'access: anybody'],
    ['nobody', ', access: anybody', { access: { gates: [] } }, 'access: anybody', 'roles: []'],
  ])('warns where the next apply undoes it: %s', async (_what, rest, done, has, lines) => {
    const [one = ''] = await said(file(rest), done);
    expect(one).toContain(`warn: mcpkc.yaml undoes this when it is applied: it has ${has}`);
    expect(one).toContain(lines);
  });

  it('warns of what was removed and stands in the file', async () => {
    expect((await said(file(''), { removed: 'server' }))[0]).toContain('move its URL to retired');
    const products = ', products: [{ preset: claude, by: client }]';
    const removed = [{ preset: 'claude', by: 'client' as const }];
    expect((await said(file(products), { removed }))[0]).toContain('claude by client');
    expect(await said(file(''), { removed })).toEqual([]);
  });

  it('prints the lines of what the file doesn’t name, in its own words', async () => {
    const [one = ''] = await said('realms: [{ servers: [] }]', {
      mode: 'adopted',
      products: [
        { preset: 'chatgpt', by: 'registration' },
        { preset: 'claude', by: 'client' },
      ],
    });
    expect(one.split('\n').slice(1)).toEqual([
      '      - resource: https://a.example.com/mcp',
      '        mode: adopted',
      '        scope: mcp-resource-a',
      '        products:',
      '          - chatgpt',
      '          - preset: claude',
      '            by: client',
    ]);
  });
});
