/** `npm run record -- <product>…` and `npm run suite -- products [product…]`: the real products against a real Keycloak. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { WORKING_ROLES } from '../../../src/realm/roles.ts';
import { obtainKeycloak } from '../../../tools/keycloak/obtain.ts';
import { type RunningKeycloak, startKeycloak } from '../../../tools/keycloak/server.ts';
import { createServiceAccount } from '../../support/keycloak/service-account.ts';
import { fileText, runMcpkc } from '../../support/run-mcpkc.ts';
import { plain } from '../../support/terminal.ts';
import {
  type RecordedRun,
  type Recording,
  type RunName,
  recordedProducts,
  recordingOf,
} from '../recording.ts';
import { replay } from '../replay.ts';
import { startBrowser } from './browser.ts';
import { differences } from './differences.ts';
import { install, makeGround } from './ground.ts';
import { type Reached, reached, recordedRefusal, recordedRun } from './normal.ts';
import { REAL_PRODUCTS, type RealProduct, type Shown } from './products.ts';
import { NOBODY_ADOPTS, RECORDED_STAGINGS, SITUATIONS } from './situations.ts';
import { markOwnRequests, SCOPE, STANDING, type Stage, type Staging, startStage } from './stage.ts';

const USAGE = `npm run record -- <product>…       runs a product and writes what it sent to test/products/recordings/
npm run suite -- products [product…]  runs products, whole flows, and compares them with their recordings
npm run suite -- products --replay [product…]
                                     puts products and their replays before the same realms and servers
npm run suite -- products --verdict [product…]
                                     holds what validate says of products against what they do there

  --only <text>   the situations of --replay whose title has this text; repeat it for several
  --version <v>   this version of the package in place of the newest
  --verbose       what the product printed, too

Products: ${REAL_PRODUCTS.map(({ name }) => name).join(', ')}.
Environment: MCPKC_PRODUCTS_FOLDER (where packages are installed), MCPKC_TEST_KEYCLOAK_URL (a running Keycloak).
`;

/** What a product did in one mode. */
interface Run {
  readonly shown: Shown;
  readonly reached: Reached;
  readonly run: RecordedRun;
  /** What it asked of the realm once its token was refused. */
  readonly refused: Recording['refused'];
  readonly mcpUrl: string;
}

/** How a product comes to its client: it registers one, it is given one, or its metadata document stands for one. */
type Way = 'registration' | 'client' | 'document';

const say = (line: string) => void process.stdout.write(`${line}\n`);
const progress = (line: string) => void process.stderr.write(`${line}\n`);

async function runProduct(
  keycloak: RunningKeycloak,
  product: RealProduct,
  folder: string,
  staging: Staging,
  way: Way = 'registration',
): Promise<Run> {
  const stage = await startStage(keycloak, staging);
  const scratch = mkdtempSync(join(tmpdir(), 'mcpkc-browser-'));
  const browser = startBrowser(scratch, stage.user);
  const made = way === 'registration' ? undefined : await allowedClient(stage, product, way);
  const client = way === 'client' ? made : undefined;
  const ground = makeGround(folder, { ...stage, ...(client ? { client } : {}) }, browser.bin);
  try {
    const shown = await product.connect(ground);
    const place = { mcpUrl: stage.mcpUrl, issuer: stage.issuer, fixedPort: product.fixedPort };
    return {
      shown: { ...shown, output: plain(shown.output) },
      reached: reached(stage.passed, place),
      run: recordedRun(stage.passed, place),
      refused: recordedRefusal(stage.passed, place),
      mcpUrl: stage.mcpUrl,
    };
  } finally {
    await browser.stop();
    ground.remove();
    rmSync(scratch, { recursive: true, force: true });
    await stage.stop();
  }
}

/** What mcpkc takes to know a stage: an account that does what `init` lets it, and the server. */
async function mcpkcOn({ realm, mcpUrl, issuer }: Stage): Promise<Record<string, string>> {
  const account = await createServiceAccount(realm, 'mcpkc', WORKING_ROLES);
  return {
    HOME: '/here',
    KC_SERVER: realm.issuer.replace(/\/realms\/.*/, ''),
    KC_REALM: realm.name,
    KC_CLIENT_ID: account.clientId,
    KC_CLIENT_SECRET: account.secret,
    KC_ISSUER: issuer,
    MCP_TRANSPORT_URL: mcpUrl,
    MCP_SCOPE_NAME: SCOPE,
  };
}

/** The client that `mcpkc allow` makes for a product, with what stands in the secret's file. */
async function allowedClient(
  stage: Stage,
  { name, preset = name }: RealProduct,
  way: Way,
): Promise<{ id: string; file?: string }> {
  const env = await mcpkcOn(stage);
  const argv = ['allow', stage.mcpUrl, '--preset', preset, '--by', way, '--json', '--yes'];
  const trial = await runMcpkc([...argv, '--dry-run'], { env });
  const [planned] = (trial.document().products ?? []) as { public: boolean }[];
  const file = planned?.public === false ? ['--secret-file', '/here/client.json'] : [];
  const ran = await runMcpkc([...argv, ...file], { env });
  const [made] = (ran.document().products ?? []) as { clientId: string }[];
  if (ran.status !== 0 || made === undefined) throw new Error(`allow ended with ${ran.status}:\n${ran.out}`);
  const text = fileText(ran, 'client.json');
  return { id: made.clientId, ...(text === '' ? {} : { file: text }) };
}

/** Runs a product in each of the ways in which it is recorded. */
async function recordProduct(
  keycloak: RunningKeycloak,
  product: RealProduct,
  folder: string,
  version: string,
) {
  const run = (name: RunName) => runProduct(keycloak, product, folder, RECORDED_STAGINGS[name]);
  const runs = { named: await run('named'), silent: await run('silent'), split: await run('split') };
  const refusing = await runProduct(keycloak, product, folder, NOBODY_ADOPTS);
  const recording: Recording = {
    product: product.name,
    package: product.package.name,
    version,
    recorded: new Date().toISOString().slice(0, 10),
    keycloak: keycloak.version,
    command: product.command,
    runs: { named: runs.named.run, silent: runs.silent.run, split: runs.split.run },
    refused: refusing.refused ?? [],
  };
  return { recording, runs, refusing };
}

/** Where a run ended, in the words that a replay's outcome is told in, too. */
function endOf({ reached: { stage, error, audiences, afterwards }, mcpUrl }: Run): string {
  if (stage === 'connected' || stage === 'mcp' || (stage === 'token' && !error)) {
    return audiences.includes(mcpUrl) ? 'a token for the server' : nothingOpened(afterwards);
  }
  return `${stage}: ${error ?? 'stopped'}`;
}

/** The end of who was refused at the MCP server, and what was refused him next. */
const nothingOpened = (afterwards: string | undefined) =>
  `a token that opens nothing${afterwards === undefined ? '' : `, then ${afterwards}`}`;

const hasAudience = (run: Run) =>
  run.reached.stage === 'connected' && run.reached.audiences.includes(run.mcpUrl);

function result(run: Run): string {
  const { tools } = run.shown;
  if (!hasAudience(run)) return endOf(run);
  return tools?.length ? `tools: ${tools.join(', ')}` : 'connected, with the right audience';
}

/** One line of the table at the end. */
interface Row {
  readonly product: string;
  readonly version: string;
  /** The mode, or the situation. */
  readonly mode: string;
  readonly way: string;
  readonly result: string;
  readonly good: boolean;
}

/** Whether the recorded run was let in; one that was not is no failure now. */
const wasLetIn = (run: RecordedRun | undefined) =>
  run?.requests.at(-1)?.kind !== 'mcp' || (run.requests.at(-1)?.status ?? 0) < 300;

async function testProduct(
  keycloak: RunningKeycloak,
  product: RealProduct,
  options: Options,
): Promise<Row[]> {
  const { folder, version } = await install(product.package, options.version);
  const before = recordedProducts().includes(product.name) ? recordingOf(product.name) : undefined;
  const row = (mode: string, run: Run, expected: boolean, way: Way = 'registration'): Row => {
    const good = hasAudience(run) === expected;
    if (options.verbose || !good) progress(run.shown.output);
    return { product: product.name, version, mode, way, result: result(run), good };
  };
  const { recording, runs, refusing } = await recordProduct(keycloak, product, folder, version);
  const rows = (Object.keys(runs) as RunName[]).map((name) =>
    row(`standing, ${name}`, runs[name], wasLetIn(before?.runs[name] ?? recording.runs[name])),
  );
  if (options.record) {
    const file = new URL(`../recordings/${product.name}.json`, import.meta.url);
    writeFileSync(file, `${JSON.stringify(recording, undefined, 2)}\n`);
    return rows;
  }
  const run = (server: RunningKeycloak, staging: Staging, way?: Way) =>
    runProduct(server, product, folder, staging, way);
  rows.push(
    row('adopted', await run(keycloak, { ...STANDING, scope: 'adopted' }), true),
    row('adopted, nobody adopts', refusing, false),
  );
  const ways: [Way, boolean, () => Promise<RunningKeycloak>][] = [
    ['client', product.preset !== undefined, () => Promise.resolve(keycloak)],
    ['document', product.hasDocument === true, options.documents],
  ];
  for (const [way, exists, serverOf] of ways) {
    if (!exists) continue;
    const server = await serverOf();
    // Registration is shut in both: nothing but this way is left.
    rows.push(
      row('standing', await run(server, { ...STANDING, trustedHosts: [] }, way), true, way),
      row('adopted', await run(server, { ...STANDING, scope: 'none', trustedHosts: [] }, way), true, way),
    );
  }
  const lines = before ? differences(before, recording) : ['there is no recording'];
  for (const line of lines) say(`  ${product.name}: ${line}`);
  const compared =
    lines.length === 0
      ? `as recorded (${before?.version})`
      : `${lines.length} differences from ${before?.version}`;
  return [
    ...rows,
    {
      product: product.name,
      version,
      mode: 'recording',
      way: '',
      result: compared,
      good: lines.length === 0,
    },
  ];
}

/** The situations that were asked for (`--only`). */
function situationsOf({ only }: Options): [string, Staging][] {
  const chosen = Object.entries(SITUATIONS).filter(
    ([title]) => only.length === 0 || only.some((text) => title.includes(text)),
  );
  if (chosen.length === 0) throw new Error(`no situation has the text ${only.join(', ')}`);
  return chosen;
}

/** Stages before which nothing is sent that a product's run is told by. */
const EARLY: readonly string[] = ['challenge', 'resource-metadata', 'server-metadata'];

/** What was told of a product's end on a stage, and whether the end that the product came to is that one. */
interface Foretold {
  words: string;
  isRight(real: string): boolean;
}

/** Puts the real product, and what tells its end beforehand, before the same realms and servers. */
async function compareWith(
  foretell: (stage: Stage, product: RealProduct) => Promise<Foretold>,
  keycloak: RunningKeycloak,
  product: RealProduct,
  options: Options,
): Promise<Row[]> {
  const { folder, version } = await install(product.package, options.version);
  const rows: Row[] = [];
  for (const [mode, staging] of situationsOf(options)) {
    const real = endOf(await runProduct(keycloak, product, folder, staging));
    const stage = await startStage(keycloak, staging);
    const { words, isRight } = await foretell(stage, product).finally(() => stage.stop());
    const good = isRight(real);
    const result = good ? real : `${real}; ${words}`;
    rows.push({ product: product.name, version, mode, way: 'registration', result, good });
    say(`${product.name}, ${mode}: ${result}`);
  }
  return rows;
}

/** The end of the product's replay. */
async function replayOn(stage: Stage, product: RealProduct): Promise<Foretold> {
  const replayed = await replay(product.name, stage, { url: stage.mcpUrl });
  const end = replayed.ok
    ? replayed.opens
      ? 'a token for the server'
      : nothingOpened(replayed.afterwards && `${replayed.afterwards.stage}: ${replayed.afterwards.error}`)
    : EARLY.includes(replayed.stage)
      ? 'nothing: stopped'
      : `${replayed.stage}: ${replayed.error}`;
  return { words: `replayed: ${end}`, isRight: (real) => real === end };
}

/** The stages of a verdict as an end is told. */
const STAGE_OF: Readonly<Record<string, string>> = { mcp: nothingOpened(undefined) };

/** What `validate` says of a product on a stage, in the words that an end is told in. */
async function verdictOn(stage: Stage, product: RealProduct): Promise<string> {
  const { mcpUrl, user } = stage;
  const preset = product.name.replace(/^inspector-.*/, 'inspector');
  const env = await mcpkcOn(stage);
  const argv = ['validate', mcpUrl, '--json', '--preset', preset, '--user', user.username];
  const { outlook } = (await runMcpkc(argv, { env })).document() as {
    outlook?: { verdict: string; stage: string | null }[];
  };
  const [told] = outlook ?? [];
  if (!told) return 'no verdict';
  if (told.verdict.endsWith('once-adopted')) return nothingOpened(undefined);
  if (told.verdict !== 'fails') return told.verdict === 'unknown' ? 'unknown' : 'a token for the server';
  return STAGE_OF[told.stage ?? ''] ?? `${told.stage}: `;
}

/** The verdict on the product: where it tells a stage alone, any end at that stage is the one. */
async function judgeOn(stage: Stage, product: RealProduct): Promise<Foretold> {
  const said = await verdictOn(stage, product);
  return {
    words: `the verdict: ${said}`,
    // What a product tries once its token was refused is no matter of the verdict.
    isRight: (real) =>
      said.endsWith(': ') || said === nothingOpened(undefined) ? real.startsWith(said) : real === said,
  };
}

interface Options {
  readonly record: boolean;
  readonly verbose: boolean;
  /** Of `--replay`: texts in the titles of situations; none: all. */
  readonly only: readonly string[];
  readonly version: string | undefined;
  /** A server whose metadata advertises client id metadata documents. */
  documents(): Promise<RunningKeycloak>;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      record: { type: 'boolean', default: false },
      replay: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      verdict: { type: 'boolean', default: false },
      version: { type: 'string' },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  const unknown = positionals.filter((name) => !REAL_PRODUCTS.some((product) => product.name === name));
  if (values.help || unknown.length > 0 || (values.record && positionals.length === 0)) {
    process.stderr.write(unknown.length > 0 ? `Unknown: ${unknown.join(', ')}\n\n${USAGE}` : USAGE);
    return values.help ? 0 : 2;
  }
  markOwnRequests();
  const keycloak = await obtainKeycloak({ progress, start: () => startKeycloak({ progress }) });
  const chosen = REAL_PRODUCTS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  let withDocuments: Promise<RunningKeycloak> | undefined;
  const options: Options = {
    documents: () => (withDocuments ??= startKeycloak({ progress, features: ['cimd'] })),
    record: values.record,
    verbose: values.verbose,
    only: values.only,
    version: values.version,
  };
  const rows: Row[] = [];
  try {
    for (const product of chosen) {
      const foretell = values.replay ? replayOn : values.verdict ? judgeOn : undefined;
      const run = foretell === undefined ? testProduct : compareWith.bind(undefined, foretell);
      rows.push(...(await run(keycloak, product, options)));
    }
  } finally {
    if (keycloak.owned) await keycloak.stop();
    await (await withDocuments)?.stop();
  }
  const table = [
    `Keycloak ${keycloak.version}`,
    '',
    '| product | version | mode | way | result | |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows.map(
      ({ product, version, mode, way, result, good }) =>
        `| ${product} | ${version} | ${mode} | ${way} | ${result} | ${good ? '✓' : '✗'} |`,
    ),
  ].join('\n');
  say(`\n${table}`);
  if (process.env.GITHUB_STEP_SUMMARY) appendFileSync(process.env.GITHUB_STEP_SUMMARY, `${table}\n`);
  return rows.every(({ good }) => good) ? 0 : 1;
}

main().then(
  (status) => process.exit(status),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  },
);
