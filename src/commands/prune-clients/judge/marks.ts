import {
  type AgeAccepted,
  clientKeyOf,
  entriesOf,
  idsOf,
  type Kept,
  type PruneStage,
  type RealmRecord,
} from '../../../realm/record.ts';
import type { Client } from '../../../realm/representations.ts';
import type { FirstSeen, Marks, StageMark } from './evidence.ts';

/** The notes of earlier runs on the realm as a whole; times in milliseconds of mcpkc's clock. */
export interface Observed {
  /** The beginning of the last complete look at all clients, after which each of them was known. */
  complete: number | undefined;
  /** Event types that were on at every look since that time. */
  on: Readonly<Record<string, number>>;
  /** Event types, and when they were last seen off. */
  off: Readonly<Record<string, number>>;
}

/** The notes of earlier runs, by the keys of clients; from the record, where no registrant can write. */
export interface Remembered {
  observed: Observed;
  firstSeen: ReadonlyMap<string, FirstSeen>;
  /** The ids of all clients that a look saw, of any kind. */
  knownIds: ReadonlySet<string>;
  /** Key → midnight (UTC) of the day of its last sign of life. */
  alive: ReadonlyMap<string, number>;
  stages: ReadonlyMap<string, PruneStage>;
  kept: ReadonlyMap<string, Kept>;
  accepted: ReadonlyMap<string, AgeAccepted>;
  /** Proof of each client that mcpkc made for a product, by its internal id. */
  made: ReadonlyMap<string, string>;
}

function msOf(times: Readonly<Record<string, string>>): Record<string, number> {
  return Object.fromEntries(Object.entries(times).map(([type, time]) => [type, Date.parse(time)]));
}

/** The record as pruning reads it. */
export function rememberedIn(record: RealmRecord): Remembered {
  const [looks] = entriesOf(record, 'looks');
  const firstSeen = new Map<string, FirstSeen>();
  // The oldest look that saw a client decides, should two have written it down.
  const oldestFirst = entriesOf(record, 'first-look').sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  for (const { at, after, keys } of oldestFirst) {
    const seen = { at: Date.parse(at), after: after === null ? undefined : Date.parse(after) };
    for (const key of keys) firstSeen.set(key, seen);
  }
  const alive = new Map<string, number>();
  for (const { day, keys } of entriesOf(record, 'alive-on')) {
    for (const key of keys) alive.set(key, Math.max(alive.get(key) ?? 0, Date.parse(day)));
  }
  return {
    observed: {
      complete: looks?.complete ? Date.parse(looks.complete) : undefined,
      on: msOf(looks?.on ?? {}),
      off: msOf(looks?.off ?? {}),
    },
    firstSeen,
    knownIds: new Set([...firstSeen.keys()].map(idsOf)),
    alive,
    stages: new Map(entriesOf(record, 'stage').map((one) => [one.key, one])),
    kept: new Map(entriesOf(record, 'kept').map((one) => [one.key, one])),
    accepted: new Map(entriesOf(record, 'age-accepted').map((one) => [one.key, one])),
    made: new Map(entriesOf(record, 'allowed').map(({ client, proof }) => [client.id, proof])),
  };
}

/** The notes on one client as it is now; there are none on another with its ids. */
export function marksOf(client: Client, remembered: Remembered): Marks {
  const key = clientKeyOf(client);
  return {
    firstSeen: remembered.firstSeen.get(key),
    lastSeen: remembered.alive.get(key),
    stage: stageOf(remembered.stages.get(key), client),
  };
}

/** A run that was killed between writing it down and disabling the client left it marked. */
function stageOf(stage: PruneStage | undefined, { enabled }: Client): StageMark | undefined {
  if (stage === undefined) return undefined;
  const marked: StageMark = { stage: 'marked', at: Date.parse(stage.markedAt) };
  if (stage.stage === 'marked' || (stage.stage === 'disabling' && enabled === true)) return marked;
  return { stage: 'disabled', at: Date.parse(stage.at) };
}
