import { spawn } from 'node:child_process';
import { startGoodHost } from '../../test/support/hosts/good.ts';
import { farAway } from '../far.ts';
import { figureOf } from '../figures.ts';
import { measure } from '../measure.ts';
import { mcpkc } from '../programs.ts';
import type { BenchRealm } from '../realms.ts';
import { type Bench, type Line, type Row, slowdown } from '../row.ts';

const SCOPE = 'mcp-resource-bench';

/** A span of time, in milliseconds. */
interface Span {
  from: number;
  to: number;
}

/** To a server of the same country and back, in milliseconds. */
const ROUND_TRIP_MS = 20;

/** The whole playbook, against the time in which it had a request on its way: what it takes beside waiting. */
export const validate: Row = {
  name: 'validate',
  async measure(bench: Bench) {
    return [await near(bench), await far(bench)];
  },
};

async function near({ rounds, fresh }: Bench): Promise<Line> {
  const realm = await fresh();
  const host = await startGoodHost({ issuer: realm.realm.issuer, scope: SCOPE });
  try {
    return {
      what: '`validate`, the whole playbook, all on one machine',
      ...(await compared(realm, host.url, rounds, 1.2)),
      note: 'The servers answer in 2 to 20 ms, and some sixty answers are judged in between: most of the rest is loading the program.',
    };
  } finally {
    await host.stop();
  }
}

async function far({ rounds, fresh }: Bench): Promise<Line> {
  const { realm, env, ...rest } = await fresh();
  const there = new URL(env.KC_SERVER ?? '');
  const keycloak = await farAway(() => Number(there.port), ROUND_TRIP_MS / 2);
  let hostPort = 0;
  const way = await farAway(() => hostPort, ROUND_TRIP_MS / 2);
  const server = `http://127.0.0.1:${keycloak.port}${there.pathname}`;
  const origin = `http://127.0.0.1:${way.port}`;
  const host = await startGoodHost(
    { issuer: `${server}/realms/${realm.name}`, scope: SCOPE },
    { MCP_PUBLIC_BASE_URL: origin },
  );
  hostPort = Number(new URL(host.url).port);
  try {
    const on: BenchRealm = { realm, env: { ...env, KC_SERVER: server }, ...rest };
    return {
      what: `\`validate\`, the whole playbook, ${ROUND_TRIP_MS} ms there and back`,
      ...(await compared(on, `${origin}/mcp`, rounds, 1.1)),
      note: 'The same with Keycloak and the host behind proxies that take 10 ms in each direction.',
    };
  } finally {
    await host.stop();
    await Promise.all([keycloak.close(), way.close()]);
  }
}

/**
 * The whole process without its request log, against the critical path of a run with it: Node's start, and the time in
 * which at least one request was on its way.
 */
async function compared(realm: BenchRealm, url: string, rounds: number, most: number) {
  await watched(realm, ['create-scope', '--preset', 'chatgpt', '--resource', url, '--scope', SCOPE]);
  const wholes: number[] = [];
  const paths: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const { ms } = await measure(mcpkc(['validate', url], realm));
    const { busy } = await watched(realm, ['--verbose', 'validate', url]);
    const start = await measure({ argv: [process.execPath, '-e', '0'] });
    if (round === 0) continue;
    wholes.push(ms);
    paths.push(start.ms + busy);
  }
  const [ours, theirs] = [figureOf(wholes), figureOf(paths)];
  return {
    yardstick: '`node -e 0` and the time in which a request of it was on its way',
    ...slowdown(ours, theirs, most),
  };
}

/** Runs a command and learns from its request log when a request was on its way. */
async function watched(on: BenchRealm, argv: readonly string[]): Promise<{ ms: number; busy: number }> {
  const { argv: words, env } = mcpkc(argv, on, [0, 1]);
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
