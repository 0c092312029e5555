import type { Program } from '../measure.ts';
import { mcpkc, yardstick } from '../programs.ts';
import type { BenchRealm } from '../realms.ts';
import { inTurn, type Runs } from '../rounds.ts';
import { type Line, peakMemory, type Row, slowdown, times } from '../row.ts';

const COMMANDS: readonly { what: string; argv: string[]; note: string }[] = [
  {
    what: '`status --clients`',
    argv: ['status', '--clients'],
    note: 'Memory: before the first page mcpkc has 110 MB. A tenth of the clients is judged, and stays until the report.',
  },
  {
    what: '`prune-clients`, the plan',
    argv: ['prune-clients'],
    note: 'Memory: before the first page mcpkc has 110 MB. What is known of each client stays until the report.',
  },
];
const FEW_ROUNDS = 3;

/** Commands that read every client of a realm: against bare reads, against the naive one, and how they grow. */
export const allClients: Row = {
  name: 'all-clients',
  async measure(bench) {
    const { rounds, quick } = bench;
    const [middle, large] = [await bench.middle(), await bench.large()];
    const many = Math.max(1, Math.min(rounds, FEW_ROUNDS));
    const paged = (realm: BenchRealm) => () => yardstick('read-paged.mjs', [], realm);
    const naively = () => cold(middle, yardstick('read-whole.mjs', [], middle));
    const [whole] = quick ? [] : await inTurn(0, naively);
    const lines: Line[] = [];
    for (const { what, argv, note } of COMMANDS) {
      const on = (realm: BenchRealm) => () => mcpkc(argv, realm, [0, 1]);
      const [ours, bare, ours2] = await inTurn(many, on(large), paged(large), on(middle));
      if (!ours || !bare || !ours2) throw new Error('Not everything was measured.');
      lines.push(...linesOf({ middle, large }, { what, note }, { ours, bare, ours2, whole }));
    }
    return lines;
  },
};

/** Empties Keycloak's cache before: 50,000 clients don't fit into it, so what reads 2,000 must not find them there. */
async function cold({ realm }: BenchRealm, program: Program): Promise<Program> {
  await realm.admin.post(realm.path('clear-realm-cache'));
  return program;
}

function linesOf(
  { middle, large }: { middle: BenchRealm; large: BenchRealm },
  { what, note }: { what: string; note: string },
  { ours, bare, ours2, whole }: { ours: Runs; bare: Runs; ours2: Runs; whole: Runs | undefined },
): Line[] {
  const title = `${what}, ${clientsOf(large)}`;
  const growth = (6 * large.clients) / middle.clients / 5;
  const lines: Line[] = [
    {
      what: title,
      yardstick: 'bare reads, 100 a page, 4 at a time',
      ...slowdown(ours.ms, bare.ms, 1.1),
    },
    {
      what: title,
      yardstick: `the same at ${clientsOf(middle)}`,
      ...slowdown(ours.ms, ours2.ms, growth),
      target: `≤ ${growth.toFixed(0)} ×`,
    },
  ];
  if (whole) lines.splice(1, 0, naive(title, ours, whole, { middle, large }));
  if (!ours.mb || !bare.mb) return lines;
  const yardstick = 'bare reads, peak memory';
  return [...lines, { what: title, yardstick, ...peakMemory(ours.mb, bare.mb), note }];
}

/** Against reading all clients in one answer, whose time grows with the square (Keycloak 26.7.3: 2,006 in 6.9 s, 10,006 in 283 s). */
function naive(
  title: string,
  ours: Runs,
  whole: Runs,
  { middle, large }: { middle: BenchRealm; large: BenchRealm },
): Line {
  const square = (large.clients / middle.clients) ** 2;
  const faster = (whole.ms.median * square) / ours.ms.median;
  const [from, to] = [clientsOf(middle), clientsOf(large)];
  return {
    what: title,
    yardstick: `unpaged \`GET clients\`, measured at ${from}`,
    ours: ours.ms,
    theirs: whole.ms,
    unit: 'ms',
    value: faster,
    shown: `≈ ${times(faster)} faster, estimated`,
    limit: { least: 10 },
    target: '≥ 10 × faster',
    note: `Estimated, not measured at ${to}: one unpaged read at ${from} × ${square.toFixed(0)}, on the ground that its time grows with the square.`,
  };
}

function clientsOf({ clients }: BenchRealm): string {
  return `${clients.toLocaleString('en')} clients`;
}
