// biome-ignore lint/style/noRestrictedImports: hashing is pure.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { inputError } from '../errors.ts';
import { isSelfRegistered } from '../products/dynamic.ts';
import { isKeycloakId } from '../realm/representations.ts';

/** The name of the format in each line of a backup. Lines of 0.1.0 have no seal. */
const [OLD_FORMAT, FORMAT] = ['prune-backup/v1', 'prune-backup/v2'];
const LONGEST_LINE = 1_000_000;
/** The deepest nesting that a client may have; Keycloak's authorization settings are six deep. */
const DEEPEST = 64;

/**
 * A client as it was before it was deleted. `representation` is Keycloak's own, secret included, and opaque to mcpkc.
 */
export interface BackupRecord {
  at: string;
  by: string;
  server: string;
  realm: string;
  id: string;
  clientId: string;
  representation: Readonly<Record<string, unknown>>;
}

/** A record that was read; `authentic`: its seal shows that mcpkc wrote it, as it is, for the realm that has the key. */
export interface ReadRecord extends BackupRecord {
  authentic: boolean;
}

const SEAL = /,"seal":"([A-Za-z0-9_-]{43})"\}$/;

function sealOf(text: string, key: string): string {
  return createHmac('sha256', key).update(`mcpkc ${FORMAT}\n${text}`).digest('base64url');
}

/** An object as a line that ends with its seal (HMAC-SHA-256 over the text before it). */
function sealed(value: object, key: string): string {
  const text = JSON.stringify(value);
  return `${text.slice(0, -1)},"seal":"${sealOf(text, key)}"}\n`;
}

function isAuthentic(line: string, key: string | undefined): boolean {
  const seal = SEAL.exec(line)?.[1];
  if (seal === undefined || key === undefined) return false;
  const expected = sealOf(line.replace(SEAL, '}'), key);
  return timingSafeEqual(Buffer.from(seal), Buffer.from(expected));
}

const digest = (text: string) => createHash('sha256').update(text).digest('base64url');

/** A record as a line of JSON, sealed with the realm's key. It holds the client's secret. */
export function backupLine(record: BackupRecord, key: string): string {
  const { at, by, server, realm, id, clientId, representation } = record;
  return sealed({ mcpkc: FORMAT, at, by, server, realm, id, clientId, representation }, key);
}

/**
 * The text that is appended to a file whose last line a killed run left unfinished: it notes that, and of which line.
 */
export function tornLine(unfinished: string, key: string): string {
  return `\n${sealed({ mcpkc: FORMAT, torn: digest(unfinished) }, key)}`;
}

/** The records of a backup, and how many lines killed runs left unfinished (their clients were not deleted). */
export interface Backup {
  records: ReadRecord[];
  unfinished: number;
}

/**
 * Reads a backup; `key` is the realm's, undefined where it has none. Only the last line can be unfinished, or one that
 * a later run found so (`tornLine`). Any other line that is no record refuses the whole file (INPUT_INVALID). A file of
 * somebody else's making could otherwise hide a record, or create any client.
 */
export function parseBackup(text: string, file: string, key?: string): Backup {
  const lines = text.split('\n');
  const records: ReadRecord[] = [];
  let unfinished = 0;
  for (const [index, line] of lines.entries()) {
    if (line === '') continue;
    if (line.length > LONGEST_LINE) {
      throw bad(file, index + 1, `it is longer than ${LONGEST_LINE.toLocaleString('en')} characters`);
    }
    if (isTornOf(line, lines[index - 1] ?? '', key)) continue;
    const parsed = parseLine(line, key);
    if (typeof parsed === 'object') records.push(parsed);
    else if (!isUnfinished(line)) throw bad(file, index + 1, parsed);
    else if (index === lines.length - 1 || isTornOf(lines[index + 1] ?? '', line, key)) unfinished += 1;
    else throw bad(file, index + 1, 'it is unfinished, and only the last line can be', index + 1);
  }
  return { records, unfinished };
}

function bad(file: string, line: number, problem: string, torn?: number) {
  const fix =
    torn === undefined
      ? 'Nothing was restored. Use a backup file of prune-clients --apply, unchanged.'
      : `Nothing was restored. Where a killed run of mcpkc 0.1.0 left it, its client was not deleted: remove line ${torn}, and run the command again.`;
  return inputError('--restore', `${file}, line ${line}: ${problem}`, fix);
}

/** Whether a line is the beginning of a record and no more. */
function isUnfinished(line: string): boolean {
  if (line.endsWith('}')) return false;
  return [FORMAT, OLD_FORMAT].some((format) => {
    const start = `{"mcpkc":"${format}"`;
    return line.startsWith(start) || start.startsWith(line);
  });
}

/** Whether a line notes, with a seal that holds, that a run found the line before it unfinished. */
function isTornOf(line: string, before: string, key: string | undefined): boolean {
  return line.startsWith(`{"mcpkc":"${FORMAT}","torn":"${digest(before)}"`) && isAuthentic(line, key);
}

/**
 * Whether a text is nested deeper than a client is: a recursive reader could run out of stack (Node 24:
 * `JSON.stringify`).
 */
function isTooDeep(line: string): boolean {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at];
    if (inText && character === '\\') at += 1;
    else if (character === '"') inText = !inText;
    else if (!inText && (character === '[' || character === '{')) depth += 1;
    else if (!inText && (character === ']' || character === '}')) depth -= 1;
    if (depth > DEEPEST) return true;
  }
  return false;
}

/** The record of a line, or its fault. */
function parseLine(line: string, key: string | undefined): ReadRecord | string {
  if (isTooDeep(line)) return 'it is nested deeper than any client is';
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return 'it is not JSON';
  }
  const record = recordOf(value);
  return typeof record === 'string' ? record : { ...record, authentic: isAuthentic(line, key) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function recordOf(value: unknown): BackupRecord | string {
  if (!isObject(value) || (value.mcpkc !== FORMAT && value.mcpkc !== OLD_FORMAT)) {
    return 'it is not a record of a pruned client';
  }
  const { representation } = value;
  const [at, by, server, realm, id, clientId] = ['at', 'by', 'server', 'realm', 'id', 'clientId'].map(
    (field) => value[field],
  );
  const texts = { at, by, server, realm, id, clientId };
  for (const [field, text] of Object.entries(texts)) {
    if (typeof text !== 'string') return `its field ${field} is missing`;
  }
  if (!isObject(representation)) return 'its field representation is missing';
  if (id !== representation.id || clientId !== representation.clientId) {
    return 'its representation is another client’s';
  }
  if (!isKeycloakId(String(id)) || !isSelfRegistered(representation)) {
    return 'its client did not register itself: it has full scope, asks for no consent, or isn’t OpenID Connect';
  }
  return { ...(texts as Omit<BackupRecord, 'representation'>), representation };
}

/**
 * The latest record of each client that is authentic, else its latest. Only those of the named clients, where some are
 * named.
 */
export function latestRecords(
  records: readonly ReadRecord[],
  clientIds: readonly string[] = [],
): ReadRecord[] {
  const latest = new Map<string, ReadRecord>();
  for (const record of records) {
    if (record.authentic || latest.get(record.clientId)?.authentic !== true)
      latest.set(record.clientId, record);
  }
  return [...latest.values()].filter(
    ({ clientId }) => clientIds.length === 0 || clientIds.includes(clientId),
  );
}
