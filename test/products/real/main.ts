/** `npm run record -- <product>…` and `npm run test:products -- [product…]`: the real products against a real Keycloak. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { obtainKeycloak } from '../../../tools/keycloak/obtain.ts';
import { type RunningKeycloak, startKeycloak } from '../../../tools/keycloak/server.ts';
import { plain } from '../../support/terminal.ts';
import {
  type RecordedRun,
  type Recording,
  type RunName,
  recordedProducts,
  recordingOf,
} from '../recording.ts';
import { startBrowser } from './browser.ts';
import { differences } from './differences.ts';
import { install, makeGround } from './ground.ts';
import { type Reached, reached, recordedRun } from './normal.ts';
import { REAL_PRODUCTS, type RealProduct, type Shown } from './products.ts';
import { markOwnRequests, STANDING, type Staging, startStage } from './stage.ts';

const USAGE = `npm run record -- <product>…       runs a product and writes what it sent to test/products/recordings/
npm run test:products -- [product…]  runs products and compares them with their recordings

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
  readonly mcpUrl: string;
}

const say = (line: string) => void process.stdout.write(`${line}\n`);
const progress = (line: string) => void process.stderr.write(`${line}\n`);

async function runProduct(
  keycloak: RunningKeycloak,
  product: RealProduct,
  folder: string,
  staging: Staging,
): Promise<Run> {
  const stage = await startStage(keycloak, staging);
  const scratch = mkdtempSync(join(tmpdir(), 'mcpkc-browser-'));
  const browser = startBrowser(scratch, stage.user);
  const ground = makeGround(folder, stage, browser.bin);
  try {
    const shown = await product.connect(ground);
    const place = { mcpUrl: stage.mcpUrl, issuer: stage.issuer, fixedPort: product.fixedPort };
    return {
      shown: { ...shown, output: plain(shown.output) },
      reached: reached(stage.passed, place),
      run: recordedRun(stage.passed, place),
      mcpUrl: stage.mcpUrl,
    };
  } finally {
    await browser.stop();
    ground.remove();
    rmSync(scratch, { recursive: true, force: true });
    await stage.stop();
  }
}

/** What a product is recorded with. */
const STAGINGS: Readonly<Record<RunName, Staging>> = {
  named: STANDING,
  silent: { ...STANDING, names: 'nothing' },
  split: { ...STANDING, names: 'split', offlineAccess: 'hidden' },
};

/** Runs a product in each of the ways in which it is recorded. */
async function recordProduct(keycloak: RunningKeycloak, product: RealProduct, wanted: string | undefined) {
  const { folder, version } = await install(product.package, wanted);
  const run = (name: RunName) => runProduct(keycloak, product, folder, STAGINGS[name]);
  const runs = { named: await run('named'), silent: await run('silent'), split: await run('split') };
  const recording: Recording = {
    product: product.name,
    package: product.package.name,
    version,
    recorded: new Date().toISOString().slice(0, 10),
    keycloak: keycloak.version,
    command: product.command,
    runs: { named: runs.named.run, silent: runs.silent.run, split: runs.split.run },
  };
  return { recording, runs };
}

function result({ shown, reached: { stage, status, error, audiences }, mcpUrl }: Run): string {
  const tools = shown.tools?.length ? `tools: ${shown.tools.join(', ')}` : undefined;
  if (stage === 'connected' && audiences.includes(mcpUrl))
    return tools ?? 'connected, audience as it should be';
  return `${stage}: ${status} ${error ?? ''}`.trim();
}

const isGood = ({ reached: { stage, audiences }, shown, mcpUrl }: Run) =>
  stage === 'connected' &&
  audiences.includes(mcpUrl) &&
  (shown.tools === undefined || shown.tools.length > 0);

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      record: { type: 'boolean' },
      version: { type: 'string' },
      verbose: { type: 'boolean' },
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
  let bad = 0;
  try {
    for (const product of chosen) {
      const { recording, runs } = await recordProduct(keycloak, product, values.version);
      for (const [mode, run] of Object.entries(runs)) {
        say(`${product.name} ${recording.version} (${mode}): ${result(run)}`);
        if (values.verbose || !isGood(run)) progress(run.shown.output);
        if (!isGood(run)) bad++;
      }
      if (values.record) {
        const file = new URL(`../recordings/${product.name}.json`, import.meta.url);
        writeFileSync(file, `${JSON.stringify(recording, undefined, 2)}\n`);
        continue;
      }
      const lines = recordedProducts().includes(product.name)
        ? differences(recordingOf(product.name), recording)
        : ['there is no recording'];
      if (lines.length > 0) bad++;
      for (const line of lines) say(`  ${line}`);
    }
  } finally {
    if (keycloak.owned) await keycloak.stop();
  }
  return bad === 0 ? 0 : 1;
}

main().then(
  (status) => process.exit(status),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  },
);
