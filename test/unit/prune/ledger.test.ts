import { describe, expect, it } from 'vitest';
import { Ledger } from '../../../src/commands/prune-clients/judge/ledger.ts';
import { marksOf, type Observed } from '../../../src/commands/prune-clients/judge/marks.ts';
import {
  clientKeyOf,
  type Entry,
  NO_RECORD,
  type PruneStage,
  type RealmRecord,
  type RecordEdit,
} from '../../../src/realm/record.ts';
import type { Client } from '../../../src/realm/representations.ts';
import { entriesAfter } from '../../support/record-attributes.ts';
import { DAY, NOW } from './evidence.ts';

const client = (fields: Partial<Client> = {}): Client => ({
  id: 'a',
  clientId: 'a',
  enabled: true,
  redirectUris: ['https://chatgpt.com/cb'],
  attributes: {},
  defaultClientScopes: [],
  optionalClientScopes: [],
  ...fields,
});
const KEY = clientKeyOf(client());
const looked: Observed = { complete: NOW, on: { LOGIN: NOW }, off: {} };

/** What is read once an edit was written, as Keycloak merges it. */
function written(record: RealmRecord, edit: RecordEdit): RealmRecord {
  return { state: 'proved', entries: entriesAfter(record.entries, edit) };
}

const seenOf = (one: Client) => ({ key: clientKeyOf(one), clientId: one.clientId });

/** A look that saw these clients. */
function look(record: RealmRecord, at: number, clients: readonly Client[], since?: number): RealmRecord {
  const ledger = new Ledger(record);
  for (const one of clients) ledger.sawFirst(clientKeyOf(one), at, since);
  ledger.sawAll(clients.map(seenOf), { ...looked, complete: at });
  return written(record, ledger.edit());
}

const marks = (record: RealmRecord, one = client()) => marksOf(one, new Ledger(record).remembered);
const stage = (name: PruneStage['stage'], at: number, markedAt: number): PruneStage => ({
  kind: 'stage',
  client: { id: 'a', clientId: 'a' },
  key: KEY,
  stage: name,
  at: new Date(at).toISOString(),
  markedAt: new Date(markedAt).toISOString(),
});
const recordOf = (...entries: Entry[]): RealmRecord => ({ state: 'proved', entries });

describe('what pruning remembers', () => {
  it('is read back: first look, the look before, last sign of life, what was stored', () => {
    const ledger = new Ledger(NO_RECORD);
    ledger.sawFirst(KEY, NOW, NOW - DAY);
    ledger.sawAlive(KEY, NOW + 5_000);
    ledger.sawAll([seenOf(client())], looked);
    const record = written(NO_RECORD, ledger.edit());
    expect(marks(record)).toEqual({
      firstSeen: { at: NOW, after: NOW - DAY },
      lastSeen: NOW,
      stage: undefined,
    });
    expect(new Ledger(record).remembered.observed).toEqual(looked);
  });

  it('is one entry a look and a day, whatever the number of clients', () => {
    const many = Array.from({ length: 1000 }, (_, at) => client({ id: `${at}`, clientId: `${at}` }));
    const ledger = new Ledger(NO_RECORD);
    for (const one of many) {
      ledger.sawFirst(clientKeyOf(one), NOW, undefined);
      ledger.sawAlive(clientKeyOf(one), NOW);
    }
    ledger.sawAll(many.map(seenOf), looked);
    expect(ledger.edit().remember).toHaveLength(3);
  });

  it('is not written again where nothing is new', () => {
    const record = look(NO_RECORD, NOW, [client()]);
    const ledger = new Ledger(record);
    ledger.sawFirst(KEY, NOW + DAY, NOW);
    ledger.sawAll([seenOf(client())], looked);
    expect(ledger.edit()).toEqual({ remember: [], forget: [] });
    expect(ledger.edit()).toEqual({ remember: [], forget: [] });
  });

  it('dies with its client: with the same ids another one is a stranger', () => {
    const kept: Entry = {
      kind: 'kept',
      client: { id: 'a', clientId: 'a' },
      key: KEY,
      since: '2026-01-01',
      by: 'x',
    };
    const stamp = { since: '2026-01-01', by: 'x' };
    const before: Entry = {
      kind: 'before',
      what: 'client',
      of: 'a',
      value: { attributes: { x: null } },
      ...stamp,
    };
    const hosts: Entry = { kind: 'wrote', what: 'trusted-hosts', of: 'a', value: { hosts: ['b'] }, ...stamp };
    const record = look(recordOf(kept, stage('disabled', NOW, NOW), before, hosts), NOW, [client()]);
    const all = ['before', 'first-look', 'kept', 'looks', 'stage', 'wrote'];
    expect(record.entries.map(({ kind }) => kind).sort()).toEqual(all);
    const without = look(record, NOW + DAY, []);
    expect(without.entries.map(({ kind }) => kind).sort()).toEqual(['looks', 'wrote']);
  });

  it('is nothing of a client that is something else by now', () => {
    const record = look(recordOf(stage('disabled', NOW, NOW)), NOW, [client()]);
    const other = client({ redirectUris: ['https://evil.example/'] });
    expect(marks(record, other)).toEqual({ firstSeen: undefined, lastSeen: undefined, stage: undefined });
  });
});

describe('a stage', () => {
  it('that was to be: marked where the client is enabled, disabled where it is not', () => {
    const record = recordOf(stage('disabling', NOW, NOW - 3 * DAY));
    expect(marks(record).stage).toEqual({ stage: 'marked', at: NOW - 3 * DAY });
    expect(marks(record, client({ enabled: false })).stage).toEqual({ stage: 'disabled', at: NOW });
  });

  it('stays what it is where a person enabled the client again', () => {
    expect(marks(recordOf(stage('disabled', NOW, NOW))).stage).toEqual({ stage: 'disabled', at: NOW });
  });
});
