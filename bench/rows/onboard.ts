import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { figureOf, percentile } from '../figures.ts';
import { mcpkc } from '../programs.ts';
import { type BenchRealm, register } from '../realms.ts';
import type { Bench, Line, Row } from '../row.ts';

const SCOPE = 'mcp-resource-window';
const RESOURCE = 'https://window.example.com/mcp';
const LOOK_MS = 15;
/** Two minutes: before it waits, onboard may look at every client of a large realm. */
const MOST_LOOKS = 8000;
/** How long the window is open before the connector comes: time to count requests in. */
const OPEN_MS = 3000;

interface Connection {
  /** From the answer to the registration to the scope's being attached to the client. */
  ms: number;
  /** Requests a second while mcpkc waited. */
  pace: number;
}

/** How soon a connector that registers has its audience, with as many clients as there are and events on. */
export const onboard: Row = {
  name: 'onboard',
  timed: true,
  async measure({ registrations, ...bench }: Bench) {
    const large = await bench.large();
    const connections: Connection[] = [];
    for (let round = 0; round <= registrations; round++) {
      const connection = await connect(large);
      if (round > 0) connections.push(connection);
    }
    const times = connections.map(({ ms }) => ms);
    const paces = connections.map(({ pace }) => pace);
    const common = {
      what: `\`onboard\`, ${large.clients.toLocaleString('en')} clients, events on`,
      yardstick: '–',
    };
    const p95 = percentile(times, 95);
    const pace = Math.max(...paces);
    const lines: Line[] = [
      {
        ...common,
        what: `${common.what}: registered → attached`,
        ours: figureOf(times),
        unit: 'ms',
        value: p95,
        shown: `p95 ${p95.toFixed(0)} ms`,
        limit: { most: 1000 },
        target: 'p95 ≤ 1 s',
        note: `${times.length} registrations, each at a random moment.`,
      },
      {
        ...common,
        what: `${common.what}: requests while it waits`,
        ours: figureOf(paces),
        unit: 'a second',
        value: pace,
        shown: `${pace.toFixed(1)} a second`,
        limit: { most: 4.2 },
        target: '≤ 4 a second',
        note: 'From the first to the last request of a wait of three to four seconds; the largest of all rounds counts.',
      },
    ];
    return lines;
  },
};

async function connect({ realm, env, ...rest }: BenchRealm): Promise<Connection> {
  const { admin, path } = realm;
  const { argv, env: own } = mcpkc(
    [
      '--verbose',
      'onboard',
      RESOURCE,
      '--scope',
      SCOPE,
      '--preset',
      'chatgpt',
      '--until',
      'registered',
      '--timeout',
      '60s',
    ],
    {
      realm,
      env,
      ...rest,
    },
  );
  const [command = '', ...args] = argv;
  const child = spawn(command, args, {
    env: { ...process.env, ...own },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const requests: number[] = [];
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    for (const _ of text.matchAll(/^\s+(?:GET|PUT|POST|DELETE) /gm)) requests.push(performance.now());
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  for (let look = 0; !said.includes('Waiting for a connector'); look++) {
    if (child.exitCode !== null || look > MOST_LOOKS) throw new Error(`It did not wait.\n${said}`);
    await sleep(LOOK_MS);
  }
  type Scope = { name: string; attributes?: Record<string, string> };
  const scopes = await admin.get<Scope[]>(path('client-scopes'));
  const hidden = scopes.find(({ attributes }) => attributes?.['mcpkc.audience-of'] === SCOPE)?.name ?? '';
  // The last requests of the provisioning are on their way still.
  await sleep(500);
  const from = performance.now();
  await sleep(OPEN_MS + Math.random() * 1000);
  const to = performance.now();
  const pace = paceOf(requests.filter((at) => at >= from && at <= to));
  const [id] = await register(realm, 1);
  const registered = performance.now();
  type Held = { defaultClientScopes: string[] };
  while (!(await admin.get<Held>(path(`clients/${id}`))).defaultClientScopes.includes(hidden)) {
    if (performance.now() - registered > 30_000) throw new Error(`The connector was not adopted.\n${said}`);
    await sleep(LOOK_MS);
  }
  const ms = performance.now() - registered;
  const status = await ended;
  if (status !== 0) throw new Error(`onboard ended with ${status}\n${said}`);
  await admin.del(path(`clients/${id}`));
  return { ms, pace };
}

/** Requests a second, from the first of them to the last. */
function paceOf(times: readonly number[]): number {
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined || last === first) return 0;
  return (times.length - 1) / ((last - first) / 1000);
}
