/** `npm run demo`: the main job, end to end. `-- --keep` leaves everything running. */
import { parseArgs } from 'node:util';
import { demo } from './demo.ts';

const { values } = parseArgs({
  options: { keep: { type: 'boolean' }, 'without-onboard': { type: 'boolean' } },
});
const stopped = new Promise((resume) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resume);
});
const began = Date.now();
try {
  const result = await demo({
    keep: values.keep ? stopped : undefined,
    withoutOnboard: values['without-onboard'] === true,
  });
  const seconds = Math.round((Date.now() - began) / 1000);
  process.stdout.write(
    result.ok
      ? `\nThe tool call succeeded (${seconds} s).\n`
      : `\nThe tool call failed: ${result.stage} ${result.status}.\n`,
  );
  process.exitCode = result.ok ? 0 : 1;
} catch (error) {
  process.stderr.write(`\nThe demo failed: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
