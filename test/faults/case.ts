import type { AdminAccess } from '../../tools/keycloak/admin.ts';
import type { Realm } from '../support/keycloak/realm.ts';
import type { Fault, Scene } from './fault.ts';
import type { FaultProxy, Position } from './proxy.ts';
import type { Row, Staged } from './row.ts';
import { type Ended, runMcpkc } from './run.ts';
import { ACCOUNT_SECRET, makeScene } from './scene.ts';
import { differences, foreignChanges, type State, stateOf } from './state.ts';

/** What a row does when nothing goes wrong. */
export interface Undisturbed {
  before: State;
  after: State;
  positions: Position[];
}

/** Where the cases run. */
export interface Bench {
  server: AdminAccess;
  proxy: FaultProxy;
}

const LIMIT_MS = 90_000;
const LOCK_LEFT = 'realm role mcpkc-lock is there';

interface Stage extends Scene {
  staged: Staged;
}

/** Keycloak 26.7.3 answers 500 now and then where several realms are made at once (a cached role is half there). */
const STAGE_TRIES = 3;

async function stage(bench: Bench, row: Row): Promise<Stage> {
  for (let tries = 1; ; tries++) {
    try {
      return await stageOnce(bench, row);
    } catch (error) {
      if (tries === STAGE_TRIES) throw error;
    }
  }
}

async function stageOnce({ server }: Bench, row: Row): Promise<Stage> {
  const { realm, account } = await makeScene(server);
  const staged = (await row.stage?.(realm)) ?? {};
  return { realm, account, victim: row.victim && filled(row.victim, staged.words ?? {}), staged };
}

/** A text with its words in braces filled in. */
function filled(text: string, words: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{(\w+)\}/g, (all, name: string) => words[name] ?? all);
}

async function leave({ realm, staged }: Stage): Promise<void> {
  await staged.stop?.();
  await realm.remove();
}

async function run(bench: Bench, row: Row, { realm, staged }: Stage, timeout?: string): Promise<Ended> {
  let beside: Promise<unknown> | undefined;
  const listen = (text: string) => {
    if (!row.beside?.after.test(text.replaceAll(/\s+/g, ' '))) return;
    // The command's own failure says more than what became of this.
    beside ??= row.beside.act(realm).catch((error: unknown) => error);
  };
  const words = { realm: realm.name, admin: realm.admin.access.adminUser, ...staged.words };
  const argv = row.argv.map((word) => filled(word, words));
  const patience = timeout === undefined ? [] : ['--request-timeout', timeout];
  const { env = {} } = row;
  const { admin } = realm;
  const secrets = row.administrator ? { KC_BOOTSTRAP_ADMIN_PASSWORD: admin.access.adminPassword } : {};
  const limit = new Promise<never>((_resolve, reject) => {
    setTimeout(() => reject(new Error(`still running after ${LIMIT_MS / 1000} s`)), LIMIT_MS).unref();
  });
  try {
    const start = { realm: realm.name, env: { ...env, ...secrets }, files: staged.files ?? {}, listen };
    return await Promise.race([runMcpkc(bench.proxy.url, [...patience, ...argv], start), limit]);
  } finally {
    await beside;
  }
}

/** Runs a row as it should go, and records what it asks and what comes of it. */
export async function undisturbed(bench: Bench, row: Row): Promise<Undisturbed> {
  const scene = await stage(bench, row);
  const { realm } = scene;
  try {
    const before = stateOf(await realm.snapshot(), realm.name);
    await bench.proxy.begin(realm.name);
    const ended = await run(bench, row, scene);
    if (ended.status !== (row.status ?? 0))
      throw new Error(
        `${row.command}, ${row.name}: undisturbed it ended with ${ended.status}\n${ended.stderr}`,
      );
    return {
      before,
      after: stateOf(await realm.snapshot(), realm.name),
      positions: [...bench.proxy.positions()],
    };
  } finally {
    await leave(scene);
  }
}

/** What a case brought: undefined where the fault's position didn't come, else what was wrong. */
export type Verdict = { hit: boolean; wrong: string[] };

/** One fault at one position of one row, and the same command again afterwards. */
export async function runCase(
  bench: Bench,
  row: Row,
  whole: Undisturbed,
  position: Position,
  fault: Fault,
): Promise<Verdict> {
  const scene = await stage(bench, row);
  const { realm } = scene;
  const wrong: string[] = [];
  try {
    const victim = scene.victim && (await clientNow(realm, scene.victim));
    await bench.proxy.begin(realm.name, {
      position,
      act: (exchange, control) => fault.act(exchange, control, scene),
    });
    const ended = await run(bench, row, scene, fault.timeout);
    const hit = bench.proxy.wasHit();
    wrong.push(...judge(ended, row, fault, position), ...leaks(ended, bench.proxy.tokens()));
    await fault.fix?.(scene);
    const deleted = victim && !(await clientNow(realm, String(victim.id)));
    if (deleted) await realm.admin.post(realm.path('clients'), victim);
    const after = stateOf(await realm.snapshot(), realm.name);
    wrong.push(...foreignChanges(whole.before, whole.after, after).map((line) => `foreign: ${line}`));
    if (ended.status !== (row.status ?? 0) || deleted) wrong.push(...(await again(bench, row, scene)));
    const last = stateOf(await realm.snapshot(), realm.name);
    const rest = differences(whole.after, last).filter((line) => !fault.lasting || line !== LOCK_LEFT);
    wrong.push(...rest.map((line) => `in the end ${line}`));
    return { hit, wrong };
  } finally {
    await leave(scene);
  }
}

/** Runs the command once more, with nothing in its way. */
async function again(bench: Bench, row: Row, scene: Stage): Promise<string[]> {
  await row.beforeRerun?.(scene.realm);
  await bench.proxy.begin(scene.realm.name);
  const { status, stderr } = await run(bench, row, scene);
  return status === (row.status ?? 0) ? [] : [`again it ended with ${status}: ${stderr}`];
}

async function clientNow(realm: Realm, id: string): Promise<Record<string, unknown> | undefined> {
  const { status, json } = await realm.admin.request('GET', realm.path(`clients/${id}`));
  return status === 200 ? (json as Record<string, unknown>) : undefined;
}

function judge(ended: Ended, row: Row, fault: Fault, position: Position): string[] {
  const { statuses, message } = fault.expected(position);
  const well = row.status ?? 0;
  const allowed = statuses.map((status) => (status === 0 ? well : status));
  if (row.reports !== undefined) allowed.push(well, row.reports);
  if (fault.later && row.sideBySide) allowed.push(well);
  // The lock is given back when everything is written, while it is read again.
  if (position.method === 'DELETE' && position.path.includes('/roles-by-id/')) allowed.push(well);
  if (row.or !== undefined && !allowed.every((status) => status === well)) allowed.push(row.or);
  const wrong: string[] = [];
  // Lines are wrapped to the terminal's width.
  const said = `${ended.stderr} ${row.reports === undefined ? '' : ended.stdout}`.replaceAll(/\s+/g, ' ');
  if (!allowed.includes(ended.status))
    wrong.push(`it ended with ${ended.status} and not ${allowed.join(' or ')}: ${said}`);
  else if (ended.status !== well && !message.test(said))
    wrong.push(`the message doesn't say ${message}: ${said}`);
  try {
    const { exitStatus } = JSON.parse(ended.stdout) as { exitStatus: unknown };
    if (exitStatus !== ended.status) wrong.push(`the document says ${exitStatus}, not ${ended.status}`);
  } catch {
    wrong.push(`stdout is no JSON document: ${ended.stdout.slice(0, 200)}`);
  }
  return wrong;
}

function leaks({ stdout, stderr }: Ended, tokens: readonly string[]): string[] {
  const printed = stdout + stderr;
  return [ACCOUNT_SECRET, ...tokens]
    .filter((secret) => printed.includes(secret))
    .map(() => 'a secret was printed');
}
