import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processIo } from '../../../src/cli/io.ts';
import type { RunningKeycloak } from '../../../tools/keycloak/server.ts';
import { accountIn, expectCli, seedSecret } from '../../support/cli.ts';
import { type GoodHost, startGoodHost } from '../../support/hosts/good.ts';
import { switchEventsOn } from '../../support/keycloak/events.ts';
import { createRealm, type Realm, type RealmUser } from '../../support/keycloak/realm.ts';
import { keycloakWithDocuments } from '../../support/keycloak/with-documents.ts';
import { registerAnonymously } from '../../support/realm-things.ts';
import { plain } from '../../support/terminal.ts';
import { startBrowser } from '../real/browser.ts';
import { type Ground, install, makeGround, type Package } from '../real/ground.ts';

/* Real products, configured from the steps that `mcpkc allow` prints and from nothing else; registration is shut. */

const SCOPE = 'mcp-resource-svc';
const NAME = 'my-server';

interface Product {
  name: string;
  package: Package;
  /** Files that a step names, as the product finds them below its home. */
  files?: Readonly<Record<string, string>>;
  /** What a person does then; its output shows whether it is connected. */
  look?(ground: Ground): Promise<string>;
  connected: RegExp;
}

const PRODUCTS: readonly Product[] = [
  {
    name: 'inspector',
    package: { from: 'npm', name: '@modelcontextprotocol/inspector' },
    connected: /\bwhoami\b/,
  },
  {
    name: 'mcp-remote',
    package: { from: 'npm', name: 'mcp-remote' },
    files: { 'the configuration of the program': 'mcp.json' },
    look: startLocalServer,
    connected: /\bwhoami\b/,
  },
  {
    name: 'codex',
    package: { from: 'npm', name: '@openai/codex' },
    connected: /[Ss]uccessfully logged in/,
  },
  {
    name: 'claude-code',
    package: { from: 'npm', name: '@anthropic-ai/claude-code' },
    connected: /my-server: .*✔? ?Connected/,
  },
  {
    name: 'mcporter',
    package: { from: 'npm', name: 'mcporter' },
    connected: /\bwhoami\b/,
  },
  {
    name: 'opencode',
    package: { from: 'npm', name: 'opencode-ai' },
    files: { 'opencode.json': '.config/opencode/opencode.json' },
    connected: /my-server.*connected/,
  },
];

/** Does as a program that starts local servers: what its configuration says, and asks for the tools. */
async function startLocalServer(ground: Ground): Promise<string> {
  const { mcpServers } = JSON.parse(readFileSync(join(ground.home, 'mcp.json'), 'utf8'));
  const { args } = mcpServers[NAME] as { args: string[] };
  const say = (message: object) => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`;
  const clientInfo = { name: 'local-client', version: '1.0.0' };
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
  let opened = false;
  const [program = '', ...rest] = args;
  const run = await ground.run(program, rest, {
    timeoutMs: 60_000,
    input: say({ id: 1, method: 'initialize', params }),
    onOutput(output, stop, write) {
      if (!opened && /"id":1\b/.test(output)) {
        opened = true;
        write(
          say({ method: 'notifications/initialized' }) + say({ id: 2, method: 'tools/list', params: {} }),
        );
      }
      if (/"id":2\b/.test(output) || /Fatal error/.test(output)) stop();
    },
  });
  return run.output;
}

/** Does what the steps say: writes what is to be written, runs what is to be run. */
async function follow(
  steps: readonly string[],
  { files = {}, look }: Product,
  ground: Ground,
): Promise<string> {
  const output: string[] = [];
  for (const step of steps) {
    const [before = '', code = '', after = ''] = step.split('`');
    if (code.startsWith('{')) {
      const into = /into (?:~\/)?(.+?)(?: that .*)?\.$/.exec(after)?.[1] ?? '';
      ground.write(files[into] ?? into, code);
    } else if (/^(?:npx |claude |codex |mcporter |opencode )/.test(code) && !/type $/.test(before)) {
      const [program = '', ...args] = code
        .replace(/^npx @modelcontextprotocol\/inspector/, 'mcp-inspector')
        .split(' ');
      const run = await ground.run(program, args, { terminal: true, timeoutMs: 90_000 });
      output.push(run.output);
    }
  }
  if (look) output.push(await look(ground));
  return plain(output.join('\n'));
}

let server: RunningKeycloak;
let realm: Realm;
let user: RealmUser;
let host: GoodHost;
let env: Record<string, string>;
const HOME = mkdtempSync(join(tmpdir(), 'mcpkc-allowed-'));

beforeAll(async () => {
  server = await keycloakWithDocuments();
  realm = await createRealm(server, 'allowed');
  await switchEventsOn(realm, { admin: false, user: true });
  user = await realm.createUser();
  host = await startGoodHost({ issuer: realm.issuer, scope: SCOPE, advertisedScopes: [SCOPE] });
  env = { ...(await accountIn(realm)).env, HOME };
}, 300_000);
afterAll(async () => {
  await host?.stop();
  await realm?.remove();
  if (server?.owned) await server.stop();
  rmSync(HOME, { recursive: true, force: true });
});

async function registrations(): Promise<number> {
  const events = await realm.admin.get<unknown[]>(realm.path('events?type=CLIENT_REGISTER'));
  return events.length;
}

/** Allows a product and connects it by what is printed; gives its output and the client that signed in. */
async function connect(
  product: Product,
  by: 'client' | 'document',
): Promise<{ output: string; clients: string[] }> {
  const args = ['allow', host.url, '--scope', SCOPE, '--preset', product.name, '--by', by, '--json'];
  const ran = await expectCli(0, args, {
    env,
    prepare: (io) => Object.assign(io, { files: processIo().files }),
  });
  const [{ steps, secretFile }] = ran.json.products as [{ steps: string[]; secretFile: string | null }];
  if (secretFile !== null) seedSecret(JSON.parse(readFileSync(secretFile, 'utf8')).client_secret);
  const { folder } = await install(product.package);
  const scratch = mkdtempSync(join(tmpdir(), 'mcpkc-browser-'));
  const browser = startBrowser(scratch, user);
  const ground = makeGround(folder, { mcpUrl: host.url, user }, browser.bin);
  const since = Date.now();
  try {
    const output = await follow(steps, product, ground);
    const events = await realm.admin.get<{ clientId: string; time: number }[]>(
      realm.path('events?type=CODE_TO_TOKEN&max=100'),
    );
    const clients = events.filter(({ time }) => time >= since).map(({ clientId }) => clientId);
    return { output, clients: [...new Set(clients)] };
  } finally {
    await browser.stop();
    ground.remove();
    rmSync(scratch, { recursive: true, force: true });
  }
}

describe.each(PRODUCTS)('$name', (product) => {
  it('connects by a client made beforehand', { timeout: 400_000 }, async () => {
    const { output, clients } = await connect(product, 'client');
    expect(clients, output).toEqual([`mcp-svc-${product.name}`]);
    expect(output).toMatch(product.connected);
  });
});

describe.each(PRODUCTS.filter(({ name }) => name === 'codex' || name === 'claude-code'))(
  '$name',
  (product) => {
    it('connects by its document', { timeout: 400_000 }, async () => {
      const { output, clients } = await connect(product, 'document');
      expect(clients, output).toEqual([expect.stringMatching(/^https:\/\/.+client/)]);
      expect(output).toMatch(product.connected);
    });
  },
);

it('nobody registered', async () => {
  expect(await registrations()).toBe(0);
  const body = { client_name: 'x', redirect_uris: ['http://127.0.0.1:1/callback'] };
  expect((await registerAnonymously(realm, body)).status).toBe(403);
});
