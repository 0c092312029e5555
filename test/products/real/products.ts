/** How each real product is driven from its first request to a list of tools. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { visitWithChromium } from './chromium.ts';
import type { Ended, Ground, Package } from './ground.ts';

/** What came of a run, as the product itself put it. */
export interface Shown {
  /** The tools that it showed; undefined where it shows none without an account. */
  readonly tools?: readonly string[];
  readonly output: string;
}

/** A product that runs without an account. */
export interface RealProduct {
  readonly name: string;
  readonly package: Package;
  /** How a person starts it. */
  readonly command: string;
  /** The port of its redirect URI, where it doesn't pick one. */
  readonly fixedPort?: number;
  /** The preset by which `mcpkc allow` makes a client for it, where it takes one. */
  readonly preset?: string;
  /** Whether it names its metadata document where the issuer takes documents. */
  readonly hasDocument?: true;
  /** Connects to the server, as far as the product can without an account. */
  connect(ground: Ground): Promise<Shown>;
}

const NAME = 'example';
const TOOLS = ['whoami', 'add'];

/** The example server's tools that stand in an output. */
function toolsIn(output: string): readonly string[] {
  return TOOLS.filter((tool) => new RegExp(`\\b${tool}\\b`).test(output));
}

const shown = (...runs: readonly Ended[]): Shown => {
  const output = runs.map((run) => run.output).join('\n');
  return { tools: toolsIn(runs.at(-1)?.output ?? ''), output };
};

const mcpRemote: RealProduct = {
  name: 'mcp-remote',
  preset: 'mcp-remote',
  package: { from: 'npm', name: 'mcp-remote' },
  command: 'mcp-remote <mcp-url>',
  async connect(ground) {
    const say = (message: object) => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`;
    const clientInfo = { name: 'local-client', version: '1.0.0' };
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
    let opened = false;
    const { file } = ground.client ?? {};
    const given = file === undefined ? [] : ['--static-oauth-client-info', `@${file}`];
    const run = await ground.run('mcp-remote', [ground.mcpUrl, ...given], {
      timeoutMs: 40_000,
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
    return shown(run);
  },
};

const codex: RealProduct = {
  name: 'codex',
  preset: 'codex',
  hasDocument: true,
  package: { from: 'npm', name: '@openai/codex' },
  command: 'codex mcp login example',
  async connect(ground) {
    if (ground.client) {
      const given = ['--oauth-client-id', ground.client.id];
      await ground.run('codex', ['mcp', 'add', NAME, '--url', ground.mcpUrl, ...given]);
    } else {
      ground.write('.codex/config.toml', `[mcp_servers.${NAME}]\nurl = "${ground.mcpUrl}"\n`);
    }
    const login = await ground.run('codex', ['mcp', 'login', NAME]);
    if (login.status !== 0) return shown(login);
    // The tools as its own server for editors lists them; a prompt would take an account.
    const say = (message: object) => `${JSON.stringify(message)}\n`;
    const clientInfo = { name: 'test', title: 'test', version: '1.0.0' };
    const listed = await ground.run('codex', ['app-server'], {
      timeoutMs: 40_000,
      input:
        say({ id: 1, method: 'initialize', params: { clientInfo } }) +
        say({ method: 'initialized' }) +
        say({ id: 2, method: 'mcpServerStatus/list', params: {} }),
      onOutput(output, stop) {
        if (/"id":2\b/.test(output)) stop();
      },
    });
    return shown(login, listed);
  },
};

const claudeCode: RealProduct = {
  name: 'claude-code',
  preset: 'claude-code',
  hasDocument: true,
  package: { from: 'npm', name: '@anthropic-ai/claude-code' },
  command: 'claude mcp add --transport http example <mcp-url>; claude mcp login example',
  async connect(ground) {
    const given = ground.client ? ['--client-id', ground.client.id] : [];
    const add = ['mcp', 'add', '--transport', 'http', ...given, NAME, ground.mcpUrl];
    const added = await ground.run('claude', add);
    const login = await ground.run('claude', ['mcp', 'login', NAME], { terminal: true });
    const listed = await ground.run('claude', ['mcp', 'list']);
    const { output } = shown(added, login, listed);
    // It shows that it is connected, and tools only in a session, which takes an account.
    return { output };
  },
};

const inspectorCli: RealProduct = {
  name: 'inspector-cli',
  preset: 'inspector',
  package: { from: 'npm', name: '@modelcontextprotocol/inspector' },
  command: 'mcp-inspector --cli <mcp-url> --method tools/list',
  fixedPort: 6276,
  async connect(ground) {
    const given = ground.client ? ['--client-id', ground.client.id] : [];
    const args = ['--cli', ground.mcpUrl, '--transport', 'http', '--method', 'tools/list', ...given];
    return shown(await ground.run('mcp-inspector', args, { terminal: true }));
  },
};

const inspectorWeb: RealProduct = {
  name: 'inspector-web',
  package: { from: 'npm', name: '@modelcontextprotocol/inspector' },
  command: 'mcp-inspector --web --transport http --server-url <mcp-url>',
  fixedPort: 6274,
  async connect(ground) {
    let page: Promise<string> | undefined;
    const args = ['--web', '--transport', 'http', '--server-url', ground.mcpUrl];
    const run = await ground.run('mcp-inspector', args, {
      timeoutMs: 90_000,
      onOutput(output, stop) {
        const url = /http:\/\/127\.0\.0\.1:6274\S+/.exec(output)?.[0];
        if (!url || page) return;
        page = visitWithChromium(url, ground.user, {
          click: 'input[aria-label^="Connect or disconnect"]',
          until: /\bConnected\b[\s\S]*\bTools\b|\bTools\b[\s\S]*\bConnected\b|\bFailed\b/,
        }).finally(stop);
        page.catch(() => {});
      },
    });
    const text = (await page) ?? '';
    // It lists tools as soon as it is connected; their names stand on another page.
    return { output: `${run.output}\n${text}` };
  },
};

const geminiCli: RealProduct = {
  name: 'gemini-cli',
  preset: 'gemini-cli',
  package: { from: 'npm', name: '@google/gemini-cli-core' },
  command: '/mcp auth example (here: the same provider, from gemini-cli-core)',
  async connect(ground) {
    const script = copyScript(ground, 'gemini-cli.mjs');
    const given = ground.client ? [ground.client.id] : [];
    return shown(await ground.run('node', [script, ground.mcpUrl, ...given], { input: 'y\n' }));
  },
};

const opencode: RealProduct = {
  name: 'opencode',
  preset: 'opencode',
  package: { from: 'npm', name: 'opencode-ai' },
  command: 'opencode mcp auth example',
  fixedPort: 19_876,
  async connect(ground) {
    const given = ground.client ? { oauth: { clientId: ground.client.id } } : {};
    const mcp = { [NAME]: { type: 'remote', url: ground.mcpUrl, enabled: true, ...given } };
    ground.write('.config/opencode/opencode.json', JSON.stringify({ mcp }));
    const auth = await ground.run('opencode', ['mcp', 'auth', NAME]);
    const listed = await ground.run('opencode', ['mcp', 'list']);
    return { output: shown(auth, listed).output };
  },
};

const mcporter: RealProduct = {
  name: 'mcporter',
  preset: 'mcporter',
  package: { from: 'npm', name: 'mcporter' },
  command: 'mcporter auth example; mcporter list example',
  async connect(ground) {
    const given = ground.client ? { oauthClientId: ground.client.id } : {};
    const mcpServers = { [NAME]: { url: ground.mcpUrl, auth: 'oauth', ...given } };
    ground.write('config/mcporter.json', JSON.stringify({ mcpServers }));
    const auth = await ground.run('mcporter', ['auth', NAME]);
    if (auth.status !== 0) return shown(auth);
    return shown(auth, await ground.run('mcporter', ['list', NAME]));
  },
};

const fastmcp: RealProduct = {
  name: 'fastmcp',
  preset: 'fastmcp',
  package: { from: 'pypi', name: 'fastmcp' },
  command: 'fastmcp.Client("<mcp-url>", auth="oauth")',
  async connect(ground) {
    const script = copyScript(ground, 'client.py');
    const given = ground.client ? [ground.client.id] : [];
    return shown(await ground.run('python', [script, ground.mcpUrl, ...given]));
  },
};

const sdk1: RealProduct = {
  name: 'sdk-1',
  package: { from: 'npm', name: '@modelcontextprotocol/sdk' },
  command: 'a client of one’s own on @modelcontextprotocol/sdk',
  fixedPort: 8976,
  connect: runSdkClient('sdk-1.mjs'),
};

const sdk2: RealProduct = {
  name: 'sdk-2',
  package: { from: 'npm', name: '@modelcontextprotocol/client' },
  command: 'a client of one’s own on @modelcontextprotocol/client',
  fixedPort: 8976,
  connect: runSdkClient('sdk-2.mjs'),
};

function runSdkClient(script: string): RealProduct['connect'] {
  return async (ground) => shown(await ground.run('node', [copyScript(ground, script), ground.mcpUrl]));
}

/** Puts a script beside the package, where its imports are found. */
function copyScript(ground: Ground, name: string): string {
  const script = join(ground.install, name);
  copyFileSync(new URL(`scripts/${name}`, import.meta.url), script);
  return script;
}

/** All products that run here, by name. */
export const REAL_PRODUCTS: readonly RealProduct[] = [
  mcpRemote,
  codex,
  claudeCode,
  inspectorCli,
  inspectorWeb,
  geminiCli,
  opencode,
  mcporter,
  fastmcp,
  sdk1,
  sdk2,
];
