import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import { startBrokenHost } from '../support/hosts/broken.ts';
import { type GoodHost, startGoodHost } from '../support/hosts/good.ts';
import { createServiceAccount } from '../support/keycloak/service-account.ts';
import { sarifProblems } from '../support/sarif-schema.ts';
import { adoptedConnector, newStage, probesIn, type Stage, senders, validateRun } from './stage.ts';

let stage: Stage;
let host: GoodHost;

beforeAll(async () => {
  stage = await newStage('statuses');
  host = await startGoodHost(stage.setup);
  await stage.provision(host.url);
});
afterAll(async () => {
  await host.stop();
  await stage.remove();
});

it('wrong credentials are exit status 4, and nothing is asked of the MCP server', async () => {
  const before = host.requests.length;
  const { exit, json } = await runCli(['validate', host.url, '--json'], {
    env: { ...stage.account.env, KC_CLIENT_SECRET: 'wrong-secret' },
  });
  expect(exit).toBe(4);
  expect(json.code).toBe('WRONG_SECRET');
  expect(host.requests.length).toBe(before);
});

it('an MCP server that is not there is exit status 3, with the document', async () => {
  const run = await stage.validate('http://127.0.0.1:9/mcp');
  expect(run.exit).toBe(3);
  expect(run.document.checks.length).toBeGreaterThan(30);
  expect(run.check('CHAL-401')).toMatchObject({
    outcome: 'fail',
    fix: expect.stringContaining('Start the MCP server'),
  });
});

it('a bad check, group or threshold is exit status 2', async () => {
  for (const args of [
    ['--only', 'NO-SUCH'],
    ['--skip', 'XYZ'],
    ['--fail-on', 'info'],
    ['--preset', 'nobody'],
    ['--user', 'nobody'],
  ]) {
    expect((await runCli(['validate', host.url, ...args], { env: stage.account.env })).exit).toBe(2);
  }
});

it('--fail-on should makes a failing should red', async () => {
  expect((await stage.validate(host.url, ['--fail-on', 'should'])).exit).toBe(1);
  expect((await stage.validate(host.url, ['--fail-on', 'should', '--skip', 'TOK-USERLESS'])).exit).toBe(0);
});

/** What takes the admin side, or doesn't apply here. */
const OUTSIDE = [
  'CLIENT-SETTINGS',
  'REG-ORIGIN',
  'REG-READBACK',
  'REG-PATHS',
  'TOK-ROLE',
  'TOK-OFFLINE',
  'LOG-CORRELATE',
];

describe('from outside', () => {
  const outsider = () => ({ KC_ISSUER: stage.realm.issuer });

  it('everything that takes no administrator is judged; the rest is not run with the reason', async () => {
    const run = await validateRun([host.url], outsider());
    expect(run.ids('fail')).toEqual(['TOK-USERLESS']);
    expect(run.ids('not-run')).toEqual(['MCP-SCOPES']);
    expect(run.ids('skipped')).toEqual(OUTSIDE);
    expect(run.exit).toBe(0);
    expect(await probesIn(stage.realm)).toEqual([]);
  });

  it('--outside skips it instead, with or without an account', async () => {
    const run = await validateRun([host.url, '--outside'], outsider());
    expect(run.ids('skipped')).toEqual(OUTSIDE);
    expect(run.exit).toBe(0);
    const with_ = await stage.validate(host.url, ['--outside']);
    expect(with_.ids('skipped')).toEqual(OUTSIDE);
    expect(with_.document.requests.filter(({ request }) => request.includes('/admin/'))).toEqual([]);
  });

  it('needs no configuration at all: the MCP server names its issuer', async () => {
    const run = await validateRun([host.url, '--outside'], {});
    expect(run.document.issuer).toBe(stage.realm.issuer);
    expect(run.exit).toBe(0);
    const lost = await startBrokenHost('issuer-link-local', stage.setup);
    const other = await validateRun([lost.url, '--outside'], {});
    expect(other.check('PRM-ISSUER').outcome).toBe('fail');
    expect(
      other.document.requests.filter(({ request, status }) => request.includes('169.254') && status !== null),
    ).toEqual([]);
    await lost.stop();
  });
});

describe('for production', () => {
  it('--no-registration registers nothing', async () => {
    const before = await stage.realm.snapshot();
    const run = await stage.validate(host.url, ['--no-registration']);
    expect(
      run.document.requests.filter(({ request }) => /POST .*clients-registrations/.test(request)),
    ).toEqual([]);
    expect(run.ids('skipped')).toEqual(
      expect.arrayContaining(['REG-PLAIN', 'REG-SCOPE', 'REG-READBACK', 'REG-FOREIGN']),
    );
    expect(run.ids('fail')).toEqual([]);
    expect(await stage.realm.snapshot()).toEqual(before);
  });

  it('a run with registrations leaves the realm as it was', async () => {
    const before = await stage.realm.snapshot();
    await stage.validate(host.url, ['--preset', 'chatgpt,claude']);
    expect(await stage.realm.snapshot()).toEqual(before);
  });

  it('an account that only reads is enough for standing mode', async () => {
    const reader = await createServiceAccount(stage.realm, 'reader', [
      'view-clients',
      'view-realm',
      'view-events',
      'view-users',
    ]);
    const run = await stage.validate(host.url, [], {
      KC_CLIENT_ID: 'reader',
      KC_CLIENT_SECRET: reader.secret,
    });
    expect(run.ids('fail')).toEqual(['TOK-USERLESS']);
    expect(run.ids('not-run')).toEqual([]);
    expect([...senders(host)]).not.toContain('reader');
  });
});

describe('the outputs', () => {
  it('--only probes no more than it takes', async () => {
    const run = await stage.validate(host.url, ['--only', 'CHAL-401']);
    expect(run.ids('pass')).toEqual(['CHAL-401']);
    expect(
      run.document.requests.filter(
        ({ to, request }) => to === 'keycloak' && !request.includes('openid-configuration'),
      ),
    ).toEqual([]);
  });

  it('JUnit, SARIF and annotations say the same as the document', async () => {
    const { io, exit } = await runCli(
      ['validate', host.url, '--json', '--junit', 'out.xml', '--sarif', 'out.sarif', '--fail-on', 'should'],
      {
        env: { ...stage.account.env, GITHUB_ACTIONS: 'true' },
      },
    );
    expect(exit).toBe(1);
    const file = io.disk.get('/here/out.xml');
    const xml = file === undefined || file instanceof Error ? '' : file.text;
    expect(xml).toContain('failures="1" errors="0"');
    expect(xml).toMatch(
      /<testcase classname="mcpkc.TOK" name="TOK-USERLESS [^"]*" time="[\d.]+"><failure message="should: /,
    );
    const sarif = io.disk.get('/here/out.sarif');
    const log = JSON.parse(sarif === undefined || sarif instanceof Error ? '' : sarif.text);
    expect(sarifProblems(log)).toBeUndefined();
    expect(log.runs[0].results).toMatchObject([{ ruleId: 'TOK-USERLESS', level: 'warning' }]);
    expect(io.err()).toMatch(/^::error title=TOK-USERLESS [^\n]*::A self-registered client got one\.%0A/m);
  });

  it('--manifest makes the manifest a must', async () => {
    const bare = await startBrokenHost('manifest-missing', stage.setup);
    const loose = await stage.validate(bare.url, ['--only', 'META']);
    expect(loose.check('META-MANIFEST')).toMatchObject({ outcome: 'pass', severity: 'info' });
    const strict = await stage.validate(bare.url, ['--only', 'META', '--manifest']);
    expect(strict.check('META-MANIFEST')).toMatchObject({ outcome: 'fail', severity: 'must' });
    expect(strict.exit).toBe(1);
    await bare.stop();
  });

  it('--list-checks needs neither host nor Keycloak', async () => {
    const { out, exit } = await runCli(['validate', '--list-checks'], {});
    expect(exit).toBe(0);
    expect(out).toContain('CHAL-401');
    const { json } = await runCli(['validate', '--list-checks', '--json'], {});
    expect(json.checks).toHaveLength(51);
  });
});

it('mode adopted needs no role to write, but for the MCP steps', async () => {
  const other = await newStage('reader');
  const windowed = await startGoodHost(other.setup);
  await other.provision(windowed.url, ['--attach', 'none']);
  await adoptedConnector(other, windowed.url);
  const reader = await createServiceAccount(other.realm, 'reader', [
    'view-clients',
    'view-realm',
    'view-events',
    'view-users',
  ]);
  const run = await other.validate(windowed.url, [], {
    KC_CLIENT_ID: 'reader',
    KC_CLIENT_SECRET: reader.secret,
  });
  expect(run.ids('fail')).toEqual([]);
  expect(run.check('TOK-AUD').outcome).toBe('pass');
  expect(run.check('AUTHZ-PKCE').outcome).toBe('pass');
  expect(run.check('MCP-OPEN')).toMatchObject({
    outcome: 'not-run',
    message: expect.stringContaining('manage-clients'),
  });
  // README's line for CI, and what action.yml and examples/ci run without an account.
  for (const args of [['--outside', '--junit', 'validate.xml'], [], ['--fail-on', 'must']]) {
    const outside = await validateRun([windowed.url, ...args], { KC_ISSUER: other.realm.issuer });
    expect(outside.ids('fail')).toEqual([]);
    expect(outside.check('TOK-AUD')).toMatchObject({ outcome: 'not-run', excused: true });
    expect(outside.exit).toBe(0);
  }
  const strict = await validateRun([windowed.url, '--require-user'], { KC_ISSUER: other.realm.issuer });
  expect(strict.exit).toBe(1);
  await windowed.stop();
  await other.remove();
});
