/* `npm run test:faults`: every command × each of its requests × every fault, between mcpkc and a real Keycloak. */
import { parseArgs } from 'node:util';
import { COMMANDS } from '../../src/commands/index.ts';
import { obtainKeycloak } from '../support/keycloak/obtain.ts';
import { startFaultProxy } from './proxy.ts';
import { ROWS } from './rows.ts';
import { ALL, every, type RowResult, runRow, tableOf } from './suite.ts';

const USAGE = `npm run test:faults -- [--only <text>] [--every <n>] [--lane <i>/<n>]

  --only <text>    the rows whose name has this text
  --every <n>      each n-th case only
  --lane <i>/<n>   the i-th of n equal parts (from 0), to share the work among machines
`;

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
  const bare = COMMANDS.filter(({ name }) => !ROWS.some(({ command }) => command === name));
  const known = ROWS.filter(({ command }) => COMMANDS.some(({ name }) => name === command));
  const rows = known.filter(({ command, name }) => `${command}: ${name}`.includes(values.only ?? ''));
  const [lane, lanes] = (values.lane ?? '').split('/').map(Number);
  const part = values.every ? every(Number(values.every)) : ALL;
  const pick = lanes ? every(lanes, lane) : part;
  const log = (line: string) => process.stderr.write(`${line}\n`);
  const server = await obtainKeycloak({ progress: log });
  const proxy = await startFaultProxy(server.url);
  const results: RowResult[] = [];
  try {
    for (const row of rows) {
      const begun = Date.now();
      results.push(await runRow({ server, proxy }, row, pick, log));
      const last = results.at(-1);
      log(`${last?.row}: ${last?.run} cases in ${Math.round((Date.now() - begun) / 1000)} s`);
    }
  } finally {
    await proxy.close();
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

process.exitCode = await main();
