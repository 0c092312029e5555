// biome-ignore lint/style/noRestrictedImports: a random mark.
import { createHash, randomBytes } from 'node:crypto';
import type { Io } from '../cli/io.ts';
import { isKeycloakId } from '../realm/representations.ts';
import { type ClientFacts, PROBE_TOS_URI_PREFIX, probeRun } from './dynamic.ts';

/** The time after which a run is over, whatever its mark shows: longer than a run with a sign-in may take. */
const LONGEST_RUN_MS = 30 * 60_000;

/** The part of a probe's authorization code in the place of Keycloak's session, followed by the run's id. */
export const PROBE_CODE = 'mcpkc-probe-';

/** The client of a kept sign-in (`validate --save-token`): one for each MCP server. */
export function signInClientId(mcp: string): string {
  return `mcpkc-sign-in-${createHash('sha256').update(mcp).digest('hex').slice(0, 12)}`;
}

/** A redirect URI that `validate` tries to have refused; nobody's (RFC 2606). */
export const FOREIGN_URI = 'https://evil.example/cb';

/** A run's mark on its probes: the `tos_uri` that it registers them with. Shows later whether the run still lives. */
export interface RunMark {
  runId: string;
  tosUri: string;
}

/** The marks that a process gave to its runs: it may look at several servers of one realm at once. */
const given = new WeakMap<object, Set<string>>();

/** A mark of this process, for one run. */
export function runMark(io: Pick<Io, 'hostname' | 'pid' | 'now'>): RunMark {
  const runId = randomBytes(4).toString('hex');
  const mark = [hostOf(io.hostname), io.pid, io.now().toString(36), runId].join('.');
  given.set(io, (given.get(io) ?? new Set()).add(mark));
  return { runId, tosUri: `${PROBE_TOS_URI_PREFIX}${mark}` };
}

/** The part of a `tos_uri` of mcpkc's probes that names the run. */
export function markOf(tosUri: string): string {
  return tosUri.slice(PROBE_TOS_URI_PREFIX.length);
}

/** The machine without its name: anybody who may read clients reads the mark. */
function hostOf(hostname: string): string {
  return createHash('sha256').update(hostname).digest('hex').slice(0, 8);
}

/**
 * Whether the run that left this mark is over. Its process is gone from this machine, or it ran elsewhere and can't be
 * running any more. `mark` is the text after the prefix; one that can't be read was not written by a running mcpkc.
 */
export function isOver(
  mark: string,
  own: RunMark,
  io: Pick<Io, 'hostname' | 'pid' | 'now' | 'isAlive'>,
): boolean {
  if (own.tosUri.endsWith(mark) || given.get(io)?.has(mark)) return false;
  const [host, pid, started] = mark.split('.');
  const since = Number.parseInt(started ?? '', 36);
  if (!/^\d{1,10}$/.test(pid ?? '') || !Number.isFinite(since)) return true;
  if (io.now() - since > LONGEST_RUN_MS) return true;
  if (host !== hostOf(io.hostname)) return false;
  // Another run under this process's id: the process before had the same one (a container's 1).
  return Number(pid) === io.pid || !io.isAlive(Number(pid));
}

/**
 * The start of the run that marked a client as its probe, in milliseconds since the epoch; undefined for no readable
 * mark.
 */
export function probeBegun(client: ClientFacts): number | undefined {
  const [, pid, started] = probeRun(client)?.split('.') ?? [];
  const since = Number.parseInt(started ?? '', 36);
  return /^\d{1,10}$/.test(pid ?? '') && Number.isFinite(since) ? since : undefined;
}

/**
 * Whether a client is a probe that a killed run left, and may be removed. A registrant can write the mark and choose
 * the internal id. Nothing is sent to an id that Keycloak didn't make, so such a client stops no run.
 */
export function isLeftProbe(
  client: ClientFacts,
  own: RunMark,
  io: Pick<Io, 'hostname' | 'pid' | 'now' | 'isAlive'>,
): boolean {
  const mark = probeRun(client);
  return mark !== undefined && isOver(mark, own, io) && isKeycloakId(client.id);
}
