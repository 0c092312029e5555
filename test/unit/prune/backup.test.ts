import { describe, expect, it } from 'vitest';
import { backupLine, latestRecords, parseBackup } from '../../../src/commands/prune-clients/judge/backup.ts';

const ID = '0f8b1c1e-7d3c-4b0a-9f6e-2f1f8c1f5a11';

function record(changes: Record<string, unknown> = {}, id = ID) {
  const representation = {
    id,
    clientId: id,
    secret: 's3cret',
    protocol: 'openid-connect',
    consentRequired: true,
    fullScopeAllowed: false,
    strange: { nested: ['\u202e', null] },
    ...changes,
  };
  return {
    at: '2026-06-01T00:00:00Z',
    by: 'me',
    server: 'https://kc',
    realm: 'demo',
    id,
    clientId: id,
    representation,
  };
}

describe('a backup', () => {
  it('gives back what was put in, whatever that is', () => {
    const { records, unfinished } = parseBackup(
      backupLine(record()) + backupLine(record({ name: '\n' })),
      'f',
    );
    expect(records).toEqual([record(), record({ name: '\n' })]);
    expect(unfinished).toBe(0);
    expect(latestRecords(records)).toEqual([record({ name: '\n' })]);
    expect(latestRecords(records, ['other'])).toEqual([]);
  });

  it('skips what a killed run left unfinished, at the end or in the middle', () => {
    const line = backupLine(record());
    for (const length of [1, 20, 60, line.length - 3]) {
      const torn = line.slice(0, length);
      expect(parseBackup(line + torn, 'f')).toMatchObject({ unfinished: 1, records: { length: 1 } });
      expect(parseBackup(`${torn}\n${line}`, 'f')).toMatchObject({ unfinished: 1, records: { length: 1 } });
    }
  });

  it.each([
    ['no JSON', 'rm -rf /', /line 2: it is no JSON/],
    ['another document', '{"a":1}', /no record/],
    ['a list', '[]', /no record/],
    ['a record of another format', backupLine(record()).replace('v1', 'v9'), /no record/],
    ['a missing field', backupLine(record()).replace('"by":"me",', ''), /field by/],
    ['another client’s representation', backupLine(record({ clientId: 'admin-cli' })), /another client/],
    ['a client with full scope', backupLine(record({ fullScopeAllowed: true })), /full scope/],
    ['a client that asks nobody', backupLine(record({ consentRequired: false })), /consent/],
    [
      'an id of a person’s choice',
      backupLine(record({}, 'security-admin-console')),
      /did not register itself/,
    ],
    [
      'a representation that is a list',
      backupLine({ ...record(), representation: [] as never }),
      /representation/,
    ],
    ['an endless line', `"${'x'.repeat(1_000_001)}"`, /longer than/],
  ])('refuses a file with %s as a whole', (_name, line, problem) => {
    expect(() => parseBackup(`${backupLine(record())}${line}\n`, 'f')).toThrow(problem);
  });
});
