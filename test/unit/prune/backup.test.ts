import { describe, expect, it } from 'vitest';
import {
  latestRecords,
  parseBackup,
  backupLine as sealedLine,
  tornLine,
} from '../../../src/plan/pruned-backup.ts';

const KEY = 'the realm’s key';
const backupLine = (one: Parameters<typeof sealedLine>[0]) => sealedLine(one, KEY);

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
    const text = backupLine(record()) + backupLine(record({ name: '\n' }));
    const { records, unfinished } = parseBackup(text, 'f', KEY);
    const [first, second] = [record(), record({ name: '\n' })].map((one) => ({ ...one, authentic: true }));
    expect(records).toEqual([first, second]);
    expect(unfinished).toBe(0);
    expect(latestRecords(records)).toEqual([second]);
    expect(latestRecords(records, ['other'])).toEqual([]);
  });

  it('is authentic where nothing of a line was changed, and only for the realm that has the key', () => {
    const line = backupLine(record());
    const authentic = (text: string, key?: string) =>
      parseBackup(text, 'f', key).records.map((one) => one.authentic);
    expect(authentic(line, KEY)).toEqual([true]);
    expect(authentic(line, 'another realm’s')).toEqual([false]);
    expect(authentic(line)).toEqual([false]);
    expect(authentic(line.replace('s3cret', 's3cres'), KEY)).toEqual([false]);
    expect(authentic(line.replace(/,"seal":"[^"]*"/, ''), KEY)).toEqual([false]);
    expect(authentic(line.replace('v2', 'v1'), KEY)).toEqual([false]);
    expect(authentic(`${line.trimEnd().slice(0, -1)},"realm":"other"}`, KEY)).toEqual([false]);
  });

  it('prefers an authentic line to a later one that somebody added', () => {
    const forged = JSON.stringify({ mcpkc: 'prune-backup/v1', ...record({ secret: 'eve' }) });
    const { records } = parseBackup(`${backupLine(record())}${forged}\n`, 'f', KEY);
    expect(latestRecords(records)).toEqual([{ ...record(), authentic: true }]);
    expect(latestRecords(records.slice(1))).toMatchObject([{ authentic: false }]);
  });

  it('skips what a killed run left unfinished at the end, and where a later run says so', () => {
    const line = backupLine(record());
    for (const length of [1, 20, 60, line.length - 3]) {
      const torn = line.slice(0, length);
      const one = { unfinished: 1, records: { length: 1 } };
      expect(parseBackup(line + torn, 'f', KEY)).toMatchObject(one);
      expect(parseBackup(`${torn}${tornLine(torn, KEY)}${line}`, 'f', KEY)).toMatchObject(one);
    }
  });

  it('refuses a line in the middle that is unfinished: it could hide a record', () => {
    const line = backupLine(record());
    const torn = line.slice(0, 60);
    const marker = tornLine(torn, KEY);
    for (const text of [
      `${torn}\n${line}`,
      `${torn}\n`,
      `${torn}${tornLine(torn, 'a guess')}${line}`,
      `${line.slice(0, 70)}${marker}${line}`,
    ]) {
      expect(() => parseBackup(text, 'f', KEY), text).toThrow(
        /line 1: it is unfinished, and only the last line can be/,
      );
    }
  });

  it.each([
    ['[', '['.repeat(100_000)],
    ['[ and ]', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    [
      '[ in a record',
      backupLine(record())
        .replace('"nested"', `"deep":${'['.repeat(100_000)}${']'.repeat(100_000)},"nested"`)
        .trimEnd(),
    ],
  ])('refuses a line of 100,000 %s', (_name, line) => {
    expect(() => parseBackup(`${line}\n${backupLine(record())}`, 'f', KEY)).toThrow(
      /line 1: it is nested deeper/,
    );
  });

  it.each([
    ['no JSON', 'rm -rf /', /line 2: it is not JSON/],
    ['another document', '{"a":1}', /not a record/],
    ['a list', '[]', /not a record/],
    ['a record of another format', backupLine(record()).replace('v2', 'v9'), /not a record/],
    ['a missing field', backupLine(record()).replace('"by":"me",', ''), /field by/],
    ['another client’s representation', backupLine(record({ clientId: 'admin-cli' })), /another client/],
    ['a client with full scope', backupLine(record({ fullScopeAllowed: true })), /did not register itself/],
    ['a client that asks nobody', backupLine(record({ consentRequired: false })), /did not register itself/],
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
