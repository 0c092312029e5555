import { spawn } from 'node:child_process';
import { startGoodHost } from '../../test/support/hosts/good.ts';
import { figureOf } from '../figures.ts';
import { mcpkc } from '../programs.ts';
import type { BenchRealm } from '../realms.ts';
import { type Bench, type Row, ratio, times } from '../row.ts';

const SCOPE = 'mcp-resource-bench';

/** A span of time, in milliseconds. */
interface Span {
  from: number;
  to: number;
}

/** The whole playbook, against the time in which it had a request on its way: what it takes beside waiting. */
export const validate: Row = {
  name: 'validate',
  async measure({ rounds, fresh }: Bench) {
    const realm = await fresh();
    const host = await startGoodHost({ issuer: realm.realm.issuer, scope: SCOPE });
    try {
      await watched(realm, ['create-scope', '--resource', host.url, '--scope', SCOPE]);
      const wholes: number[] = [];
      const paths: number[] = [];
      for (let round = 0; round <= rounds; round++) {
        const { ms, busy } = await watched(realm, ['validate', host.url]);
        if (round === 0) continue;
        wholes.push(ms);
        paths.push(busy);
      }
      const [ours, theirs] = [figureOf(wholes), figureOf(paths)];
      const value = ratio(ours, theirs);
      return [
        {
          what: '`validate`, the whole playbook against a host on the same machine',
          yardstick: 'the time in which a request of it was on its way',
          ours,
          theirs,
          unit: 'ms',
          value,
          shown: times(value),
          limit: { most: 1.2 },
          target: '≤ 1.2 ×',
          note: 'With the host on the same machine the requests take so little that the start of the process counts.',
        },
      ];
    } finally {
      await host.stop();
    }
  },
};

/** Runs a command and learns from its request log when a request was on its way. */
async function watched(on: BenchRealm, argv: readonly string[]): Promise<{ ms: number; busy: number }> {
  const { argv: words, env } = mcpkc(['--verbose', ...argv], on, [0, 1]);
  const [command = '', ...args] = words;
  const begun = performance.now();
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const spans: Span[] = [];
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const to = performance.now();
    said += text;
    for (const [, ms] of text.matchAll(/^\s+[A-Z]+ \S+ \S+ (\d+) ms$/gm))
      spans.push({ from: to - Number(ms), to });
  });
  const status = await new Promise((resolve) => child.on('close', resolve));
  const ms = performance.now() - begun;
  if (status !== 0) throw new Error(`${argv.join(' ')} ended with ${status}\n${said}`);
  return { ms, busy: union(spans) };
}

/** How long at least one of the spans lasted. */
function union(spans: readonly Span[]): number {
  let total = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const { from, to } of [...spans].sort((a, b) => a.from - b.from)) {
    total += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return total;
}
