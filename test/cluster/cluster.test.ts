import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PruneRealm, pruneRealm } from '../keycloak/prune-realm.ts';
import { type CliResult, spawnCli } from '../support/cli.ts';
import type { Realm } from '../support/keycloak/realm.ts';
import { NAMED, RESOURCE, SCOPE, type Stage, setStage } from '../support/kill.ts';
import { audience, remembered } from '../support/onboarding.ts';
import { scopeIn } from '../support/realm-things.ts';
import { type Passing, startReverseProxy } from '../support/reverse-proxy.ts';
import { type Cluster, startCluster } from './cluster.ts';

const CREATE = ['create-scope', '--resource', RESOURCE, '--client', NAMED];
const ONBOARD = ['onboard', RESOURCE, '--preset', 'chatgpt', '--until', 'registered', '--timeout', '90s'];

/** The rows of a whole run. */
const ROWS = 8;

let cluster: Cluster;
let stage: Stage;
let pruning: PruneRealm;
let folder: string;
/** Where the table of docs/compatibility.md is written: `MCPKC_CLUSTER=docs/cluster.json npm run suite -- cluster`. */
const FILE = process.env.MCPKC_CLUSTER;
const table: {
  command: string;
  node: string;
  exit: number;
  requests: number[];
  lost: number;
  again: string;
}[] = [];

beforeAll(async () => {
  cluster = await startCluster();
  // What the stage does itself goes to the node that lives.
  stage = await setStage(cluster.nodes[1], 'cluster');
  pruning = await pruneRealm(cluster.server);
  folder = mkdtempSync(join(tmpdir(), 'mcpkc-cluster-state-'));
});

afterAll(async () => {
  await pruning?.host.stop();
  await cluster?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
  // A table of a run in which something failed would be half a table.
  if (FILE !== undefined && table.length === ROWS) writeFileSync(FILE, `${JSON.stringify(table, null, 2)}\n`);
  for (const row of table) process.stderr.write(`${JSON.stringify(row)}\n`);
});

interface Run extends CliResult {
  requests: number;
  tally: [number, number];
  /** Answers of 502: what was under way at the dead node and could not be passed on. */
  lost: number;
  /** Whether the node died. */
  died: boolean;
}

/** Whether the first node dies at a request. */
type At = (request: Passing) => boolean;

/** Runs a command through the cluster's address. Where `at` holds, the first node stops and dies with what it is asked then. */
async function run(
  realm: Realm,
  account: { clientId: string; secret: string },
  args: readonly string[],
  at: At = () => false,
): Promise<Run> {
  let dying: Promise<void> | undefined;
  let lost = 0;
  const proxy = await startReverseProxy(cluster.server.url, {
    before: (request) => {
      if (!dying && at(request)) dying = die();
      return undefined;
    },
    after: async (request: Passing, answer) => {
      if (answer.status === 502) lost += 1;
      else await stage.onAnswered(request);
      return answer;
    },
  });
  cluster.tally();
  const env = {
    KC_SERVER: proxy.url,
    KC_REALM: realm.name,
    KC_CLIENT_ID: account.clientId,
    KC_CLIENT_SECRET: account.secret,
    XDG_STATE_HOME: folder,
  };
  const ended = await spawnCli(args, env).done;
  await dying;
  const tally = cluster.tally();
  await proxy.stop();
  const { exit, out, err } = ended;
  return {
    exit,
    out,
    err,
    json: {},
    requests: proxy.requests.length,
    tally,
    lost,
    died: dying !== undefined,
  };
}

/** Stands still first, so that something is under way there when it dies. */
async function die(): Promise<void> {
  await cluster.nodes[0].kill('SIGSTOP');
  await sleep(700);
  await cluster.kill();
}

const onStage = (args: readonly string[], at?: At) => run(stage.realm, stage.account, args, at);
const onPruning = (args: readonly string[], at?: At) => run(pruning, pruning.account, args, at);

function note(command: string, node: string, { exit, tally, lost }: Run, again: string): void {
  table.push({ command, node, exit, requests: tally, lost, again });
}

/** Both nodes say the same of a realm, when each is asked itself. */
async function expectOneView(realm: Realm): Promise<void> {
  const [one, other] = await cluster.views(realm);
  expect(one).toEqual(other);
}

/** Both nodes had a good part of the requests. */
function expectByTurns({ tally, err }: Run): void {
  expect(Math.min(...tally), err).toBeGreaterThan(2);
}

test('create-scope by turns: both nodes say the same, and a second run has nothing to do', async () => {
  const first = await onStage(CREATE);
  expect(first.exit, first.err).toBe(0);
  expectByTurns(first);
  await expectOneView(stage.realm);
  const again = await onStage([...CREATE, '--dry-run']);
  expect(again.exit, again.out).toBe(0);
  note('create-scope', 'lives', first, 'nothing to do');
  await stage.reset();
});

test('onboard by turns: a connector that registers at one node is adopted over both', async () => {
  const ran = await onStage(ONBOARD);
  expect(ran.exit, ran.err).toBe(0);
  expectByTurns(ran);
  expect(await audience(stage.realm, stage.came.connector, SCOPE)).toBe('adopted');
  await stage.expectAsPlanned();
  await expectOneView(stage.realm);
  note('onboard', 'lives', ran, '');
  await stage.reset();
});

/** So many registrations that nobody signed in with, old enough to be pruned. */
async function orphans(count: number): Promise<string[]> {
  const made = [];
  for (let at = 0; at < count; at++) made.push(await pruning.orphan());
  await sleep(1_200);
  return made;
}

const prune = (backup: string) => [
  'prune-clients',
  ...['--older-than', '1s', '--apply', '--now', '--confirm', pruning.name, '--max', '100', '--quiet'],
  ...['--backup', join(folder, backup)],
];

async function expectPruned(made: readonly string[]): Promise<void> {
  const left = await pruning.clientIds();
  expect(made.filter((id) => left.includes(id))).toEqual([]);
  expect(left).toContain(pruning.alive.client?.clientId);
  await expectOneView(pruning);
}

test('prune-clients by turns deletes what nobody uses, and nothing else', async () => {
  const made = await orphans(10);
  const ran = await onPruning(prune('by-turns.jsonl'));
  expect(ran.exit, ran.err).toBe(0);
  expectByTurns(ran);
  await expectPruned(made);
  note('prune-clients', 'lives', ran, '');
});

/** It ended well, or said what isn't done; then the same command does the rest, with one node and with both. */
function expectHonest({ exit, err, died }: Run): void {
  expect(died, 'the run ended before').toBe(true);
  expect([0, 3], err).toContain(exit);
  if (exit !== 0) expect(err).toMatch(/mcpkc /);
}

test.each([1, 2])('create-scope, and the first node dies at %d/3 of its requests', async (part) => {
  const { requests } = await onStage(CREATE);
  await stage.reset();
  const at = Math.round((requests * part) / 3);
  const ran = await onStage(CREATE, ({ index }) => index + 1 === at);
  expectHonest(ran);
  const again = await onStage(CREATE);
  expect(again.exit, again.err).toBe(0);
  expect(await scopeIn(stage.realm, SCOPE)).toBeDefined();
  await cluster.revive();
  expect((await onStage([...CREATE, '--dry-run'])).exit).toBe(0);
  await expectOneView(stage.realm);
  note('create-scope', `dies at request ${at} of ${requests}`, ran, `exit status ${again.exit}`);
  await stage.reset();
});

test.each([1, 2])('onboard, and the first node dies at %d/3 of its requests', async (part) => {
  const { requests } = await onStage(ONBOARD);
  await stage.reset();
  const at = Math.round((requests * part) / 3);
  const ran = await onStage(ONBOARD, ({ index }) => index + 1 === at);
  expectHonest(ran);
  if (ran.exit === 0) await stage.expectAsPlanned();
  else await stage.expectJudged();
  const again = await onStage(['onboard', RESOURCE, NAMED]);
  expect(again.exit, again.err).toBe(0);
  await stage.expectAsPlanned();
  expect((await remembered(stage.account)).adopted).toContain(NAMED);
  await cluster.revive();
  await expectOneView(stage.realm);
  note('onboard', `dies at request ${at} of ${requests}`, ran, `exit status ${again.exit}`);
  await stage.reset();
});

test('prune-clients, and the first node dies in the middle', async () => {
  const made = await orphans(10);
  let deletions = 0;
  const isFourth = ({ method, path }: Passing) =>
    method === 'DELETE' && path.includes('/clients/') && ++deletions === 4;
  const ran = await onPruning(prune('died.jsonl'), isFourth);
  expectHonest(ran);
  const again = await onPruning(prune('died.jsonl'));
  expect(again.exit, again.err).toBe(0);
  await cluster.revive();
  await expectPruned(made);
  note('prune-clients', 'dies at the fourth deletion', ran, `exit status ${again.exit}`);
});
