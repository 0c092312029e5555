import type { Io } from './io.ts';
import { writeNamed } from './named-files.ts';

/** A gauge: what was seen in one run. A value that isn't known has no sample: absent is not 0. */
export interface Gauge {
  /** With `mcpkc_` and, of times, `_seconds` at the end. */
  name: string;
  help: string;
  samples: readonly Sample[];
}

/** One value, and what it is of. A label's value is one of a few that mcpkc or an administrator chose. */
export interface Sample {
  labels?: Readonly<Record<string, string>>;
  value: number;
}

/**
 * Gauges as text that is OpenMetrics 1.0 and the text format of Prometheus 0.0.4 alike: node_exporter's textfile
 * collector reads the second alone. So there are gauges only, and no timestamps, which that collector refuses. `everywhere`
 * are labels of each sample. Throws for a gauge that either format refuses.
 */
export function openMetrics(gauges: readonly Gauge[], everywhere: Readonly<Record<string, string>>): string {
  const families = gauges
    .filter(({ samples }) => samples.length > 0)
    .map((one) => familyText(one, everywhere));
  return `${families.join('')}# EOF\n`;
}

/** Endings that OpenMetrics keeps for other types. */
const OTHER_TYPES = /_(?:total|count|sum|bucket|created|info)$/;

function familyText({ name, help, samples }: Gauge, everywhere: Readonly<Record<string, string>>): string {
  if (!/^mcpkc_[a-z_]+$/.test(name) || OTHER_TYPES.test(name)) throw new Error(`not a gauge’s name: ${name}`);
  const seen = new Set<string>();
  const lines = samples.map(({ labels = {}, value }) => {
    const set = labelsText({ ...everywhere, ...labels });
    if (seen.has(set)) throw new Error(`${name}${set} stands there twice`);
    seen.add(set);
    return `${name}${set} ${Number.isFinite(value) ? value : 'NaN'}\n`;
  });
  return `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} gauge\n${lines.join('')}`;
}

const ESCAPED: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };

function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.toWellFormed().replace(/[\\"\n]/g, (one) => ESCAPED[one] ?? one)}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** Writes the file of `--metrics`, whole or not at all; others may read it, as a collector has to. */
export async function writeMetrics(io: Io, file: string, text: string): Promise<void> {
  await writeNamed('--metrics', file, () => io.files.write(file, text, { mode: 0o644 }));
}

/** Throws FILE_NOT_WRITTEN where the file of `--metrics` could not be written: before anything is changed in the realm. */
export async function requireMetricsWritable(io: Io, file: string | undefined): Promise<void> {
  if (file === undefined) return;
  // Beside the file, under a name that no collector reads; what is there stays as it is.
  const trial = `${file}.trial`;
  await writeNamed('--metrics', file, async () => {
    await io.files.write(trial, '');
    await io.files.remove(trial);
  });
}

/** A count for each of some names, those without any included. */
export function countsOf<Name extends string>(
  label: string,
  names: readonly Name[],
  count: (name: Name) => number,
): Sample[] {
  return names.map((name) => ({ labels: { [label]: name }, value: count(name) }));
}

/** When a run ended, how long it took, and its exit status; `what` names the command. */
export function runGauges(
  what: 'status' | 'prune',
  {
    at,
    ms,
    exitStatus,
    labels = {},
  }: { at: number; ms: number; exitStatus: number; labels?: Record<string, string> },
): Gauge[] {
  const command = { status: 'status', prune: 'prune-clients' }[what];
  const one = (name: string, help: string, value: number): Gauge => ({
    name: `mcpkc_${what}_${name}`,
    help,
    samples: [{ labels, value }],
  });
  return [
    one(
      'last_run_timestamp_seconds',
      `When mcpkc ${command} last came to an answer, since the epoch.`,
      at / 1000,
    ),
    one('duration_seconds', `How long that run of mcpkc ${command} took.`, ms / 1000),
    one('exit_status', `Exit status of that run of mcpkc ${command}.`, exitStatus),
  ];
}
