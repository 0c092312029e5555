/* `npm run suite -- bench`: mcpkc beside what people use today, on a Keycloak of its own. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { WHOLE_COMPILER } from '../tools/keycloak/launch.ts';
import { type RunningKeycloak, startKeycloak } from '../tools/keycloak/server.ts';
import { documentOf, tableOf } from './document.ts';
import { checkMeter } from './measure.ts';
import { buildPackage } from './programs.ts';
import { type BenchRealm, benchRealm } from './realms.ts';
import { type Bench, type Line, reaches } from './row.ts';
import { ROWS } from './rows/index.ts';

const USAGE = `npm run suite -- bench [--quick] [--only <row>] [--rounds <n>] [--write]

  --quick        small realms, few rounds; fails on ratios with head room, never on times
  --only <row>   one row: ${ROWS.map(({ name }) => name).join(', ')}
  --rounds <n>   rounds of each comparison (default: 9)
  --write        write docs/benchmarks.md
`;

/** How much worse than its target a ratio may be before the small run fails: it is short, and the machine is busy. */
const QUICK_SLACK = 2;
const DOCUMENT = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url));
const RESULTS = fileURLToPath(new URL('../test-results/benchmark.json', import.meta.url));

const log = (line: string) => process.stderr.write(`${line}\n`);

interface Wanted {
  quick: boolean;
  only: string | undefined;
  rounds: number;
  write: boolean;
}

function wanted(): Wanted | undefined {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean' },
      only: { type: 'string' },
      rounds: { type: 'string' },
      write: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return undefined;
  const quick = values.quick === true;
  const { only } = values;
  return { quick, only, rounds: Number(values.rounds ?? (quick ? 2 : 9)), write: values.write === true };
}

/** Consents are read user by user; in a small realm 200 of them would outweigh the clients. */
const FEW_USERS = 20;
const SIZES = { quick: [20, 300, 1000], whole: [20, 2000, 50_000] } as const;

function benchOn(server: RunningKeycloak, { quick, rounds }: Wanted): Bench {
  const once = (size: number) => {
    let made: Promise<BenchRealm> | undefined;
    return () => {
      if (made === undefined) log(`Making a realm of ${size.toLocaleString('en')} clients …`);
      made ??= benchRealm(server, size, quick ? FEW_USERS : undefined);
      return made;
    };
  };
  const [small, middle, large] = SIZES[quick ? 'quick' : 'whole'];
  const fresh = () => benchRealm(server, 8, 0);
  return {
    server,
    quick,
    rounds,
    registrations: quick ? 4 : 20,
    deletions: quick ? 100 : 1000,
    small: once(small),
    middle: once(middle),
    large: once(large),
    fresh,
  };
}

async function measureAll(bench: Bench, only: string | undefined): Promise<Line[]> {
  const lines: Line[] = [];
  const rows = ROWS.filter(({ name, timed }) =>
    only === undefined ? !(bench.quick && timed) : name === only,
  );
  for (const row of rows) {
    log(`Measuring: ${row.name} …`);
    const measured = await row.measure(bench);
    // A run of half an hour that is ended has shown what it measured by then.
    log(tableOf(measured));
    lines.push(...measured);
  }
  return lines;
}

async function main(): Promise<number> {
  const options = wanted();
  if (!options) {
    process.stdout.write(USAGE);
    return 0;
  }
  await checkMeter();
  buildPackage();
  const server = await startKeycloak({ env: WHOLE_COMPILER, progress: log });
  try {
    const bench = benchOn(server, options);
    const lines = await measureAll(bench, options.only);
    const { rounds } = options;
    const sizes = SIZES[options.quick ? 'quick' : 'whole'];
    const date = new Date().toISOString().slice(0, 10);
    const command = `npm run suite -- bench ${process.argv.slice(2).join(' ')}`.replace(/ -- $/, '');
    const where = { command, date, keycloak: server.version, rounds, sizes };
    process.stdout.write(`${tableOf(lines)}\n`);
    mkdirSync(dirname(RESULTS), { recursive: true });
    writeFileSync(RESULTS, `${JSON.stringify({ ...where, lines }, undefined, 2)}\n`);
    if (options.write) writeFileSync(DOCUMENT, documentOf(lines, where));
    const missed = lines.filter((line) => !reaches(line, options.quick ? QUICK_SLACK : 1));
    for (const { what, shown, target } of missed) log(`Missed: ${what}: ${shown}, target ${target}`);
    return missed.length === 0 ? 0 : 1;
  } finally {
    await server.stop();
  }
}

process.exitCode = await main();
