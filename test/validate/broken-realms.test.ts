import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { readConfig } from '../../examples/mcp-host/config.ts';
import { createHost } from '../../examples/mcp-host/host.ts';
import { type GoodHost, startGoodHost } from '../support/hosts/good.ts';
import { serve, type TestHost } from '../support/hosts/serve.ts';
import { audienceScope } from '../support/onboarding.ts';
import { expectFailures } from './expect.ts';
import { type Front, startFront } from './keycloak-front.ts';
import { front, policy, standing } from './realm-faults.ts';
import { adoptedConnector, newStage, probesIn, SCOPE, type Stage } from './stage.ts';

describe('a broken realm in standing mode', () => {
  let stage: Stage;
  let host: GoodHost;
  let fix: (() => Promise<unknown>) | undefined;

  beforeAll(async () => {
    stage = await newStage('realms');
    host = await startGoodHost(stage.setup);
    await stage.provision(host.url, ['--preset', 'chatgpt,codex,claude-code,inspector']);
  });
  afterEach(async () => {
    await fix?.();
    fix = undefined;
  });
  afterAll(async () => {
    await host.stop();
    await stage.remove();
  });

  it.each(standing)('$what: $breaks', async ({ breaks, words, break: spoil, args = [] }) => {
    fix = await spoil(stage, host);
    const run = await stage.validate(host.url, args);
    expectRealmFailures(run, breaks);
    expect(told(run, breaks)).toMatch(words);
    expect(await probesIn(stage.realm)).toEqual([]);
  });
});

/** A server that lets nobody in whose token is for it and lacks `openid`, as FastMCP's does; its challenge says so. */
function startDemanding(stage: Stage): Promise<TestHost> {
  return serve((origin) => {
    const env = {
      MCP_PUBLIC_BASE_URL: origin,
      OIDC_ISSUER: stage.setup.issuer,
      MCP_SCOPE_NAME: `${SCOPE},openid`,
    };
    const built = createHost(readConfig(env), { log: () => {} });
    return {
      listener: (req, res) => {
        const token = /^Bearer ey[^.]+\.([^.]+)\./.exec(req.headers.authorization ?? '')?.[1];
        const { scope = '', aud = [] } = JSON.parse(
          Buffer.from(token ?? '', 'base64url').toString() || '{}',
        ) as { scope?: string; aud?: string | string[] };
        const isForUs = [aud].flat().includes(`${origin}/mcp`);
        if (!isForUs || scope.split(' ').includes('openid')) return built.app(req, res);
        res.writeHead(403, { 'www-authenticate': 'Bearer error="insufficient_scope"' }).end();
      },
      close: built.close,
    };
  });
}

describe('an MCP server that demands openid', () => {
  let stage: Stage;
  let host: TestHost;

  beforeAll(async () => {
    stage = await newStage('demanding');
    host = await startDemanding(stage);
    await stage.provision(host.url, ['--preset', 'chatgpt,claude-code']);
  });
  afterAll(async () => {
    await host.stop();
    await stage.remove();
  });

  it('is opened with what it demands, and works for a product that asks for it', async () => {
    const run = await stage.validate(host.url);
    expectRealmFailures(run, []);
    expect(run.check('MCP-SCOPES').outcome).toBe('pass');
    expect(run.exit).toBe(0);
  });

  it('turns a product away that never looks at the challenge: MCP-SCOPES', async () => {
    const run = await stage.validate(host.url, ['--preset', 'claude-code']);
    expectRealmFailures(run, ['MCP-SCOPES']);
    expect(run.check('MCP-SCOPES').message).toMatch(/lacks openid, and without it .* 403/);
    expect(run.document.outlook[0]).toMatchObject({ verdict: 'fails', stage: 'mcp' });
  });
});

describe('a bad proxy in front of Keycloak', () => {
  let stage: Stage;
  let host: GoodHost;
  let proxy: Front;

  beforeAll(async () => {
    stage = await newStage('front');
    proxy = await startFront(inject('keycloak').url);
    stage.setup.issuer = `${proxy.url}/realms/${stage.realm.name}`;
    host = await startGoodHost(stage.setup);
    await stage.provision(host.url, ['--preset', 'chatgpt,inspector']);
  });
  afterEach(() => {
    proxy.spoil = {};
  });
  afterAll(async () => {
    await host.stop();
    await proxy.stop();
    await stage.remove();
  });

  it('is none as long as it spoils nothing', async () => {
    const run = await stage.validate(host.url, [], { KC_SERVER: proxy.url, KC_ISSUER: stage.setup.issuer });
    expectRealmFailures(run, []);
  });

  it.each(front)('$what: $breaks', async ({ breaks, words, spoil, args = [] }) => {
    proxy.spoil = spoil;
    const run = await stage.validate(host.url, args, { KC_SERVER: proxy.url, KC_ISSUER: stage.setup.issuer });
    proxy.spoil = {};
    expectRealmFailures(run, breaks);
    expect(told(run, breaks)).toMatch(words);
    expect(await probesIn(stage.realm)).toEqual([]);
  });
});

describe('a broken realm in mode adopted', () => {
  let stage: Stage;
  let host: GoodHost;
  let fix: (() => Promise<unknown>) | undefined;

  beforeAll(async () => {
    stage = await newStage('adopted-realms');
    host = await startGoodHost(stage.setup);
    await stage.provision(host.url, ['--attach', 'none']);
    await adoptedConnector(stage, host.url);
  });
  afterEach(async () => {
    await fix?.();
    fix = undefined;
  });
  afterAll(async () => {
    await host.stop();
    await stage.remove();
  });

  it('an audience scope that everybody may name: REG-SCOPE', async () => {
    const hidden = (await audienceScope(stage.realm, SCOPE))?.name ?? '';
    fix = await policy('allowed-client-templates', { 'allowed-client-scopes': ['openid', hidden] })(
      stage,
      host,
    );
    const run = await stage.validate(host.url);
    expectFailures(run, ['REG-SCOPE']);
    expect(told(run, ['REG-SCOPE'])).toMatch(/any client can get the audience/);
  });

  it('no client was adopted: what one would get is shown, with the way on', async () => {
    const other = await newStage('nobody');
    const lonely = await startGoodHost(other.setup);
    await other.provision(lonely.url, ['--attach', 'none']);
    const run = await other.validate(lonely.url);
    expect(run.check('TOK-AUD')).toMatchObject({
      outcome: 'pass',
      warning: true,
      message: expect.stringContaining(`mcpkc onboard ${lonely.url}`),
    });
    expect(run.document.outlook[0]).toMatchObject({
      verdict: 'expected-once-adopted',
      message: expect.stringContaining(`mcpkc onboard ${lonely.url} --preset chatgpt`),
    });
    expect(run.ids('fail')).toEqual([]);
    expect(run.exit).toBe(0);
    await lonely.stop();
    await other.remove();
  });
});

type Run = Awaited<ReturnType<Stage['validate']>>;

/** Userless tokens are possible in these realms, wherever the audience can be had at all. */
function expectRealmFailures(run: Run, breaks: readonly string[]): void {
  expectFailures(run, breaks, ['TOK-USERLESS']);
}

function told(run: Run, ids: readonly string[]): string {
  return ids
    .map((id) => run.check(id))
    .map(({ message, cause, fix }) => `${message} ${cause} ${fix}`)
    .join('\n');
}
