/**
 * mcpkc's record of a realm: what it has to remember, where no stranger can write.
 *
 * The record is the attributes of a client of mcpkc's own; a realm role proves which client that is
 * (`keycloak/read/record.ts`). Attributes of other clients decide nothing: a registrant writes them, and replays them.
 *
 * How to use it:
 * - Read: `const record = await readRecord(keycloak)` (two requests, whatever the size of the realm), then ask the pure
 *   questions below: `provisionalIn`, `leftoversIn`, `adoptionOf`, `keepOf`, `beforeOf`, `wroteOf`, `wantedIn`, `journalIn`.
 * - Write: `await writeRecord(keycloak, { remember: [entry, …], forget: [entry, …] })` (`keycloak/write/record.ts`).
 *   Entries are merged one by one, so that runs at the same time lose nothing. An entry of the same thing is replaced;
 *   `before` alone is kept as it was first written. The record is made where it is missing.
 * - A new kind of entry is a member of `Entry`, a line in `SHAPES` (`record-attributes.ts`) and, where a thing names
 *   it, one in `subjectOf`.
 *
 * A client is meant by `clientKeyOf`: hashes of its id and of what it is (name, redirect URIs, grants, mappers). A
 * registrant chooses his ids, also the one of a client that was deleted; so an entry counts only where both agree, and
 * `Memory` shows which did not. Texts of an entry that came from a client are a stranger's: print them with `visible`.
 */
// biome-ignore lint/style/noRestrictedImports: hashing is pure.
import * as crypto from 'node:crypto';
import type { Client, ClientPolicy, ClientProfile } from './representations.ts';

/** Client id of the client that carries the record. It proves nothing: anybody may register with it first. */
export const RECORD_CLIENT = 'mcpkc-record';
/** Realm role whose attributes name the record's internal id and its proof; no registrant reads or writes roles. */
export const RECORD_ROLE = 'mcpkc-record';

/** The texts that name a client for an operator; both are those of anybody who registered it. */
export interface ClientName {
  id: string;
  clientId: string;
}

/** The run that wrote an entry, as far as another run has to tell whether it still goes on. */
export interface RunId {
  by: string;
  host: string;
  pid: number;
  command: string;
  /** Random, one per run: process ids are used again, and are all 1 in containers. */
  nonce: string;
}

/** A client that holds an audience until it is known whether it was the one that was waited for. */
export interface Provisional {
  kind: 'provisional';
  client: ClientName;
  key: string;
  resource: string;
  /** Name of the audience scope that it was granted. */
  scope: string;
  /** ISO 8601, UTC, by the server's clock; `until` is when the run is over, whatever became of it. */
  since: string;
  until: string;
  run: RunId;
}

/** A client that was judged and granted an audience. */
export interface Adopted {
  kind: 'adopted';
  client: ClientName;
  key: string;
  resource: string;
  scope: string;
  since: string;
  by: string;
}

/**
 * A client that mcpkc made, so that a product connects to a resource without registering. `proof` stands on the client
 * too: ids and content can be copied by a registrant, an attribute that nobody but administrators reads can't.
 */
export interface Allowed {
  kind: 'allowed';
  client: ClientName;
  key: string;
  proof: string;
  /** `document`: its id is the URL of the product's metadata document; `client`: the id is typed into the product. */
  way: 'document' | 'client';
  /** Preset names of the products; none for a client of redirect URIs alone. */
  products: string[];
  resource: string;
  /** Name of the scope by which it has the audience. */
  scope: string;
  /** Whether the resource's scopes were made for it: they go with the last such client. */
  madeScopes: boolean;
  since: string;
  by: string;
}

/** A client that `prune-clients` leaves alone. */
export interface Kept {
  kind: 'kept';
  client: ClientName;
  key: string;
  since: string;
  by: string;
  /** The reason, where it was not `--keep`: it was made again from a backup. */
  why?: 'restored';
}

/**
 * A client whose least age an operator vouches for: it is at least from that day. Only his word shows the part that
 * isn't proven.
 */
export interface AgeAccepted {
  kind: 'age-accepted';
  client: ClientName;
  key: string;
  /** ISO 8601, UTC. */
  age: string;
  since: string;
  by: string;
}

/** The state of a thing of the realm before mcpkc first changed it; `--remove` puts it back. */
export interface Before {
  kind: 'before';
  /** The sort of thing, as its writer calls it: `allowed-mappers`, `trusted-hosts`, `client-attribute`, … */
  what: string;
  /** Its natural key: the policy's name and subtype, the client's id, … */
  of: string;
  /** Any JSON; null where the thing was not there. */
  value: unknown;
  since: string;
  by: string;
}

/** Values that mcpkc itself put into a thing that was there before, or made: `--remove` may take them out again. */
export interface Wrote {
  kind: 'wrote';
  /** As in `Before`. */
  what: string;
  of: string;
  /** By field: the entries that were added to a list, or the value that a field was set to. */
  value: Record<string, unknown>;
  since: string;
  by: string;
}

/** The wish for an MCP server: the products that may connect to it, by preset name. */
export interface Wanted {
  kind: 'wanted';
  resource: string;
  products: string[];
  since: string;
}

/**
 * The roles whose holders may use an MCP server, as last set. Each is written as by `roleLabel`; an empty list means
 * nobody.
 */
export interface Access {
  kind: 'access';
  resource: string;
  roles: string[];
  since: string;
  by: string;
}

/** One line of the journal: who did what to whom. The newest `JOURNAL_LENGTH` are kept. */
export interface Deed {
  kind: 'deed';
  at: string;
  /** A past participle: `adopted`, `withdrawn`, `allowed`, `hardened`, `pruned`, `moved`, `kept`, … */
  did: string;
  /** Its object: a client's name, a resource, a policy. */
  to: string;
  by: string;
  /** Tells two deeds of one moment apart. */
  nonce: string;
}

/** Clients that one look of `prune-clients` saw for the first time. Times are ISO 8601, UTC, by mcpkc's clock. */
export interface FirstLook {
  kind: 'first-look';
  at: string;
  /** The complete look before, which found nobody with their ids; null where there was none, or it did. */
  after: string | null;
  /** Keys of the clients. */
  keys: string[];
}

/** Clients whose last sign of life was on that day. */
export interface AliveOn {
  kind: 'alive-on';
  /** yyyy-mm-dd, UTC. */
  day: string;
  keys: string[];
}

/**
 * A client that `prune-clients` took for an orphan. `disabling` is written before the client is touched. A client that
 * is still enabled then was not reached by a run that was killed, and is no more than marked.
 */
export interface PruneStage {
  kind: 'stage';
  client: ClientName;
  key: string;
  stage: 'marked' | 'disabling' | 'disabled';
  at: string;
  /** The time since when it is marked. */
  markedAt: string;
}

/** The realm as a whole, as looks of `prune-clients` saw it. */
export interface Looks {
  kind: 'looks';
  /** The start of the last complete look. */
  complete: string | null;
  /** Event types that every look since that time found on; when a type was last found off. ISO 8601, UTC. */
  on: Record<string, string>;
  off: Record<string, string>;
}

/** The findings of the last look of `status` at every client: plain `status` repeats them with their age. */
export interface HolderLook {
  kind: 'holder-look';
  at: string;
  /** The number of clients in the realm. */
  clients: number;
  /** Name of an audience scope → how many clients held it. */
  holders: Record<string, number>;
  /** Codes of findings about clients → how many clients. */
  findings: Record<string, number>;
}

/**
 * The look through all clients of a realm for those of the products that were there before an MCP server's scope. While
 * the scope stays a realm default, later clients inherit it, so that look needs no second.
 */
export interface LookedThrough {
  kind: 'looked-through';
  resource: string;
  /** Internal id of the scope: one that was made anew has been assigned to nobody. */
  scope: string;
  /** Preset name → `digestOf` of the signs of the product's clients. */
  products: Record<string, string>;
  since: string;
}

/**
 * Client policies that are written, and rehearsed by sign-ins, at this moment. A killed run leaves the entry, policies
 * that nobody tried, and perhaps a client that it registered, which has no name by which Keycloak finds it.
 */
export interface Rehearsal {
  kind: 'rehearsal';
  /** The mark that its probes carry (`products/probe-mark.ts`). */
  mark: string;
  since: string;
  /** The data by which a later run does it in place of a killed one; entries of old versions lack it. */
  untried?: Untried;
}

/** Client policies that a run wrote and has not tried yet. */
export interface Untried {
  /** Names of the policies. */
  policies: string[];
  /** The state of these policies, and of the profiles that they name, before they were written. */
  before: { clientPolicies: ClientPolicy[]; clientProfiles: ClientProfile[] };
  /** The body of the registration that has to be accepted, and the scopes of the MCP servers (`Rehearsed`). */
  registration: Record<string, unknown> & { redirect_uris: string[] };
  scopes: string[];
}

export type Entry =
  | Provisional
  | Adopted
  | Allowed
  | Kept
  | AgeAccepted
  | Before
  | Wrote
  | Wanted
  | Access
  | Deed
  | FirstLook
  | AliveOn
  | PruneStage
  | Looks
  | HolderLook
  | LookedThrough
  | Rehearsal;
export type EntryKind = Entry['kind'];

/** The record as it was read. */
export interface RealmRecord {
  /**
   * `none`: mcpkc never wrote one here. `proved`: the role proves the client. `lost`: the role is there but the client
   * isn't, or it is not the one that the role proves. The next writer makes a lost one anew, and its entries are gone.
   */
  state: 'none' | 'proved' | 'lost';
  readonly entries: readonly Entry[];
  /** The entries of a kind, where they are read when they are asked for. */
  ofKind?(kind: EntryKind): readonly Entry[];
}

export const NO_RECORD: RealmRecord = { state: 'none', entries: [] };

/** The entries that a run adds to the record, and those that it removes. */
export interface RecordEdit {
  remember?: readonly Entry[];
  forget?: readonly Entry[];
}

/** A text's SHA-256, cut to 132 bits. */
export function hash(text: string): string {
  return crypto.hash('sha256', text, 'base64url').slice(0, 22);
}

/** A short text that is the same for equal JSON alone. */
export function digestOf(value: unknown): string {
  return hash(JSON.stringify(value));
}

/** Attributes by which Keycloak lets a client use a grant (26.7); Keycloak writes "false" for those it hasn't. */
const GRANT_ATTRIBUTE = /(?:grant|token\.exchange)\.enabled$/;

/**
 * The part of a client that is hashed: all that it could do harm with. Nothing that mcpkc writes: scopes, enabled,
 * PKCE.
 */
function contentOf(client: Client): unknown {
  const sorted = (values: readonly string[]) => [...values].sort();
  return [
    client.name ?? '',
    sorted(client.redirectUris),
    client.standardFlowEnabled === true,
    client.implicitFlowEnabled === true,
    client.directAccessGrantsEnabled === true,
    client.serviceAccountsEnabled === true,
    sorted(
      Object.entries(client.attributes)
        .filter(([name, value]) => GRANT_ATTRIBUTE.test(name) && value.toLowerCase() !== 'false')
        .map(([name]) => name),
    ),
    sorted(
      (client.protocolMappers ?? []).map(({ name, protocolMapper, config }) =>
        JSON.stringify([name, protocolMapper, Object.entries(config ?? {}).sort()]),
      ),
    ),
  ];
}

/** The key of a client: `<hash of its ids>.<hash of what it is>`. */
export function clientKeyOf(client: Client): string {
  return `${hash(JSON.stringify([client.id, client.clientId]))}.${hash(JSON.stringify(contentOf(client)))}`;
}

/** Whether two keys are of the same ids, whatever the clients are. */
export function isSameId(a: string, b: string): boolean {
  return idsOf(a) === idsOf(b);
}

/** The part of a key that stands for the client's ids alone. */
export function idsOf(key: string): string {
  return key.split('.')[0] ?? '';
}

/**
 * The record's knowledge of a client. `same`: of this very one. `changed`: of one with its ids that was something else:
 * this one is a stranger, or was changed since.
 */
export type Memory<E extends Entry> =
  | { state: 'none' }
  | { state: 'same'; entry: E }
  | { state: 'changed'; entry: E };

/** By record and kind: the entries, each under what it is about. */
const INDEX = new WeakMap<RealmRecord, Map<EntryKind, ReadonlyMap<string, readonly Entry[]>>>();

/** The entries of a kind that are about one thing; as quick in a record of thousands. `about`: the same for each call. */
function entriesAbout<K extends EntryKind>(
  record: RealmRecord,
  kind: K,
  thing: string,
  about: (entry: Extract<Entry, { kind: K }>) => string,
): readonly Extract<Entry, { kind: K }>[] {
  const kinds = INDEX.get(record) ?? new Map<EntryKind, ReadonlyMap<string, readonly Entry[]>>();
  INDEX.set(record, kinds);
  const index = kinds.get(kind) ?? Map.groupBy(entriesOf(record, kind), about);
  kinds.set(kind, index);
  return (index.get(thing) ?? []) as readonly Extract<Entry, { kind: K }>[];
}

/** The entries about a client with the ids of a key. */
function entriesAboutClient<K extends 'adopted' | 'allowed' | 'kept'>(
  record: RealmRecord,
  kind: K,
  key: string,
): readonly Extract<Entry, { kind: K }>[] {
  return entriesAbout(record, kind, idsOf(key), (entry: Adopted | Allowed | Kept) => idsOf(entry.key));
}

function memoryOf<E extends Adopted | Kept>(entries: readonly E[], key: string): Memory<E> {
  const same = entries.find((entry) => entry.key === key);
  if (same) return { state: 'same', entry: same };
  const [changed] = entries;
  return changed ? { state: 'changed', entry: changed } : { state: 'none' };
}

/** The entries of a kind. */
export function entriesOf<K extends EntryKind>(record: RealmRecord, kind: K): Extract<Entry, { kind: K }>[] {
  const entries = record.ofKind?.(kind) ?? record.entries;
  return entries.filter((entry): entry is Extract<Entry, { kind: K }> => entry.kind === kind);
}

/** Clients that hold an audience for the time being; of one resource, where it is named. */
export function provisionalIn(record: RealmRecord, resource?: string): Provisional[] {
  return entriesOf(record, 'provisional').filter(
    (one) => resource === undefined || one.resource === resource,
  );
}

/** The facts that show whether the run of an entry still goes on. */
export interface RunsNow {
  /** The server's clock, in milliseconds. */
  now: number;
  /** This run. */
  run: RunId;
  isAlive(pid: number): boolean;
}

/**
 * Entries that killed runs left: their time is up, or their process is gone from this machine. Never those of this run
 * itself.
 */
export function leftoversIn(record: RealmRecord, { now, run: own, isAlive }: RunsNow): Provisional[] {
  return provisionalIn(record).filter(({ run, until }) => {
    if (run.nonce === own.nonce) return false;
    if (Date.parse(until) <= now) return true;
    // A container's process has the same id each time: then the other one is gone.
    return run.host === own.host && (run.pid === own.pid || !isAlive(run.pid));
  });
}

/** Clients that were adopted for a resource; for all, where none is named. */
export function adoptedIn(record: RealmRecord, resource?: string): Adopted[] {
  return entriesOf(record, 'adopted').filter((one) => resource === undefined || one.resource === resource);
}

/** Whether this client was judged and adopted for a resource, as it is now. */
export function adoptionOf(record: RealmRecord, resource: string, client: Client): Memory<Adopted> {
  const key = clientKeyOf(client);
  const all = entriesAboutClient(record, 'adopted', key).filter((one) => one.resource === resource);
  return memoryOf(all, key);
}

/** The clients that were made for a resource (`mcpkc allow`); for all, where none is named. */
export function allowedIn(record: RealmRecord, resource?: string): Allowed[] {
  return entriesOf(record, 'allowed').filter((one) => resource === undefined || one.resource === resource);
}

/** Internal ids of the clients that were made for products, each once. */
export function madeIds(record: RealmRecord): string[] {
  return [...new Set(allowedIn(record).map(({ client }) => client.id))];
}

/** Attribute of a client that mcpkc made, which repeats the proof of its entries. */
export const MADE_ATTRIBUTE = 'mcpkc.made';

/** The entries of a client that mcpkc made, one a resource; none where it isn't proved to be that one. */
export function allowancesOf(record: RealmRecord, client: Client): Allowed[] {
  const proof = client.attributes[MADE_ATTRIBUTE];
  if (proof === undefined || proof === '') return [];
  return entriesAboutClient(record, 'allowed', clientKeyOf(client)).filter((one) => one.proof === proof);
}

/** Whether the operator asked to keep this client, as it is now. */
export function keepOf(record: RealmRecord, client: Client): Memory<Kept> {
  const key = clientKeyOf(client);
  return memoryOf(entriesAboutClient(record, 'kept', key), key);
}

function stateOf<K extends 'before' | 'wrote'>(
  record: RealmRecord,
  kind: K,
  what: string,
  of: string,
): Extract<Entry, { kind: K }> | undefined {
  const thing = (one: Pick<Before, 'what' | 'of'>) => JSON.stringify([one.what, one.of]);
  return entriesAbout(record, kind, thing({ what, of }), thing)[0];
}

/** The state of a thing before mcpkc first changed it; undefined where that was never written down. */
export function beforeOf(record: RealmRecord, what: string, of: string): Before | undefined {
  return stateOf(record, 'before', what, of);
}

/** The entries about a thing's state. */
export function statesOf(record: RealmRecord, what: string, of: string): (Before | Wrote)[] {
  const found = [stateOf(record, 'before', what, of), stateOf(record, 'wrote', what, of)];
  return found.filter((entry) => entry !== undefined);
}

/** The values that mcpkc itself put into a thing; empty where nothing is known. */
export function wroteOf(record: RealmRecord, what: string, of: string): Record<string, unknown> {
  return stateOf(record, 'wrote', what, of)?.value ?? {};
}

/** The products that were asked for an MCP server; undefined where that was never written down. */
export function wantedIn(record: RealmRecord, resource: string): string[] | undefined {
  return entriesOf(record, 'wanted').find((entry) => entry.resource === resource)?.products;
}

/** The look that was made for an MCP server's scope, by its internal id; undefined where none was. */
export function lookedThroughIn(
  record: RealmRecord,
  resource: string,
  scope: string,
): LookedThrough | undefined {
  return entriesOf(record, 'looked-through').find(
    (entry) => entry.resource === resource && entry.scope === scope,
  );
}

/**
 * The roles whose holders may use an MCP server, as last set; undefined where it was never restricted, or was opened
 * since.
 */
export function accessIn(record: RealmRecord, resource: string): Access | undefined {
  return entriesOf(record, 'access').find((entry) => entry.resource === resource);
}

/** The journal, newest first. */
export function journalIn(record: RealmRecord): Deed[] {
  return entriesOf(record, 'deed').sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
}
