/**
 * How the record is stored: an attribute an entry, and attributes that hold many adoptions at once.
 *
 * A first look through a large realm adopts thousands of clients. Keycloak's time grows with the number of a client's
 * attributes: 5,000 take 0.7 s a PUT and 0.15 s a GET (26.7.4), of each command from then on. So adoptions of one edit
 * that differ in the client alone share an attribute, which is never rewritten: one that is over has a mark of its own.
 * Keycloak merges attribute by attribute, so that runs at the same time lose nothing.
 */
import {
  type Adopted,
  type Deed,
  type Entry,
  type EntryKind,
  hash,
  idsOf,
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

/** The parts that tell an entry from others of its kind: of two with the same subject the newer replaces the older. */
function subjectOf(entry: Entry): string[] {
  switch (entry.kind) {
    case 'provisional':
      return [hash(entry.resource), idsOf(entry.key), hash(entry.run.nonce)];
    case 'adopted':
    case 'allowed':
      return [hash(entry.resource), idsOf(entry.key)];
    case 'kept':
    case 'age-accepted':
    case 'stage':
      return [idsOf(entry.key)];
    case 'before':
    case 'wrote':
      return [hash(JSON.stringify([entry.what, entry.of]))];
    case 'wanted':
    case 'access':
    case 'looked-through':
      return [hash(entry.resource)];
    case 'deed':
      return [entry.at, entry.nonce];
    case 'first-look':
      return [entry.at, entry.after ?? 'none'];
    case 'alive-on':
      return [entry.day];
    case 'rehearsal':
      return [hash(entry.mark)];
    case 'looks':
    case 'holder-look':
      return [];
  }
}

/** The attribute that an entry's subject has, and by which its entries are replaced; at most 255 characters (Keycloak). */
function subjectName(entry: Entry): string {
  return [entry.kind, ...subjectOf(entry)].join('.');
}

/** The attribute that holds an entry. One about a client names its content too. */
export function entryName(entry: Entry): string {
  return 'key' in entry ? `${subjectName(entry)}.${contentPart(entry.key)}` : subjectName(entry);
}

/** The attribute's value. */
export function entryText(entry: Entry): string {
  const { kind: _kind, ...rest } = entry;
  return JSON.stringify(rest);
}

function contentPart(key: string): string {
  return key.split('.')[1] ?? '';
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

/** First part of the name of an attribute with many adoptions; the hash of its text follows. */
const TOGETHER = 'adopted-together';
/** First part of the name of a mark: the hash of the adoptions' attribute and the place in it follow. */
const OVER = 'adopted-over';
/** Fewer adoptions than this are an attribute each, which people can read and edit. */
const LEAST_TOGETHER = 20;
/** Characters in an attribute at most: below the 64 KB of the smallest text column of Keycloak's databases. */
const LONGEST = 50_000;

/** The text of an attribute with many adoptions: what they share, and by client `[id, client id, key]`. */
type Together = Pick<Adopted, 'resource' | 'scope' | 'since' | 'by'> & {
  clients: [string, string, string][];
};

const isClient = (value: unknown) => isTextList(value) && (value as string[]).length === 3;
const isTogether = hasShape({
  resource: isText,
  scope: isText,
  since: isTime,
  by: isText,
  clients: (value) => Array.isArray(value) && value.every(isClient),
});

/** An entry as it is stored; `among` is its place in an attribute that holds many. */
interface Stored {
  name: string;
  entry: Entry;
  among?: { hash: string; at: number };
}

const markOf = ({ hash, at }: NonNullable<Stored['among']>) => [OVER, hash, at].join('.');

/** The adoptions of an attribute; none where its text was edited by hand. */
function togetherIn(name: string, text: string): Stored[] {
  const [first, digest] = name.split('.');
  if (first !== TOGETHER || digest === undefined || hash(text) !== digest) return [];
  const read = parsed(text);
  if (!isTogether(read)) return [];
  const { clients, ...shared } = read as Together;
  const prefix = `adopted.${hash(shared.resource)}`;
  return clients.map(([id, clientId, key], at) => ({
    name: `${prefix}.${key}`,
    entry: { kind: 'adopted', client: { id, clientId }, key, ...shared },
    among: { hash: digest, at },
  }));
}

function storedIn(attributes: Readonly<Record<string, string>>): Stored[] {
  return Object.entries(attributes).flatMap(([name, text]): Stored[] => {
    const together = togetherIn(name, text);
    if (together.length > 0) {
      return together.filter(({ among }) => among && attributes[markOf(among)] === undefined);
    }
    const entry = entryOf(name, text);
    return entry === undefined ? [] : [{ name, entry }];
  });
}

/** The entries among a client's attributes. */
export function entriesIn(attributes: Readonly<Record<string, string>>): Entry[] {
  return storedIn(attributes).map(({ entry }) => entry);
}

/** Attributes for adoptions that differ in the client alone, each as long as it may be. */
function attributesTogether(adoptions: readonly Adopted[]): Record<string, string> {
  const [first] = adoptions;
  if (first === undefined) return {};
  const { resource, scope, since, by } = first;
  const set: Record<string, string> = {};
  let clients: Together['clients'] = [];
  let length = 0;
  const finish = () => {
    const text = JSON.stringify({ resource, scope, since, by, clients } satisfies Together);
    set[[TOGETHER, hash(text)].join('.')] = text;
    [clients, length] = [[], 0];
  };
  for (const { client, key } of adoptions) {
    const one: Together['clients'][number] = [client.id, client.clientId, key];
    const size = JSON.stringify(one).length;
    if (clients.length > 0 && length + size > LONGEST) finish();
    clients.push(one);
    length += size;
  }
  finish();
  return set;
}

/** Attributes for entries that are new: many adoptions of one edit together, all else one by one. */
function attributesOf(entries: readonly Entry[]): Record<string, string> {
  const shared = (entry: Entry) =>
    entry.kind === 'adopted'
      ? JSON.stringify([entry.resource, entry.scope, entry.since, entry.by])
      : undefined;
  const groups = [...Map.groupBy(entries, shared)].map(([by, group]) =>
    by === undefined || group.length < LEAST_TOGETHER
      ? Object.fromEntries(group.map((entry) => [entryName(entry), entryText(entry)]))
      : attributesTogether(group.filter(isAdopted)),
  );
  return Object.fromEntries(groups.flatMap((attributes) => Object.entries(attributes)));
}

/** The subject of a stored entry, without hashing its fields again. */
function storedSubject({ name, entry }: Stored): string {
  return 'key' in entry ? name.slice(0, name.lastIndexOf('.')) : name;
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
  const stored = storedIn(there);
  const known = new Map<string, Map<string, Stored>>();
  const know = (one: Stored, subject: string) => {
    const same = known.get(subject) ?? new Map<string, Stored>();
    known.set(subject, same.set(one.name, one));
  };
  const remove = ({ name, among }: Stored) => {
    set[among === undefined ? name : markOf(among)] = among === undefined ? '' : 'over';
  };
  for (const one of stored) know(one, storedSubject(one));
  for (const entry of forget) {
    const same = known.get(subjectName(entry));
    const name = entryName(entry);
    remove(same?.get(name) ?? { name, entry });
    same?.delete(name);
  }
  const added = new Map<string, Entry>();
  for (const entry of remember) {
    const subject = subjectName(entry);
    const older = known.get(subject);
    if (entry.kind === 'before' && older !== undefined && older.size > 0) continue;
    for (const one of older?.values() ?? []) {
      remove(one);
      added.delete(one.name);
    }
    older?.clear();
    const name = entryName(entry);
    added.set(name, entry);
    know({ name, entry }, subject);
  }
  const deeds = [...known.values()].flatMap((same) => [...same.values()].filter(isDeed));
  const newestFirst = deeds.sort((a, b) => Date.parse(b.entry.at) - Date.parse(a.entry.at));
  for (const { name } of newestFirst.slice(JOURNAL_LENGTH)) {
    set[name] = '';
    added.delete(name);
  }
  return { ...set, ...withoutEmpty(there, set), ...attributesOf([...added.values()]) };
}

/** Removes attributes whose adoptions are all over, with their marks, and marks whose attribute is gone. */
function withoutEmpty(
  there: Readonly<Record<string, string>>,
  set: Readonly<Record<string, string>>,
): Record<string, string> {
  const after = { ...there, ...set };
  const marks = Object.keys(after).filter((name) => name.startsWith(`${OVER}.`));
  if (marks.length === 0) return {};
  const left = new Set(storedIn(after).flatMap(({ among }) => among?.hash ?? []));
  const gone = marks.filter((mark) => !left.has(mark.split('.')[1] ?? ''));
  const packs = gone.map((mark) => [TOGETHER, mark.split('.')[1]].join('.'));
  return Object.fromEntries([...packs, ...gone].map((name) => [name, '']));
}

function isAdopted(entry: Entry): entry is Adopted {
  return entry.kind === 'adopted';
}

function isDeed(one: Stored): one is Stored & { entry: Deed } {
  return one.entry.kind === 'deed';
}
