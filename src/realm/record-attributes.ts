/**
 * How the record is stored: an attribute an entry, and attributes that hold many entries of one edit.
 *
 * A first look through a large realm adopts thousands of clients, and changes them. Keycloak's time grows with the number
 * of a client's attributes: 5,000 take 0.7 s a PUT and 0.15 s a GET (26.7.4), of each command from then on. So entries
 * of one edit that are alike but for the thing that they are about share an attribute, which is never rewritten: one
 * that is over has a mark of its own. Keycloak merges attribute by attribute, so that runs at the same time lose nothing.
 */
import {
  type Deed,
  type Entry,
  type EntryKind,
  hash,
  idsOf,
  type RealmRecord,
  type RecordEdit,
} from './record.ts';

/** The number of lines of the journal that are kept. */
export const JOURNAL_LENGTH = 200;

type Shape = Readonly<Record<string, (value: unknown) => boolean>>;

const isText = (value: unknown) => typeof value === 'string';
const isTime = (value: unknown) => typeof value === 'string' && !Number.isNaN(Date.parse(value));
const isNumber = (value: unknown) => typeof value === 'number' && Number.isFinite(value);
const isTextList = (value: unknown) => Array.isArray(value) && value.every(isText);
const isAnything = (value: unknown) => value !== undefined;
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const hasShape = (shape: Shape) => (value: unknown) =>
  isObject(value) && Object.entries(shape).every(([field, fits]) => fits(value[field]));
const isMapOf = (fits: (value: unknown) => boolean) => (value: unknown) =>
  isObject(value) && Object.values(value).every(fits);
const orNull = (fits: (value: unknown) => boolean) => (value: unknown) => value === null || fits(value);
const isName = hasShape({ id: isText, clientId: isText });

const isNamedList = (value: unknown) => Array.isArray(value) && value.every(hasShape({ name: isText }));
const isUntried = hasShape({
  policies: isTextList,
  before: hasShape({ clientPolicies: isNamedList, clientProfiles: isNamedList }),
  registration: hasShape({ redirect_uris: isTextList }),
  scopes: isTextList,
});

/** The fields that each kind of entry must hold. An entry without them was edited by hand, and counts as not there. */
const SHAPES: Readonly<Record<EntryKind, Shape>> = {
  provisional: {
    client: isName,
    key: isText,
    resource: isText,
    scope: isText,
    since: isTime,
    until: isTime,
    run: hasShape({ by: isText, host: isText, pid: isNumber, command: isText, nonce: isText }),
  },
  adopted: { client: isName, key: isText, resource: isText, scope: isText, since: isTime, by: isText },
  allowed: {
    client: isName,
    key: isText,
    proof: isText,
    way: (value) => value === 'document' || value === 'client',
    products: isTextList,
    resource: isText,
    scope: isText,
    madeScopes: (value) => typeof value === 'boolean',
    since: isTime,
    by: isText,
  },
  kept: { client: isName, key: isText, since: isTime, by: isText },
  'age-accepted': { client: isName, key: isText, age: isTime, since: isTime, by: isText },
  before: { what: isText, of: isText, value: isAnything, since: isTime, by: isText },
  access: { resource: isText, roles: isTextList, since: isTime, by: isText },
  wrote: { what: isText, of: isText, value: isMapOf(isAnything), since: isTime, by: isText },
  wanted: { resource: isText, products: isTextList, since: isTime },
  deed: { at: isTime, did: isText, to: isText, by: isText, nonce: isText },
  'first-look': { at: isTime, after: orNull(isTime), keys: isTextList },
  'alive-on': { day: isTime, keys: isTextList },
  stage: {
    client: isName,
    key: isText,
    stage: (value) => ['marked', 'disabling', 'disabled'].includes(String(value)),
    at: isTime,
    markedAt: isTime,
  },
  looks: { complete: orNull(isTime), on: isMapOf(isTime), off: isMapOf(isTime) },
  rehearsal: { mark: isText, since: isTime, untried: (value) => value === undefined || isUntried(value) },
  'holder-look': { at: isTime, clients: isNumber, holders: isMapOf(isNumber), findings: isMapOf(isNumber) },
  'looked-through': { resource: isText, scope: isText, products: isMapOf(isText), since: isTime },
};

/**
 * The parts that tell an entry from others of its kind: of two with the same subject the newer replaces the older.
 * Long ones are hashed where they become the name of an attribute.
 */
function subjectOf(entry: Entry): { long: string[]; short: string[] } {
  switch (entry.kind) {
    case 'provisional':
      return { long: [entry.resource, entry.run.nonce], short: [idsOf(entry.key)] };
    case 'adopted':
    case 'allowed':
      return { long: [entry.resource], short: [idsOf(entry.key)] };
    case 'kept':
    case 'age-accepted':
    case 'stage':
      return { long: [], short: [idsOf(entry.key)] };
    case 'before':
    case 'wrote':
      return { long: [JSON.stringify([entry.what, entry.of])], short: [] };
    case 'wanted':
    case 'access':
    case 'looked-through':
      return { long: [entry.resource], short: [] };
    case 'deed':
      return { long: [], short: [entry.at, entry.nonce] };
    case 'first-look':
      return { long: [], short: [entry.at, entry.after ?? 'none'] };
    case 'alive-on':
      return { long: [], short: [entry.day] };
    case 'rehearsal':
      return { long: [entry.mark], short: [] };
    case 'looks':
    case 'holder-look':
      return { long: [], short: [] };
  }
}

/** The hash of what a client is, of an entry about one. */
function contentOf(entry: Entry): string | undefined {
  return 'key' in entry ? (entry.key.split('.')[1] ?? '') : undefined;
}

/**
 * The attribute that holds an entry on its own; at most 255 characters (Keycloak). One about a client names its content
 * too.
 */
export function entryName(entry: Entry): string {
  const { long, short } = subjectOf(entry);
  return [entry.kind, ...long.map(hash), ...short, contentOf(entry)]
    .filter((part) => part !== undefined)
    .join('.');
}

/** The attribute's value. */
export function entryText(entry: Entry): string {
  const { kind: _kind, ...rest } = entry;
  return JSON.stringify(rest);
}

/** A text's JSON; undefined for any other text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Reads an attribute of the record; undefined for one that is no entry, or was edited so that it isn't any more. */
export function entryOf(name: string, text: string): Entry | undefined {
  const kind = name.split('.')[0] ?? '';
  if (!Object.hasOwn(SHAPES, kind)) return undefined;
  const read = parsed(text);
  if (!hasShape(SHAPES[kind as EntryKind])(read)) return undefined;
  const entry = { ...(read as object), kind } as Entry;
  return entryName(entry) === name ? entry : undefined;
}

/** First part of the name of an attribute with many entries; their kind and the hash of kind and text follow. */
const TOGETHER = 'together';
/** First part of the name of a mark: the hash of the attribute with many entries and the place in it follow. */
const OVER = 'over';
/** Fewer entries than this are an attribute each, which people can read and edit. */
const LEAST_TOGETHER = 20;
/** Characters in an attribute at most: below the 64 KB of the smallest text column of Keycloak's databases. */
const LONGEST = 50_000;

/** Kinds that a look through all clients writes by the thousand, and the fields that differ from entry to entry. */
const OWN_FIELDS: Partial<Record<EntryKind, readonly string[]>> = {
  adopted: ['client', 'key'],
  before: ['of'],
  wrote: ['of'],
};

/** The text of an attribute with many entries: the fields that all share, and by entry the values of its own fields. */
interface Together {
  shared: Record<string, unknown>;
  each: unknown[][];
}

const isTogether = hasShape({
  shared: isObject,
  each: (value) => Array.isArray(value) && value.every(Array.isArray),
});

/** The place of an entry: an attribute of its own, or one of those in an attribute that holds many. */
type Place = { name: string } | SharedPlace;

interface SharedPlace {
  hash: string;
  at: number;
}

/** An entry as it is stored. */
interface Stored<P extends Place = Place> {
  entry: Entry;
  place: P;
}

const digestFor = (kind: EntryKind, text: string) => hash(`${kind} ${text}`);
const markOf = ({ hash, at }: SharedPlace) => [OVER, hash, at].join('.');

/** The entries of attributes that hold many, as read before in this process, by that hash. */
const READ = new Map<string, readonly Stored<SharedPlace>[]>();

/** Whether an attribute holds many entries by its name: their kind, and the hash that its text has to have. */
function togetherNamed(name: string): { kind: EntryKind; digest: string } | undefined {
  const [first, kind = '', digest = ''] = name.split('.');
  return first === TOGETHER && Object.hasOwn(OWN_FIELDS, kind)
    ? { kind: kind as EntryKind, digest }
    : undefined;
}

/** The entries of an attribute that holds many; none where its text was edited by hand. */
function togetherIn(kind: EntryKind, digest: string, text: string): readonly Stored<SharedPlace>[] {
  if (digestFor(kind, text) !== digest) return [];
  const known = READ.get(digest);
  if (known) return known;
  const read = parsed(text);
  const stored = isTogether(read) ? separate(kind, read as Together, digest) : [];
  READ.set(digest, stored);
  return stored;
}

/** The entries apart, with their fields in the order of a single one: they are compared as JSON. */
function separate(kind: EntryKind, { shared, each }: Together, digest: string): Stored<SharedPlace>[] {
  const fields = OWN_FIELDS[kind] ?? [];
  const shape = SHAPES[kind];
  const isFit = Object.entries(shape).every(([field, fits]) => fields.includes(field) || fits(shared[field]));
  if (!isFit) return [];
  const order = Object.keys(shape).map((field) => ({ field, index: fields.indexOf(field) }));
  const stored: Stored<SharedPlace>[] = [];
  each.forEach((own, at) => {
    if (!fields.every((field, index) => shape[field]?.(own[index]) === true)) return;
    const rest: Record<string, unknown> = {};
    for (const { field, index } of order) rest[field] = index < 0 ? shared[field] : own[index];
    stored.push({ entry: { ...rest, kind } as Entry, place: { hash: digest, at } });
  });
  return stored;
}

/** The entries that have an attribute of their own. */
function singlesIn(attributes: Readonly<Record<string, string>>): Stored[] {
  return Object.entries(attributes).flatMap(([name, text]): Stored[] => {
    const entry = entryOf(name, text);
    return entry === undefined ? [] : [{ entry, place: { name } }];
  });
}

/** The entries that share attributes: of those that are wanted; without `wanted`, all. */
function sharedIn(
  attributes: Readonly<Record<string, string>>,
  wanted: (kind: EntryKind, text: string) => boolean = () => true,
): Stored<SharedPlace>[] {
  const over = new Set(Object.keys(attributes).filter((name) => name.startsWith(`${OVER}.`)));
  return Object.entries(attributes).flatMap(([name, text]): readonly Stored<SharedPlace>[] => {
    const named = togetherNamed(name);
    if (named === undefined || !wanted(named.kind, text)) return [];
    const together = togetherIn(named.kind, named.digest, text);
    return over.size === 0 ? together : together.filter(({ place }) => !over.has(markOf(place)));
  });
}

/** The entries among a client's attributes. */
export function entriesIn(attributes: Readonly<Record<string, string>>): Entry[] {
  return [...singlesIn(attributes), ...sharedIn(attributes)].map(({ entry }) => entry);
}

/** The record in a client's attributes. Most commands ask for few kinds of entries: the others are never read. */
export function recordIn(attributes: Readonly<Record<string, string>>): RealmRecord {
  let all: readonly Entry[] | undefined;
  const kinds = new Map<EntryKind, readonly Entry[]>();
  const singles = singlesIn(attributes);
  const read = (kind: EntryKind) =>
    [
      ...singles.filter(({ entry }) => entry.kind === kind),
      ...sharedIn(attributes, (one) => one === kind),
    ].map(({ entry }) => entry);
  return {
    state: 'proved',
    get entries() {
      all ??= entriesIn(attributes);
      return all;
    },
    ofKind(kind) {
      const known = kinds.get(kind) ?? read(kind);
      kinds.set(kind, known);
      return known;
    },
  };
}

/** Attributes for entries that share all but their own fields, each as long as it may be. */
function attributesTogether(entries: readonly Entry[]): Record<string, string> {
  const [first] = entries;
  const fields = first && OWN_FIELDS[first.kind];
  if (first === undefined || fields === undefined) return {};
  const { kind, shared } = sharedOf(first, fields);
  const set: Record<string, string> = {};
  let each: Together['each'] = [];
  let length = 0;
  const finish = () => {
    const text = JSON.stringify({ shared, each } satisfies Together);
    set[[TOGETHER, kind, digestFor(kind, text)].join('.')] = text;
    [each, length] = [[], 0];
  };
  for (const entry of entries) {
    const values = new Map<string, unknown>(Object.entries(entry));
    const own = fields.map((field) => values.get(field));
    const size = JSON.stringify(own).length;
    if (each.length > 0 && length + size > LONGEST) finish();
    each.push(own);
    length += size;
  }
  finish();
  return set;
}

function sharedOf(
  { kind, ...rest }: Entry,
  fields: readonly string[],
): { kind: EntryKind; shared: Record<string, unknown> } {
  return {
    kind,
    shared: Object.fromEntries(Object.entries(rest).filter(([field]) => !fields.includes(field))),
  };
}

/** Attributes for entries that are new: many that are alike together, all else one by one. */
function attributesOf(entries: readonly Entry[]): Record<string, string> {
  const alike = (entry: Entry) => {
    const fields = OWN_FIELDS[entry.kind];
    return fields && JSON.stringify(sharedOf(entry, fields));
  };
  const groups = [...Map.groupBy(entries, alike)].map(([by, group]) =>
    by === undefined || group.length < LEAST_TOGETHER
      ? Object.fromEntries(group.map((entry) => [entryName(entry), entryText(entry)]))
      : attributesTogether(group),
  );
  return Object.fromEntries(groups.flatMap((attributes) => Object.entries(attributes)));
}

/**
 * The attributes that an edit sets (`''` removes one; Keycloak merges the rest), given those that are there. Replaces
 * entries of the same subject, keeps `before` as it was first written, and cuts the journal.
 */
export function attributesFor(
  there: Readonly<Record<string, string>>,
  { remember = [], forget = [] }: RecordEdit,
): Record<string, string> {
  const set: Record<string, string> = {};
  const kinds = new Set<EntryKind>(['deed', ...[...remember, ...forget].map(({ kind }) => kind)]);
  const known = new Map<string, Stored[]>();
  const subject = (entry: Entry) => JSON.stringify([entry.kind, subjectOf(entry)]);
  const stored = [...singlesIn(there), ...sharedIn(there, mayHold([...remember, ...forget]))];
  for (const one of stored) {
    if (!kinds.has(one.entry.kind)) continue;
    const key = subject(one.entry);
    known.set(key, [...(known.get(key) ?? []), one]);
  }
  const added = new Set<Entry>();
  const remove = ({ entry, place }: Stored) => {
    if ('at' in place) set[markOf(place)] = 'over';
    else if (!added.delete(entry)) set[place.name] = '';
  };
  for (const entry of forget) {
    const same = known.get(subject(entry)) ?? [];
    const [meant, others] = partition(same, (one) => contentOf(one.entry) === contentOf(entry));
    for (const one of meant) remove(one);
    known.set(subject(entry), others);
  }
  for (const entry of remember) {
    const key = subject(entry);
    const older = known.get(key) ?? [];
    if (entry.kind === 'before' && older.length > 0) continue;
    for (const one of older) remove(one);
    added.add(entry);
    known.set(key, [{ entry, place: { name: '' } }]);
  }
  const deeds = [...known.values()].flat().filter(isDeed);
  const newestFirst = deeds.sort((a, b) => Date.parse(b.entry.at) - Date.parse(a.entry.at));
  for (const one of newestFirst.slice(JOURNAL_LENGTH)) remove(one);
  return { ...set, ...withoutEmpty(there, set), ...attributesOf([...added]) };
}

/** So many entries are looked for in the texts of attributes that hold many; for more, these are read. */
const FEW = 50;

/** Whether an attribute that holds many may hold an entry about the same as one of these, by its text. */
function mayHold(entries: readonly Entry[]): (kind: EntryKind, text: string) => boolean {
  const signs = entries.map((entry) => ({ kind: entry.kind, sign: signOf(entry) }));
  if (signs.length > FEW) return (kind) => signs.some((one) => one.kind === kind);
  return (kind, text) => signs.some((one) => one.kind === kind && text.includes(one.sign));
}

/** The text by which an entry's subject is found among many. */
function signOf(entry: Entry): string {
  if ('of' in entry) return JSON.stringify(entry.of);
  return 'key' in entry ? idsOf(entry.key) : '';
}

function partition<T>(all: readonly T[], fits: (one: T) => boolean): [T[], T[]] {
  return [all.filter(fits), all.filter((one) => !fits(one))];
}

/** Removes attributes whose entries are all over, with their marks, and marks whose attribute is gone. */
function withoutEmpty(
  there: Readonly<Record<string, string>>,
  set: Readonly<Record<string, string>>,
): Record<string, string> {
  const after = { ...there, ...set };
  const marks = Object.keys(after).filter((name) => name.startsWith(`${OVER}.`));
  if (marks.length === 0) return {};
  const left = new Set(sharedIn(after).map(({ place }) => place.hash));
  const gone = marks.filter((mark) => !left.has(mark.split('.')[1] ?? ''));
  const digests = new Set(gone.map((mark) => mark.split('.')[1]));
  const empty = Object.keys(there).filter((name) => digests.has(togetherNamed(name)?.digest ?? ''));
  return Object.fromEntries([...empty, ...gone].map((name) => [name, '']));
}

function isDeed(one: Stored): one is Stored & { entry: Deed } {
  return one.entry.kind === 'deed';
}
