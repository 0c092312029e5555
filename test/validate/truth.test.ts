import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replay } from '../products/replay.ts';
import { Connector } from '../support/connectors/chatgpt.ts';
import { CHATGPT, CLAUDE, CODEX, type Product, VSCODE } from '../support/connectors/products.ts';
import { type KnobName, startBrokenHost } from '../support/hosts/broken.ts';
import { type GoodHost, startGoodHost } from '../support/hosts/good.ts';
import type { TestHost } from '../support/hosts/serve.ts';
import { anonymousPolicies, configure, scopeIn } from '../support/realm-things.ts';
import { adoptedConnector, newStage, retarget, SCOPE, type Stage } from './stage.ts';

/** The products that both sides know. */
const PRODUCTS: Readonly<Record<string, Product>> = {
  chatgpt: CHATGPT,
  claude: CLAUDE,
  vscode: VSCODE,
  codex: CODEX,
};
const PRESETS = Object.keys(PRODUCTS).join(',');

/** Fails where an outlook and the product's connector part: at which stage it is stopped, or that a tool is called. */
async function expectTruth(
  stage: Stage,
  host: TestHost,
  known: Readonly<Record<string, string>> = {},
): Promise<Record<string, string>> {
  const run = await stage.validate(host.url, ['--preset', PRESETS]);
  const told: Record<string, string> = {};
  const seen: Record<string, string> = {};
  for (const { preset, verdict, stage: at } of run.document.outlook) {
    told[preset] = verdict === 'fails' ? String(at) : verdict === 'unknown' ? 'unknown' : 'works';
    const product = PRODUCTS[preset];
    if (!product) continue;
    const clientId = known[preset];
    const client = clientId === undefined ? undefined : await stored(stage, clientId);
    const result = await new Connector(host.url, { product, client }).connect(stage.user);
    seen[preset] = result.ok ? 'works' : result.stage;
  }
  expect(told, run.document.outlook.map(({ preset, message }) => `${preset}: ${message}`).join('\n')).toEqual(
    seen,
  );
  return told;
}

/** A client with its secret, as its product keeps it. */
async function stored({ realm }: Stage, clientId: string) {
  const [client] = await realm.admin.get<{ id: string; secret?: string }[]>(
    realm.path(`clients?clientId=${clientId}`),
  );
  return { clientId, clientSecret: client?.secret };
}

describe('an outlook comes true in standing mode', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await newStage('truth');
    await stage.provision('https://mcp.example.com/mcp', ['--preset', PRESETS]);
  });
  afterAll(() => stage.remove());

  async function withHost(host: TestHost, work: () => Promise<unknown>): Promise<void> {
    try {
      await retarget(stage, host.url);
      await work();
    } finally {
      await host.stop();
    }
  }

  it.each([
    ['that names its scope', { scope: SCOPE }],
    ['that lists its scope', { scope: SCOPE, advertisedScopes: [SCOPE] }],
  ])('a good MCP server %s works for all', async (_what, setup) => {
    const host = await startGoodHost({ issuer: stage.realm.issuer, ...setup });
    await withHost(host, async () => {
      const told = await expectTruth(stage, host);
      expect(told).toEqual({ chatgpt: 'works', claude: 'works', vscode: 'works', codex: 'works' });
    });
  });

  it.each<[KnobName, string]>([
    ['challenge-200', 'challenge'],
    ['challenge-404', 'challenge'],
    ['prm-missing', 'resource-metadata'],
    ['issuer-as-metadata-url', 'server-metadata'],
    ['issuer-other', 'registration'],
    ['accepts-garbage-token', 'works'],
    ['initialize-error', 'mcp'],
    ['tools-list-500', 'mcp'],
  ])('an MCP server with %s', async (name, expected) => {
    const host = await startBrokenHost(name, stage.setup);
    await withHost(host, async () => {
      const run = await stage.validate(host.url, ['--preset', 'chatgpt,claude']);
      for (const { preset, verdict, stage: at } of run.document.outlook) {
        const result = await new Connector(host.url, { product: PRODUCTS[preset] ?? CHATGPT }).connect(
          stage.user,
        );
        const seen = result.ok ? 'works' : result.stage;
        expect([preset, verdict === 'fails' ? at : 'works'], JSON.stringify(result).slice(0, 300)).toEqual([
          preset,
          seen,
        ]);
      }
      expect(expected).toBeTypeOf('string');
    });
  });

  it('an MCP server whose resource is its bare origin stops those that compare bytes', async () => {
    const host = await startBrokenHost('resource-origin-only', stage.setup);
    await withHost(host, async () => {
      const told = await expectTruth(stage, host);
      expect(told).toMatchObject({
        claude: 'resource-metadata',
        vscode: 'resource-metadata',
        chatgpt: 'works',
      });
    });
  });

  it('a product whose hosts are not trusted is stopped at registration', async () => {
    const host = await startGoodHost(stage.setup);
    const [policy] = await anonymousPolicies(stage.realm, 'trusted-hosts');
    if (!policy) throw new Error('There is no policy.');
    await configure(stage.realm, policy, { 'trusted-hosts': ['chatgpt.com', '127.0.0.1'] });
    await withHost(host, async () => {
      expect(await expectTruth(stage, host)).toEqual({
        chatgpt: 'works',
        claude: 'registration',
        vscode: 'registration',
        codex: 'works',
      });
    });
    await configure(stage.realm, policy, policy.config);
  });

  it('an optional scope that nothing names reaches nobody but those who ask for all that they may', async () => {
    const host = await startGoodHost({ issuer: stage.realm.issuer });
    const found = await scopeIn(stage.realm, SCOPE);
    const path = (list: string) => stage.realm.path(`default-${list}-client-scopes/${found?.id}`);
    await stage.realm.admin.del(path('default'));
    await stage.realm.admin.put(path('optional'));
    await withHost(host, async () => {
      const run = await stage.validate(host.url, ['--preset', 'chatgpt,claude']);
      expect(run.ids('fail')).toEqual(expect.arrayContaining(['PRM-SCOPES', 'AUTHZ-SCOPES']));
      // Claude asks for all that the issuer advertises, where the MCP server names nothing.
      expect(run.document.outlook.map(({ verdict, stage: at }) => [verdict, at])).toEqual([
        ['expected', null],
        ['fails', 'authorization'],
      ]);
      for (const [product, opens] of [
        ['chatgpt', true],
        ['claude', false],
      ] as const) {
        const result = await replay(product, { user: stage.user }, host);
        expect(result.ok && result.opens, product).toBe(opens);
      }
    });
    const listing = await startGoodHost({ issuer: stage.realm.issuer, advertisedScopes: [SCOPE] });
    await withHost(listing, async () => {
      expect(await expectTruth(stage, listing)).toEqual({
        chatgpt: 'works',
        claude: 'works',
        vscode: 'works',
        codex: 'works',
      });
    });
    await stage.realm.admin.del(path('optional'));
    await stage.realm.admin.put(path('default'));
  });

  it('a scope that ChatGPT asks for and the realm lacks stops it at authorization', async () => {
    const host = await startGoodHost(stage.setup);
    const phone = await scopeIn(stage.realm, 'phone');
    const path = stage.realm.path(`default-optional-client-scopes/${phone?.id}`);
    await stage.realm.admin.del(path);
    await withHost(host, async () => {
      const asks = { ...CHATGPT, silentScope: 'none' as const };
      const run = await stage.validate(host.url);
      expect(run.document.outlook[0]).toMatchObject({ verdict: 'fails', stage: 'authorization' });
      const scope = 'address microprofile-jwt organization phone';
      const result = await new Connector(host.url, { product: asks, scope }).connect(stage.user);
      expect(result).toMatchObject({ ok: false, stage: 'authorization', error: 'invalid_scope' });
    });
    await stage.realm.admin.put(path);
  });

  it('a token without the audience is stopped at the MCP server (§7)', async () => {
    const host = await startGoodHost(stage.setup);
    await withHost(host, async () => {
      await retarget(stage, host.url, 'https://other.example/mcp');
      const told = await expectTruth(stage, host);
      expect(new Set(Object.values(told))).toEqual(new Set(['mcp']));
    });
  });
});

describe('an outlook comes true in mode adopted', () => {
  let stage: Stage;
  let host: GoodHost;

  beforeAll(async () => {
    stage = await newStage('truth-adopted');
    host = await startGoodHost(stage.setup);
    await stage.provision(host.url, ['--attach', 'none']);
  });
  afterAll(async () => {
    await host.stop();
    await stage.remove();
  });

  it('the connector that was given the scope works', async () => {
    const clientId = await adoptedConnector(stage, host.url);
    const run = await stage.validate(host.url);
    expect(run.document.outlook[0]?.verdict).toBe('expected');
    const result = await new Connector(host.url, { client: await stored(stage, clientId) }).connect(
      stage.user,
    );
    expect(result.ok).toBe(true);
  });
});
