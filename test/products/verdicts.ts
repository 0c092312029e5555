/** Verdict against replay: what `validate` and `status` say of each product, and what a replay of its requests meets. */
import { inject } from 'vitest';
import { initializeMessage } from '../../src/checks/json-rpc.ts';
import { accountIn, expectCli, runCli } from '../support/cli.ts';
import { CookieJar } from '../support/connectors/cookies.ts';
import { type KnobName, startBrokenHost } from '../support/hosts/broken.ts';
import { startGoodHost } from '../support/hosts/good.ts';
import type { TestHost } from '../support/hosts/serve.ts';
import type {} from '../support/keycloak/global-setup.ts';
import { createRealm, type Realm, type RealmUser } from '../support/keycloak/realm.ts';
import { provisionRealm, SCOPE } from './real/stage.ts';
import { type ReplayedClient, replay } from './replay.ts';
import type { Situation } from './situations.ts';

/** Preset → the recording, or description, that its replay is made from. */
export const REPLAYS: Readonly<Record<string, string>> = {
  chatgpt: 'chatgpt',
  claude: 'claude',
  'claude-code': 'claude-code',
  vscode: 'vscode',
  cursor: 'cursor',
  codex: 'codex',
  'gemini-cli': 'gemini-cli',
  inspector: 'inspector-web',
  'mcp-remote': 'mcp-remote',
  opencode: 'opencode',
  mcporter: 'mcporter',
  fastmcp: 'fastmcp',
  'qwen-code': 'qwen-code',
  cline: 'cline',
};

/** A product in a situation. */
export interface Cell {
  readonly product: string;
  readonly verdict: string;
  /** Where the verdict has it fail. */
  readonly stage: string | null;
  readonly message: string;
  /** Where the replay was stopped; `works` where a tool list would come. */
  readonly replayed: string;
  /** What `status` says of the product. */
  readonly status: string;
  /** What stops products is nothing of the realm’s: `status` can’t know it. */
  readonly isBeyond: boolean;
}

interface Staged {
  realm: Realm;
  user: RealmUser;
  host: TestHost;
  env: Record<string, string>;
  stop(): Promise<void>;
}

async function stage({ staging, server = {}, env, knob, spoil }: Situation): Promise<Staged> {
  const realm = await createRealm(inject('keycloak'), 'verdicts');
  const setup = { issuer: realm.issuer, ...server };
  const host =
    knob === undefined ? await startGoodHost(setup, env) : await startBrokenHost(knob as KnobName, setup);
  const isAdopted = staging.scope === 'name-only';
  await provisionRealm(realm, host.url, isAdopted ? { ...staging, scope: 'none' } : staging);
  const account = await accountIn(realm);
  const user = await realm.createUser();
  const own = { ...account.env, MCP_TRANSPORT_URL: host.url, MCP_SCOPE_NAME: SCOPE };
  if (isAdopted) {
    const args = [
      'create-scope',
      '--attach',
      'none',
      '--no-harden',
      '--no-existing',
      '--registration',
      'keep',
    ];
    await expectCli(0, args, { env: own });
  }
  if (staging.offlineAccess === 'no-role') {
    const path = realm.path(`users/${user.id}/role-mappings/realm`);
    await realm.admin.del(path, await realm.admin.get(path));
  }
  await spoil?.(realm, user, host.url);
  return {
    realm,
    user,
    host,
    env: own,
    async stop() {
      await host.stop();
      await realm.remove();
    },
  };
}

/** Gives the hidden audience scope to a client, as `onboard` does. */
function adopter({ realm }: Staged): (client: ReplayedClient) => Promise<void> {
  return async ({ clientId }) => {
    const scopes = await realm.admin.get<{ id: string; name: string }[]>(realm.path('client-scopes'));
    const hidden = scopes.find(({ name }) => name.startsWith('mcp-audience-'));
    await realm.admin.put(realm.path(`clients/${clientId}/default-client-scopes/${hidden?.id}`));
  };
}

/** How far a replay gets, to the first answer of the MCP server. */
async function reached(staged: Staged, product: string, adopts: boolean, jar: CookieJar): Promise<string> {
  const { user, host } = staged;
  const onRegistered = adopts ? { onRegistered: adopter(staged) } : {};
  const result = await replay(REPLAYS[product] ?? product, { user }, host, { jar, ...onRegistered });
  if (!result.ok) return ['sign-in', 'consent'].includes(result.stage) ? 'authorization' : result.stage;
  if (!result.opens) return 'mcp';
  const { headers, body } = initializeMessage();
  const answer = await fetch(host.url, {
    method: 'POST',
    headers: { ...headers, authorization: `Bearer ${result.accessToken}` },
    body,
  });
  const text = await answer.text();
  return answer.status === 200 && text.includes('protocolVersion') ? 'works' : 'mcp';
}

interface Told {
  preset: string;
  verdict: string;
  stage: string | null;
  message: string;
}

/** Puts products before a situation: one `validate` and one `status` for all, and a replay of each. */
export async function cellsOf(situation: Situation, products: readonly string[]): Promise<Cell[]> {
  const staged = await stage(situation);
  try {
    const { env, user, host } = staged;
    const presets = ['--preset', products.join(',')];
    const asked = ['validate', host.url, '--json', '--user', user.username, ...presets];
    const inside = await runCli(asked, { env });
    // Where the realm refuses mcpkc’s own account too, an outsider’s verdict is what there is.
    const outside = () => runCli(['validate', host.url, '--json', '--outside', ...presets], { env });
    const { json } = inside.json.outlook === undefined ? await outside() : inside;
    const outlook = json.outlook as unknown as Told[];
    const { json: status } = await runCli(['status', '--json', ...presets], { env });
    const told = (status.products ?? []) as unknown as { preset: string; verdict: string }[];
    const cells: Cell[] = [];
    // One browser: the person signs in once, and says yes to each product.
    const jar = new CookieJar();
    for (const product of products) {
      const one = outlook.find(({ preset }) => preset === product);
      if (!one) throw new Error(`There is no verdict on ${product}: ${JSON.stringify(json).slice(0, 400)}`);
      const once = one.verdict.endsWith('once-adopted');
      cells.push({
        product,
        verdict: one.verdict,
        stage: one.stage,
        message: one.message,
        replayed: await reached(staged, product, once, jar),
        status: told.find(({ preset }) => preset === product)?.verdict ?? 'unknown',
        isBeyond: situation.beyond !== undefined,
      });
    }
    return cells;
  } finally {
    await staged.stop();
  }
}

/** Whether a verdict is the replay's opposite, or `status` says otherwise; undefined where all agree. */
export function contradiction({ verdict, stage: at, replayed, status, isBeyond }: Cell): string | undefined {
  if (verdict === 'unknown') return undefined;
  const fails = verdict === 'fails';
  if (fails !== (replayed !== 'works')) return `validate: ${verdict} ${at ?? ''}, replayed: ${replayed}`;
  if (fails && at !== replayed) return `validate: fails at ${at}, replayed: ${replayed}`;
  if (status === 'stopped' && !fails) return `status: stopped, validate: ${verdict}`;
  if (status === 'ready' && fails && !isBeyond) return `status: ready, validate: fails at ${at}`;
  return undefined;
}
