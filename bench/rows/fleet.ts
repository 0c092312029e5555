import { writeFileSync } from 'node:fs';
import type { Realm } from '../../test/support/keycloak/realm.ts';
import { scratch } from '../measure.ts';
import { mcpkc, yardstick } from '../programs.ts';
import type { BenchRealm } from '../realms.ts';
import { inTurn, type Runs } from '../rounds.ts';
import { type Bench, type Line, peakMemory, type Row, slowdown } from '../row.ts';

const MANY = 50;
const FEW = 5;
const SERVERS = 5;
const MOST_ROUNDS = 3;
const AT_ONCE = 4;
const FILE = scratch('fleet.yaml');
const CONNECTIONS = scratch('fleet.json');

/** Many realms with five MCP servers each, from one file: first and again, against bare requests that do the same. */
export const fleet: Row = {
  name: 'fleet',
  async measure(bench) {
    const { quick, rounds } = bench;
    const number = quick ? FEW : MANY;
    const many = quick ? 1 : Math.min(rounds, MOST_ROUNDS);
    const stage = stager(bench, number);
    const [ours, bare] = await inTurn(
      many,
      async () => mine(['apply', '-f', FILE], await stage()),
      async () => theirs('apply', await stage()),
    );
    // The last realms but one are gone with what mcpkc made in them.
    const realms = await stage();
    await inTurn(0, () => mine(['apply', '-f', FILE], realms));
    const [again, bareAgain] = await inTurn(
      Math.max(many, 1),
      () => mine(['plan', '-f', FILE], realms),
      () => theirs('plan', realms),
    );
    await stage.end();
    if (!ours || !bare || !again || !bareAgain) throw new Error('Not everything was measured.');
    const what = `${number} realms × ${SERVERS} servers from one file`;
    return [
      ...linesOf(`\`apply\`, ${what}, from nothing`, ours, bare),
      ...linesOf(`\`plan\`, ${what}, nothing to change`, again, bareAgain),
    ];
  },
};

function linesOf(what: string, ours: Runs, bare: Runs): Line[] {
  const time: Line = {
    what,
    yardstick: 'bare requests that do the same, in one process, 4 realms at a time',
    ...slowdown(ours.ms, bare.ms, 1.5),
  };
  if (!ours.mb || !bare.mb) return [time];
  const memory: Line = {
    what,
    yardstick: 'the same, peak memory',
    ...peakMemory(ours.mb, bare.mb),
  };
  return [time, memory];
}

/** Makes so many fresh realms each time it is called, and removes those from before. */
function stager({ fresh }: Bench, number: number) {
  let made: BenchRealm[] = [];
  const end = async () => {
    await fourAtATime(
      made.map(({ realm }) => realm),
      (realm: Realm) => realm.remove(),
    );
    made = [];
  };
  const stage = async (): Promise<BenchRealm[]> => {
    await end();
    await fourAtATime(Array.from({ length: number }), async () => {
      made.push(await fresh());
    });
    return made;
  };
  return Object.assign(stage, { end });
}

async function fourAtATime<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const left = [...all];
  const worker = async () => {
    while (left.length > 0) await work(left.shift() as T);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

const resourcesOf = (at: number) =>
  Array.from({ length: SERVERS }, (_, server) => `https://s${server}.r${at}.example.com/mcp`);

/** mcpkc on all of them, each by a profile of the environment. Without the hardening, which no yardstick does. */
function mine(argv: readonly string[], realms: readonly BenchRealm[]) {
  const entries = realms.map((_realm, at) => {
    const servers = resourcesOf(at).map(
      (resource) =>
        `      - { resource: ${resource}, mode: adopted, access: anybody, products: [chatgpt] }\n`,
    );
    return `  - profile: r${at}\n    harden: false\n    servers:\n${servers.join('')}`;
  });
  writeFileSync(FILE, `realms:\n${entries.join('')}`);
  const profiles = realms.flatMap(({ env }, at) =>
    Object.entries(env).map(([key, value]) => [`MCPKC_PROFILE_R${at}_${key}`, value] as const),
  );
  const program = mcpkc(argv);
  return { ...program, env: { ...program.env, ...Object.fromEntries(profiles) } };
}

function theirs(what: 'apply' | 'plan', realms: readonly BenchRealm[]) {
  const [first] = realms;
  if (first === undefined) throw new Error('There is no realm.');
  const connections = realms.map(({ env }, at) => ({
    realm: env.KC_REALM,
    clientId: env.KC_CLIENT_ID,
    secret: env.KC_CLIENT_SECRET,
    resources: resourcesOf(at),
  }));
  writeFileSync(CONNECTIONS, JSON.stringify({ server: first.env.KC_SERVER, realms: connections }));
  return yardstick('fleet.mjs', [what, CONNECTIONS], first);
}
