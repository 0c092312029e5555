import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../examples/mcp-host/config.ts';
import { createHost } from '../../examples/mcp-host/host.ts';
import { runCli } from '../support/cli.ts';
import { signIn } from '../support/connectors/sign-in.ts';
import type { GoodHost } from '../support/hosts/good.ts';
import { startMinimalStateless } from '../support/hosts/minimal-stateless.ts';
import { serve } from '../support/hosts/serve.ts';
import { startWithSessions } from '../support/hosts/with-sessions.ts';
import { since } from '../support/keycloak/version.ts';
import {
  adoptedConnector,
  goodHost,
  newStage,
  probesIn,
  retarget,
  type Stage,
  senders,
  type Validated,
  validateRun,
} from './stage.ts';

/** Nobody names a client, no chosen product registers from a browser, and Keycloak is at a loopback address. */
const NOT_HERE = ['CLIENT-SETTINGS', 'REG-ORIGIN', 'REG-PATHS', 'TOK-ROLE'];

const redMusts = (run: Validated) =>
  run.document.checks
    .filter(({ outcome, severity }) => severity === 'must' && outcome !== 'pass' && outcome !== 'skipped')
    .map(({ id, message }) => `${id}: ${message}`);

describe.each(['standing', 'adopted'] as const)('a good MCP server in %s mode', (mode) => {
  let stage: Stage;
  let host: GoodHost;

  beforeAll(async () => {
    stage = await newStage(mode);
    host = await goodHost(stage);
    if (mode === 'adopted') {
      await stage.provision(host.url, ['--attach', 'none']);
      await adoptedConnector(stage, host.url);
    } else await stage.provision(host.url);
  });
  afterAll(async () => {
    await host.stop();
    await stage.remove();
  });

  it('passes every must, and leaves no probe', async () => {
    const run = await stage.validate(host.url);
    expect(redMusts(run)).toEqual([]);
    expect(run.ids('fail')).toEqual(mode === 'standing' ? ['TOK-USERLESS'] : []);
    expect(run.ids('not-run')).toEqual([]);
    expect(run.ids('skipped').toSorted()).toEqual(NOT_HERE);
    expect(run.document.mode).toBe(mode);
    expect(run.document.issuer).toBe(stage.realm.issuer);
    expect(run.exit).toBe(0);
    // OpenAI's servers come neither to this machine's MCP server nor to its Keycloak.
    const [prospect] = run.document.outlook;
    expect(prospect).toMatchObject({ preset: 'chatgpt', unreachable: [host.url, stage.realm.issuer] });
    expect(await probesIn(stage.realm)).toEqual([]);
  });

  it('is told of requests that can be found again, and of no account', async () => {
    const run = await stage.validate(host.url, ['--only', 'LOG,REG,MCP-TOOLS']);
    expect([...senders(host)]).not.toContain('mcpkc');
    const sent = new Set(host.requests.map(({ headers }) => headers['x-request-id']));
    for (const { id, to } of run.document.requests) if (to === 'mcp-server') expect(sent).toContain(id);
    expect(host.requests.every(({ headers }) => headers['user-agent']?.startsWith('mcpkc/'))).toBe(true);
    expect(host.log.join('\n')).not.toContain('tools/call');
    const types = new Set(run.document.events.map(({ type }) => type));
    expect(types).toContain('CLIENT_REGISTER');
    expect(types).toContain('CLIENT_REGISTER_ERROR');
    expect(types).toContain('CLIENT_LOGIN');
    expect(run.document.commands.mcpServer).toContain(`grep 'mcpkc-`);
  });

  it('takes less than three seconds', async () => {
    const times: number[] = [];
    // The best of three: others may be working on this machine.
    for (let run = 0; run < 3 && !times.some((ms) => ms < 3000); run++) {
      const begun = performance.now();
      expect((await stage.validate(host.url)).exit).toBe(0);
      times.push(performance.now() - begun);
    }
    expect(Math.min(...times)).toBeLessThan(3000);
  });

  it('fits into 80 columns', async () => {
    const { out, exit } = await runCli(['validate', host.url], { env: stage.account.env });
    expect(exit).toBe(0);
    const words = out.split('\n').filter((line) => line.length > 80 && line.trim().includes(' '));
    expect(words).toEqual([]);
    expect(out.trimEnd().split('\n').at(-1)).toMatch(
      /^(?:✓ \d+ checks passed(?:, \d noted)?\.|! \d+ checks passed, .* None of these must pass\.)$/,
    );
  });
});

describe.runIf(since(26, 7, 0))('a realm that refuses tokens without a user', () => {
  let stage: Stage;
  let host: GoodHost;

  beforeAll(async () => {
    stage = await newStage('login');
    host = await goodHost(stage);
    await stage.provisionWhole(host.url);
  });
  afterAll(async () => {
    await host.stop();
    await stage.remove();
  });

  it('passes every check with --login', async () => {
    const run = await loginRun(stage, host.url);
    expect(
      run.document.checks
        .filter(({ id, outcome }) => outcome !== (NOT_HERE.includes(id) ? 'skipped' : 'pass'))
        .map(({ id, message }) => `${id}: ${message}`),
    ).toEqual([]);
    expect(run.exit).toBe(0);
    expect(run.check('MCP-OPEN').message).toContain('the token of a sign-in');
    expect(run.document.events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['LOGIN', 'CODE_TO_TOKEN']),
    );
    expect(await probesIn(stage.realm)).toEqual([]);
  });

  it('is tested all the same, with a token of a client that the admin API makes', async () => {
    const run = await stage.validate(host.url);
    expect(run.check('MCP-OPEN')).toMatchObject({ outcome: 'pass' });
    expect(run.check('TOK-USERLESS').outcome).toBe('pass');
    expect(run.check('TOK-CLAIMS').outcome).toBe('pass');
    expect(run.check('CHAL-FOREIGN-AUD').outcome).toBe('pass');
    expect(await probesIn(stage.realm)).toEqual([]);
  });

  it('takes a token from a file', async () => {
    const login = await loginRun(stage, host.url, { keep: true });
    expect(login.exit).toBe(0);
    const token = login.kept ?? '';
    const { json, exit } = await runCli(
      ['validate', host.url, '--json', '--token-file', 'token', '--only', 'MCP'],
      {
        env: stage.account.env,
        files: { token: `${token}\n` },
      },
    );
    const open = (json.checks as { id: string; message: string; outcome: string }[]).find(
      ({ id }) => id === 'MCP-OPEN',
    );
    expect(open).toMatchObject({ outcome: 'pass', message: expect.stringContaining('--token-file') });
    expect(exit).toBe(0);
  });
});

/** A run with `--login` and the sign-in helper for a browser. */
async function loginRun(stage: Stage, url: string, { keep = false } = {}) {
  const seen: { kept?: string } = {};
  const run = await validateRun([url, '--login', '--request-timeout', '10s'], stage.account.env, (io) => {
    io.openBrowser = async (address) => {
      const redirectUri = new URL(address).searchParams.get('redirect_uri') ?? '';
      void signIn(address, { user: stage.user, redirectUri }).then((result) => {
        if (result.ok) void fetch(`${redirectUri}?${result.params}`);
      });
      return true;
    };
  });
  if (keep) seen.kept = (await personsToken(stage)) ?? '';
  return { ...run, ...seen, check: run.check };
}

/** A token of a person, from the test's own client. */
async function personsToken({ realm, user }: Stage): Promise<string | undefined> {
  await realm.admin.request('POST', realm.path('clients'), {
    clientId: 'direct',
    publicClient: true,
    // With full scope its tokens would also be for Keycloak's own account API.
    fullScopeAllowed: false,
    directAccessGrantsEnabled: true,
  });
  const response = await fetch(`${realm.issuer}/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'password',
      client_id: 'direct',
      username: user.username,
      password: user.password,
      scope: 'openid',
    }),
  });
  return ((await response.json()) as { access_token?: string }).access_token;
}

describe('hosts straight from the SDK', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await newStage('sdk');
    await stage.provision('https://mcp.example.com/mcp');
  });
  afterAll(() => stage.remove());

  it.each([
    ['minimal and stateless', startMinimalStateless],
    ['with sessions', startWithSessions],
  ])('%s: every must passes', async (_name, start) => {
    const host = await start(stage.setup);
    try {
      await retarget(stage, host.url);
      const run = await stage.validate(host.url);
      expect(redMusts(run)).toEqual([]);
      expect(run.exit).toBe(0);
    } finally {
      await host.stop();
    }
  });

  it('an MCP server at the root of its origin passes too', async () => {
    const host = await serve((origin) => {
      const env = { MCP_TRANSPORT_URL: origin, OIDC_ISSUER: stage.setup.issuer, MCP_SCOPE_NAME: stage.scope };
      const built = createHost(readConfig(env), { log: () => {} });
      return { listener: built.app, close: built.close };
    }, '');
    try {
      await retarget(stage, host.origin);
      const run = await stage.validate(host.origin);
      expect(redMusts(run)).toEqual([]);
      expect(run.exit).toBe(0);
    } finally {
      await host.stop();
    }
  });
});
