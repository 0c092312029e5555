import { badInput } from '../../../errors.ts';
import { registration } from '../../../products/dynamic.ts';

/** What begins each line of a backup, and names its format. */
const FORMAT = 'prune-backup/v1';
const LONGEST_LINE = 1_000_000;

/** A client as it was before it was deleted. `representation` is Keycloak's own, secret included, and opaque to us. */
export interface BackupRecord {
  at: string;
  by: string;
  server: string;
  realm: string;
  id: string;
  clientId: string;
  representation: Readonly<Record<string, unknown>>;
}

/** A record as a line of JSON. It holds the client's secret. */
export function backupLine(record: BackupRecord): string {
  const { at, by, server, realm, id, clientId, representation } = record;
  return `${JSON.stringify({ mcpkc: FORMAT, at, by, server, realm, id, clientId, representation })}\n`;
}

/** The records of a backup, and how many lines a killed run left unfinished (their clients were not deleted). */
export interface Backup {
  records: BackupRecord[];
  unfinished: number;
}

/**
 * Reads a backup. A line that a killed run left unfinished is skipped; any other line that is no record refuses the
 * whole file (INPUT_INVALID), since a file of somebody else's making could otherwise create any client.
 */
export function parseBackup(text: string, file: string): Backup {
  const records: BackupRecord[] = [];
  let unfinished = 0;
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue;
    const parsed = parseLine(line);
    if (typeof parsed === 'string') throw bad(file, index + 1, parsed);
    if (parsed === undefined) unfinished++;
    else records.push(parsed);
  }
  return { records, unfinished };
}

function bad(file: string, line: number, problem: string) {
  return badInput(
    '--restore',
    `${file}, line ${line}: ${problem}`,
    'Nothing was restored. Give a backup that prune-clients --apply wrote, as it wrote it.',
  );
}

/** The record of a line; undefined for one that was left unfinished; else what is wrong with it. */
function parseLine(line: string): BackupRecord | string | undefined {
  if (line.length > LONGEST_LINE) return `it is longer than ${LONGEST_LINE.toLocaleString('en')} characters`;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    const start = `{"mcpkc":"${FORMAT}"`;
    return line.startsWith(start) || start.startsWith(line) ? undefined : 'it is no JSON';
  }
  return recordOf(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function recordOf(value: unknown): BackupRecord | string {
  if (!isRecord(value) || value.mcpkc !== FORMAT) return 'it is no record of a pruned client';
  const { representation, mcpkc: _format, ...rest } = value;
  for (const field of ['at', 'by', 'server', 'realm', 'id', 'clientId']) {
    if (typeof rest[field] !== 'string') return `its field ${field} is missing`;
  }
  if (!isRecord(representation)) return 'its field representation is missing';
  const { id, clientId } = representation;
  if (id !== rest.id || clientId !== rest.clientId) return 'its representation is another client’s';
  const { kind, why } = registration(representation);
  if (kind === 'other') return `its client did not register itself: ${why}`;
  return { ...(rest as Omit<BackupRecord, 'representation'>), representation };
}

/** The last record of each client; of these clients, where some are named. */
export function latestRecords(
  records: readonly BackupRecord[],
  clientIds: readonly string[] = [],
): BackupRecord[] {
  const latest = new Map(records.map((record) => [record.clientId, record]));
  return [...latest.values()].filter(
    ({ clientId }) => clientIds.length === 0 || clientIds.includes(clientId),
  );
}
