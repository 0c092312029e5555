import { describe, expect, it } from 'vitest';
import { failureText } from '../../../src/cli/failure.ts';
import { styleFor } from '../../../src/cli/style.ts';
import { McpkcError } from '../../../src/errors.ts';
import { backupLine, parseBackup } from '../../../src/plan/pruned-backup.ts';
import { ESCAPE, expectInert, MEGABYTE, RIGHT_TO_LEFT, shown } from './harness.ts';

const ID = '0f8b1c1e-7d3c-4b0a-9f6e-2f1f8c1f5a11';
const client = { id: ID, clientId: ID, consentRequired: true, fullScopeAllowed: false };
const record = {
  at: '2026-01-01T00:00:00Z',
  by: 'me',
  server: 'https://kc',
  realm: 'demo',
  id: ID,
  clientId: ID,
};
const line = (changes: Record<string, unknown> = {}, representation: unknown = client) =>
  JSON.stringify({ mcpkc: 'prune-backup/v1', ...record, representation, ...changes });

describe('a backup', () => {
  it('is read back as it was written', () => {
    const whole = { ...record, representation: { ...client, name: `${ESCAPE}${RIGHT_TO_LEFT}` } };
    expect(parseBackup(backupLine(whole, 'key'), 'b', 'key').records).toEqual([
      { ...whole, authentic: true },
    ]);
  });

  const bad: [string, string][] = [
    ['no JSON', 'rm -rf /'],
    ['a list', '[]'],
    ['null', 'null'],
    ['another format', line({ mcpkc: 'other/v1' })],
    ['no id', line({ id: undefined })],
    ['a number as an id', line({ id: 1 })],
    ['no representation', line({}, null)],
    ['a list as representation', line({}, [])],
    ['another client’s representation', line({}, { ...client, id: 'x' })],
    [
      'a client that a person made',
      line({ id: 'app', clientId: 'app' }, { ...client, id: 'app', clientId: 'app' }),
    ],
    [
      'a client of Keycloak’s own',
      line(
        { id: ID, clientId: 'realm-management' },
        { ...client, clientId: 'realm-management', consentRequired: false },
      ),
    ],
    ['a line that is unfinished', line().slice(0, 100)],
    ['100,000 [', '['.repeat(100_000)],
    ['a client that asks for no consent', line({}, { ...client, consentRequired: false })],
    ['a client with full scope', line({}, { ...client, fullScopeAllowed: true })],
    ['a SAML client', line({}, { ...client, protocol: 'saml' })],
    ['__proto__ for a record', `{"__proto__": ${line()}}`],
    [
      '__proto__ for a client',
      line({}, undefined).replace(/\}$/, `,"representation":{"__proto__":${JSON.stringify(client)}}}`),
    ],
    ['a megabyte in a line', line({ by: MEGABYTE })],
    ['an escape', `${ESCAPE}${line()}`],
  ];
  it.each(bad)('is refused whole for %s in its second line', (_name, text) => {
    const file = `back${ESCAPE}up.jsonl`;
    let caught: unknown;
    try {
      parseBackup(`${line()}\n${text}\n${line()}\n`, file);
    } catch (error) {
      caught = error;
    }
    if (!(caught instanceof McpkcError)) return expect.fail(`it was taken: ${shown(text)}`);
    expect(caught).toMatchObject({ code: 'INPUT_INVALID', exitStatus: 2 });
    expect(caught.message).toContain('line 2');
    const said = failureText(caught, styleFor(false, 80), false);
    expectInert(said);
    expect(said.length).toBeLessThan(1000);
  });

  it('may end in the middle of a line, as a killed run leaves it', () => {
    const cut = line().slice(0, 100);
    expect(parseBackup(`${line()}\n${cut}`, 'b')).toMatchObject({ unfinished: 1 });
  });
});
