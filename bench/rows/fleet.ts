import { writeFileSync } from 'node:fs';
import { createRealm } from '../../test/support/keycloak/realm.ts';
import { createServiceAccount } from '../../test/support/keycloak/service-account.ts';
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
const ROLES = ['manage-clients', 'manage-realm', 'view-events', 'view-users'];
const FILE = scratch('fleet.yaml');
const CONNECTIONS = scratch('fleet.json');

/** Many realms with five MCP servers each, from one file: first and again, against bare requests that do the same. */
export const fleet: Row = {
  name: 'fleet',
  async measure({ server, quick, rounds }) {
    const number = quick ? FEW : MANY;
    const many = quick ? 1 : Math.min(rounds, MOST_ROUNDS);
    // The round that doesn't count fills caches: it takes few realms. The last ones stay, for what is done again.
    const sizeOf = (round: number) => (round === 0 ? FEW : number);
    let [bare, made]: [BenchRealm[], BenchRealm[]] = [[], []];
    const [theirFirst, ourFirst] = await inTurn(
      many,
      async (round) => {
        await removeAll(bare);
        bare = await makeRealms(server, sizeOf(round));
        return theirs('apply', bare);
      },
      async (round) => {
        await removeAll(made);
        made = await makeRealms(server, sizeOf(round));
        return mine(['apply', '-f', FILE], made);
      },
    );
    await removeAll(bare);
    const again = (argv: readonly string[]) =>
      inTurn(
        many,
        () => theirs('plan', made),
        () => mine([...argv, '-f', FILE], made),
      );
    const [theirPlan, ourPlan] = await again(['plan']);
    const [theirApply, ourApply] = await again(['apply']);
    await removeAll(made);
    if (!ourFirst || !theirFirst || !ourPlan || !theirPlan || !ourApply || !theirApply)
      throw new Error('Not everything was measured.');
    const what = `${number} realms × ${SERVERS} servers from one file`;
    return [
      ...linesOf(`\`apply\`, ${what}, from nothing`, ourFirst, theirFirst),
      ...linesOf(`\`plan\`, ${what}, nothing to change`, ourPlan, theirPlan),
      ...linesOf(`\`apply\`, ${what}, nothing to change`, ourApply, theirApply),
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

/** Realms with nothing but the account in them. */
async function makeRealms(server: Bench['server'], number: number): Promise<BenchRealm[]> {
  const made: BenchRealm[] = [];
  await fourAtATime(Array.from({ length: number }), async () => {
    const realm = await createRealm(server, 'bench-fleet');
    const { clientId, secret } = await createServiceAccount(realm, 'mcpkc', ROLES);
    const env = {
      KC_SERVER: server.url,
      KC_REALM: realm.name,
      KC_CLIENT_ID: clientId,
      KC_CLIENT_SECRET: secret,
    };
    made.push({ realm, clients: 0, env });
  });
  return made;
}

async function removeAll(realms: readonly BenchRealm[]): Promise<void> {
  await fourAtATime(realms, ({ realm }) => realm.remove());
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
