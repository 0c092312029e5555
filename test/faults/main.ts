/* `npm run suite -- faults`: every command × each of its requests × every fault, between mcpkc and a real Keycloak. */
import { parseArgs } from 'node:util';
import { COMMANDS } from '../../src/commands/index.ts';
import { WHOLE_COMPILER } from '../../tools/keycloak/launch.ts';
import { obtainKeycloak } from '../../tools/keycloak/obtain.ts';
import { type RunningKeycloak, startKeycloak } from '../../tools/keycloak/server.ts';
import { type FaultProxy, startFaultProxy } from './proxy.ts';
import { makeRows } from './rows.ts';
import { ALL, every, type Lane, type Pick, type RowResult, runRestart, runRow, tableOf } from './suite.ts';

const USAGE = `npm run suite -- faults [--only <text>] [--every <n>] [--lane <i>/<n>]

  --only <text>    the rows whose name has this text
  --every <n>      each n-th case only
  --lane <i>/<n>   the i-th of n equal parts (from 0), to share the work among machines
`;

/** Cases at once: most of a case is waiting. */
const AT_ONCE = 6;
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      every: { type: 'string' },
      lane: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const log = (line: string) => process.stderr.write(`${line}\n`);
  const [lane, lanes] = (values.lane ?? '').split('/').map(Number);
  const part = values.every ? every(Number(values.every)) : ALL;
  const pick = lanes ? every(lanes, lane) : part;
  const rows = makeRows();
  const bare = COMMANDS.filter(({ name }) => !rows.some(({ command }) => command === name));
  const server = await obtainKeycloak({
    start: () => startKeycloak({ env: WHOLE_COMPILER, progress: log }),
  });
  const proxies = await Promise.all(Array.from({ length: AT_ONCE }, () => startFaultProxy(server.url)));
  let results: RowResult[] = [];
  try {
    results = await runAll(server, proxies, { only: values.only ?? '', pick, log });
  } finally {
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await server.stop();
  }
  process.stdout.write(tableOf(results));
  for (const { name } of bare)
    process.stdout.write(`The command ${name} has no row in test/faults/rows.ts.\n`);
  const whole = !values.only && !values.every && !values.lane;
  const skipped = results.some((result) => result.skipped > 0);
  const failed = results.some((result) => result.failed.length > 0);
  return failed || bare.length > 0 || (whole && skipped) ? 1 : 0;
}

interface Asked {
  only: string;
  pick: Pick;
  log(line: string): void;
}

/** Every row, its cases side by side; the restarts afterwards, one by one. */
async function runAll(
  server: RunningKeycloak,
  proxies: readonly FaultProxy[],
  { only, pick, log }: Asked,
): Promise<RowResult[]> {
  const [first = [], ...others] = proxies.map((proxy) =>
    makeRows().map((row) => ({ bench: { server, proxy }, row })),
  );
  const done: { lane: Lane; result: RowResult }[] = [];
  for (const [at, lane] of first.entries()) {
    if (!`${lane.row.command}: ${lane.row.name}`.includes(only)) continue;
    const begun = Date.now();
    const beside = others.flatMap((lanes) => lanes[at] ?? []);
    const result = await runRow([lane, ...beside], pick, log);
    log(`${result.row}: ${result.run} cases in ${Math.round((Date.now() - begun) / 1000)} s`);
    done.push({ lane, result });
  }
  for (const { lane, result } of done) await runRestart(lane, result, log);
  return done.map(({ result }) => result);
}

process.exitCode = await main();
