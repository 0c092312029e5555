import { cpus, platform, release, totalmem } from 'node:os';
import type { Figure } from './figures.ts';
import { type Line, reaches } from './row.ts';

/** What a run was made on and with. */
export interface Circumstances {
  command: string;
  date: string;
  keycloak: string;
  rounds: number;
  sizes: readonly number[];
}

function figure({ median, min, max }: Figure, unit: Line['unit']): string {
  const text = (value: number) => (value >= 100 ? value.toFixed(0) : value.toFixed(1));
  return `${text(median)} ${unit} (${text(min)}–${text(max)})`;
}

/** The lines as a Markdown table: medians with the smallest and the largest beside them. */
export function tableOf(lines: readonly Line[]): string {
  const rows = lines.map((line) => {
    const theirs = line.theirs ? figure(line.theirs, line.unit) : '–';
    const mark = line.limit === undefined ? '–' : reaches(line) ? 'yes' : '**no**';
    return `| ${line.what} | ${figure(line.ours, line.unit)} | ${line.yardstick} | ${theirs} | ${line.shown} | ${line.target} | ${mark} |`;
  });
  return [
    '| what | measured | yardstick | yardstick measured | result | target | reached |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

/** docs/benchmarks.md */
export function documentOf(lines: readonly Line[], where: Circumstances): string {
  const { command, date, keycloak, rounds, sizes } = where;
  const notes = lines.flatMap(({ what, note }) => (note ? [`- ${what}: ${note}`] : []));
  const memory = `${Math.round(totalmem() / 1e9)} GB`;
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
  return `# Benchmarks

Written by \`${command}\` on ${date}; don't edit. What counts are the ratios: each is of two programs that ran in turn in
the same run, on the same server. The absolute times are those of one machine.

- Machine: ${cpus().length} × ${processor}, ${memory}, ${platform()} ${release()}; the server ran on it too.
- Keycloak ${keycloak} (\`start-dev\`, H2), Node ${process.versions.node}.
- Realms of ${sizes.map((size) => size.toLocaleString('en')).join(', ')} clients: nine of ten of other products, one of ten registered by
  itself; 200 users, a consent each.
- Whole processes, from start to end; medians of ${rounds} rounds (all clients, many realms, deletion: 3; \`access\`: 5; \`kcadm.sh\`: fewer),
  smallest and largest in brackets, after a round that doesn't count. Memory is the peak of the whole process as the kernel counts it.
- The yardsticks are in \`bench/yardsticks/\` and import nothing of mcpkc.

${tableOf(lines)}

${notes.length > 0 ? `Notes\n\n${notes.join('\n')}\n` : ''}`;
}
