import type { Context } from '../../cli/command.ts';
import { writeNamed } from '../../cli/named-files.ts';
import { openMetrics, requireMetricsWritable, writeMetrics } from '../../cli/open-metrics.ts';
import type { Report } from '../../cli/report.ts';
import { defaultBackup } from '../../cli/state-files.ts';
import { McpkcError } from '../../errors.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { holderOf, withLock } from '../../keycloak/write/lock.ts';
import { deedBy, deedOf, writeRecord } from '../../keycloak/write/record.ts';
import { removeLeftBehind } from '../../plan/leftovers.ts';
import { count } from '../../text.ts';
import { act } from './act.ts';
import { openBackup } from './backup-file.ts';
import type { PruneOptions } from './command.ts';
import { auditLine, type Judged } from './judge/audit.ts';
import { eventHints } from './judge/hints.ts';
import { type Limit, limitFor } from './judge/limits.ts';
import { pruneGauges } from './metrics.ts';
import { observe } from './observe.ts';
import { type PruneWish, type Scan, scan } from './scan.ts';
import { type PruneAnswer, pruneReport } from './text.ts';

/** The three ways to run: look, look and remember, do. */
export type PruneMode = 'plan' | 'observe' | 'apply';

/** The name that "by whom" in audit lines means. */
function byWhom({ io }: Context, { place }: Keycloak): string {
  return `${place.account} (${io.user} on ${io.hostname})`;
}

/** Runs `prune-clients` without `--restore`, `--keep` and `--unkeep`. */
export async function prune(
  context: Context,
  keycloak: Keycloak,
  wish: PruneWish,
  mode: PruneMode,
  flags: PruneOptions,
): Promise<Report> {
  const { io } = context;
  const began = io.elapsed();
  await requireMetricsWritable(io, flags.metrics);
  const measure: Measure = async (answer) => {
    if (flags.metrics === undefined) return;
    const gauges = pruneGauges(answer, { at: io.now(), ms: io.elapsed() - began });
    const labels = { server: keycloak.server, realm: keycloak.realm };
    await writeMetrics(io, flags.metrics, openMetrics(gauges, labels));
  };
  const answer = await answerIn(context, keycloak, wish, mode, flags, measure);
  await measure(answer);
  return pruneReport(answer);
}

/** Writes the metrics of a run that came to a decision. */
type Measure = (
  answer: Pick<PruneAnswer, 'mode' | 'judged' | 'limit' | 'troubles' | 'exitStatus'>,
) => Promise<void>;

async function answerIn(
  context: Context,
  keycloak: Keycloak,
  wish: PruneWish,
  mode: PruneMode,
  flags: PruneOptions,
  measure: Measure,
): Promise<PruneAnswer> {
  if (mode === 'plan') return planned(context, keycloak, wish, flags);
  const holder = holderOf(context.io, `prune-clients --${mode}`);
  return withLock(keycloak, context.io, holder, () =>
    mode === 'observe' ? observed(context, keycloak, wish) : applied(context, keycloak, wish, flags, measure),
  );
}

/** The clients that a run would disable or delete now, and the limit that it would keep to. Writes nothing. */
export async function planGoing(
  context: Context,
  keycloak: Keycloak,
  wish: PruneWish,
): Promise<{ judged: readonly Judged[]; limit: Limit }> {
  const found = await scan(context, keycloak, wish);
  const judged = found.judged.filter(({ decision }) => ['disable', 'delete'].includes(decision.action));
  return { judged, limit: limitOf(found, wish) };
}

async function planned(
  context: Context,
  keycloak: Keycloak,
  wish: PruneWish,
  flags: PruneOptions,
): Promise<PruneAnswer> {
  const found = await scan(context, keycloak, wish);
  await auditTo(context, keycloak, flags, found.judged);
  const change = found.judged.some(({ decision }) => decision.action !== 'keep');
  const exitStatus = troubleStatus(found) || (change ? 1 : 0);
  const backup = flags.backup ?? null;
  return {
    ...common(context, keycloak, wish, found),
    mode: 'plan',
    ...found,
    limit: limitOf(found, wish),
    backup,
    exitStatus,
  };
}

async function observed(context: Context, keycloak: Keycloak, wish: PruneWish): Promise<PruneAnswer> {
  const found = await scan(context, keycloak, wish);
  const seen = await observe(context, keycloak, found, found.judged);
  const limit = limitOf(found, wish);
  return {
    ...common(context, keycloak, wish, found),
    mode: 'observe',
    ...found,
    limit,
    seen,
    backup: null,
    exitStatus: 0,
  };
}

async function applied(
  context: Context,
  keycloak: Keycloak,
  wish: PruneWish,
  flags: PruneOptions,
  measure: Measure,
): Promise<PruneAnswer> {
  const found = await scan(context, keycloak, wish);
  const limit = limitOf(found, wish);
  if (limit.exceeded) {
    const error = limitError(limit);
    await measure({ mode: 'apply', ...found, limit, exitStatus: error.exitStatus });
    throw error;
  }
  const backup = flags.backup ?? defaultBackup(context.io, keycloak);
  const append = await openBackup(context.io, keycloak, backup);
  await removeLeftBehind(context, keycloak, 'prune-clients');
  const kept = found.judged.filter(({ decision }) => decision.action === 'keep');
  if (flags.auditFile !== undefined) await auditTo(context, keycloak, flags, kept);
  const done = await act({
    context,
    keycloak,
    wish,
    scan: found,
    backup: append,
    audit: (judged) => auditTo(context, keycloak, flags, judged),
  });
  const left = done.filter(
    ({ outcome, decision }) => outcome !== 'gone' && !(outcome === 'done' && decision.action === 'delete'),
  );
  const seen = await observe(context, keycloak, found, left);
  await writeDeed(context, keycloak, done);
  const exitStatus = troubleStatus(found);
  return {
    ...common(context, keycloak, wish, found),
    mode: 'apply',
    ...found,
    judged: done,
    limit,
    seen,
    backup,
    exitStatus,
  };
}

/** A line of the journal, where clients were cut off. */
async function writeDeed({ io }: Context, keycloak: Keycloak, judged: readonly Judged[]): Promise<void> {
  const number = (action: string) =>
    judged.filter(({ decision, outcome }) => decision.action === action && outcome === 'done').length;
  const [disabled, deleted] = [number('disable'), number('delete')];
  if (disabled + deleted === 0) return;
  const to = `${count(disabled, 'client')} disabled, ${count(deleted, 'client')} deleted`;
  const by = deedBy(holderOf(io, 'prune-clients --apply'));
  await writeRecord(keycloak, { remember: [deedOf(io, 'pruned', to, by)] });
}

function common({ settings }: Context, { server, realm }: Keycloak, wish: PruneWish, { eventsConfig }: Scan) {
  const { olderThanMs } = wish.rules;
  const needed = olderThanMs + (wish.pace.atOnce ? 0 : 2 * wish.pace.graceMs);
  return { server, realm, short: settings.quiet, hints: eventHints(eventsConfig, needed) };
}

function limitOf({ judged }: Scan, { max }: PruneWish): Limit {
  const wanted = judged.filter(({ decision }) => ['disable', 'delete'].includes(decision.action)).length;
  const dynamic = judged.filter(({ evidence }) => evidence.origin.kind !== 'other').length;
  return limitFor(wanted, dynamic, max);
}

function limitError({ wanted, allowed, why }: Limit): McpkcError {
  const message = `${wanted} clients would be disabled or deleted, and the limit is ${allowed} (${why}). Nothing was done.`;
  const fix = `See who they are: mcpkc prune-clients\nIf that is right: the same command with --max ${wanted}`;
  return new McpkcError('LIMIT_EXCEEDED', message, fix, { details: { wanted, allowed } });
}

/** A missing role weighs more than a server that failed; 0 where every source could be read. */
function troubleStatus({ troubles }: Scan): number {
  const statuses = troubles.map(({ exitStatus }) => exitStatus);
  return statuses.includes(4) ? 4 : (statuses[0] ?? 0);
}

/**
 * An audit line per client, to the file, or else to stderr. On stderr there are only clients that aren't kept, and none
 * with `--quiet` or at a terminal.
 */
async function auditTo(
  context: Context,
  keycloak: Keycloak,
  flags: PruneOptions,
  judged: readonly Judged[],
): Promise<void> {
  const { io, settings } = context;
  const now = io.now();
  const lines = (list: readonly Judged[]) =>
    list.map((one) => auditLine(one, now, byWhom(context, keycloak), keycloak.realm)).join('');
  if (flags.auditFile !== undefined) {
    const file = flags.auditFile;
    // The file is opened even where there is nothing to write: one that can't be written to is known before the first
    // client is touched.
    await writeNamed('--audit-file', file, () => io.files.append(file, lines(judged), { mode: 0o600 }));
    return;
  }
  // At a terminal the report tells the same, in words.
  if (flags.apply !== true || settings.quiet || io.stderr.isTerminal) return;
  const acted = judged.filter(({ decision, outcome }) => decision.action !== 'keep' || outcome === 'spared');
  if (acted.length > 0) io.stderr.write(lines(acted));
}
