import { DAY } from '../../../duration.ts';
import {
  type AliveOn,
  type Entry,
  entriesOf,
  type FirstLook,
  idsOf,
  type Looks,
  type PruneStage,
  type RealmRecord,
  type RecordEdit,
} from '../../../realm/record.ts';
import { entryName, entryText } from '../../../realm/record-attributes.ts';
import type { Candidate, FirstSeen } from './evidence.ts';
import { type Observed, type Remembered, rememberedIn } from './marks.ts';

const iso = (ms: number) => new Date(ms).toISOString();
const midnight = (ms: number) => Math.floor(ms / DAY) * DAY;

/**
 * The memory of pruning, while a run changes it. Clients that one look saw first, or that lived on one day, share an
 * entry: the record grows with the looks, not the clients. Only under the realm's lock.
 */
export class Ledger {
  readonly #record: RealmRecord;
  #written: ReadonlyMap<string, Entry>;
  readonly #firstSeen: Map<string, FirstSeen>;
  readonly #alive: Map<string, number>;
  readonly #stages: Map<string, PruneStage>;
  #observed: Observed;
  #present: readonly Pick<Candidate, 'key' | 'clientId'>[] | undefined;

  constructor(record: RealmRecord) {
    this.#record = record;
    const { firstSeen, alive, stages, observed } = rememberedIn(record);
    this.#firstSeen = new Map(firstSeen);
    this.#alive = new Map(alive);
    this.#stages = new Map(stages);
    this.#observed = observed;
    const kinds = ['first-look', 'alive-on', 'stage', 'looks'] as const;
    this.#written = new Map(
      kinds.flatMap((kind) => entriesOf(record, kind)).map((entry) => [entryName(entry), entry]),
    );
  }

  /** The notes of earlier runs. */
  get remembered(): Remembered {
    return rememberedIn(this.#record);
  }

  /** A client is there; `madeSince`: a look at that time found nobody with its ids. */
  sawFirst(key: string, at: number, madeSince: number | undefined): void {
    if (!this.#firstSeen.has(key)) this.#firstSeen.set(key, { at, after: madeSince });
  }

  /** A sign of life, at that time; a day is as exact as it is kept. */
  sawAlive(key: string, at: number): void {
    this.#alive.set(key, Math.max(this.#alive.get(key) ?? 0, midnight(at)));
  }

  /** Puts a client into a stage, or out of it. */
  setStage(key: string, stage: PruneStage | undefined): void {
    if (stage === undefined) this.#stages.delete(key);
    else this.#stages.set(key, stage);
  }

  /** Notes the end of a complete look: these clients are there, and the notes on others are forgotten. */
  sawAll(clients: readonly Pick<Candidate, 'key' | 'clientId'>[], observed: Observed): void {
    this.#observed = observed;
    this.#present = clients;
    const keys = new Set(clients.map(({ key }) => key));
    for (const map of [this.#firstSeen, this.#alive, this.#stages]) {
      for (const key of map.keys()) if (!keys.has(key)) map.delete(key);
    }
  }

  /** The changes to write, since they were last asked for. */
  edit(): RecordEdit {
    const now = new Map(this.#entries().map((entry) => [entryName(entry), entry]));
    const remember = [...now].flatMap(([name, entry]) => {
      const before = this.#written.get(name);
      return before !== undefined && entryText(before) === entryText(entry) ? [] : [entry];
    });
    const forget = [...this.#written].flatMap(([name, entry]) => (now.has(name) ? [] : [entry]));
    this.#written = now;
    return { remember, forget: [...forget, ...this.#dead()] };
  }

  /** The notes on clients that are gone: a client that comes with their ids is a stranger. */
  #dead(): Entry[] {
    const present = this.#present;
    if (present === undefined) return [];
    const ids = new Set(present.map(({ key }) => idsOf(key)));
    const clientIds = new Set(present.map(({ clientId }) => clientId));
    const kinds = ['kept', 'adopted', 'age-accepted'] as const;
    const about = kinds.flatMap((kind): Entry[] => entriesOf(this.#record, kind));
    const states = (['before', 'wrote'] as const).flatMap((kind) => entriesOf(this.#record, kind));
    return [
      ...about.filter((entry) => 'key' in entry && !ids.has(idsOf(entry.key))),
      ...states.filter(({ what, of }) => what === 'client' && !clientIds.has(of)),
    ];
  }

  #entries(): Entry[] {
    const { complete, on, off } = this.#observed;
    const times = (known: Readonly<Record<string, number>>) =>
      Object.fromEntries(Object.entries(known).map(([type, ms]) => [type, iso(ms)]));
    const looks: Looks = {
      kind: 'looks',
      complete: complete === undefined ? null : iso(complete),
      on: times(on),
      off: times(off),
    };
    return [...this.#firstLooks(), ...this.#aliveDays(), ...this.#stages.values(), looks];
  }

  #firstLooks(): FirstLook[] {
    const looks = new Map<string, FirstLook>();
    for (const [key, { at, after }] of this.#firstSeen) {
      const since = after === undefined ? null : iso(after);
      const name = `${at} ${since}`;
      const look = looks.get(name) ?? { kind: 'first-look', at: iso(at), after: since, keys: [] };
      look.keys.push(key);
      looks.set(name, look);
    }
    return [...looks.values()];
  }

  #aliveDays(): AliveOn[] {
    const days = new Map<number, AliveOn>();
    for (const [key, at] of this.#alive) {
      const day = days.get(at) ?? { kind: 'alive-on', day: iso(at).slice(0, 10), keys: [] };
      day.keys.push(key);
      days.set(at, day);
    }
    return [...days.values()];
  }
}
