import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { expectCli } from '../../support/cli.ts';

const SERVERS = '{ servers: [{ resource: https://a.example.com/mcp }]';
const files = (text: string) => ({ 'mcpkc.yaml': text });

/** A server that records what reaches it, and knows nothing. */
const heard: string[] = [];
const recorder = createServer((request, response) => {
  heard.push(`${request.method} ${request.url}`);
  response.writeHead(404).end('{}');
});
await new Promise<void>((resolve) => recorder.listen(0, '127.0.0.1', resolve));
const URL_HERE = `http://127.0.0.1:${(recorder.address() as AddressInfo).port}`;
afterAll(() => recorder.close());

/** A profile of variables alone. */
const profile = (name: string, more: Record<string, string> = {}) =>
  Object.fromEntries(
    Object.entries({
      KC_SERVER: URL_HERE,
      KC_CLIENT_ID: 'ci',
      KC_CLIENT_SECRET: 'of-the-profile',
      ...more,
    }).map(([key, value]) => [`MCPKC_PROFILE_${name}_${key}`, value]),
  );

describe('plan --offline', () => {
  it('checks the file alone: nothing is configured, nothing is sent', async () => {
    const ran = await expectCli(0, ['plan', '--offline', '--json'], {
      files: files(`realms: [${SERVERS} }]`),
    });
    expect(ran.json).toMatchObject({
      schema: 'mcpkc/plan/v1',
      offline: true,
      realms: [{ profile: null, servers: ['https://a.example.com/mcp'] }],
    });
  });

  it('counts what it can’t tell about the file: a preset that a profile’s configuration may have', async () => {
    const text = 'realms: [{ servers: [{ resource: https://a.example.com/mcp, products: [our-agent] }] }]';
    const ran = await expectCli(0, ['plan', '--offline'], { files: { 'mcpkc.yaml': text } });
    expect(ran.out).toContain('the file can be read; 1 note above');
    expect(ran.err.replaceAll(/\s+/g, ' ')).toContain('the profile’s configuration must have it');
  });

  it('--quiet prints nothing where all is well', async () => {
    const ran = await expectCli(0, ['plan', '--offline', '--quiet'], {
      files: files(`realms: [${SERVERS} }]`),
    });
    expect(ran.out + ran.err).toBe('');
  });

  it('names every problem with its place, and the file where it has none', async () => {
    const text = 'realms:\n  - servers:\n      - { resource: nowhere, mode: open }\n      - {}\n';
    const ran = await expectCli(2, ['plan', '--offline', '-f', 'a.yaml', '--json'], {
      files: { 'a.yaml': text },
    });
    expect(ran.json).toMatchObject({
      code: 'INPUT_INVALID',
      details: { problems: [{ line: 3 }, { line: 3 }, { line: 4 }] },
    });
    expect(ran.json.message).toContain(
      'a.yaml:3:36 realms[0].servers[0].mode: it must be standing or adopted',
    );
    const none = await expectCli(2, ['plan', '--offline', '-f', 'b.yaml', '--json'], { files: {} });
    expect(none.json.message).toContain('there is no file b.yaml');
    const usual = await expectCli(2, ['plan', '--json'], { files: {} });
    expect(usual.json.message).toContain('there is no file mcpkc.yaml, mcpkc.yml, mcpkc.json here');
  });
});

describe('what a file has of a connection', () => {
  it.each([
    [
      'another server',
      `{ profile: p, server: https://evil.example.com, ${SERVERS.slice(2)} }`,
      { KC_REALM: 'r' },
    ],
    ['another realm', `{ profile: p, realm: other, ${SERVERS.slice(2)} }`, { KC_REALM: 'r' }],
    ['a realm where the account is of none', `{ profile: p, realm: other, ${SERVERS.slice(2)} }`, {}],
  ])('is compared, never followed: %s is PROFILE_MISMATCH', async (_what, realm, more) => {
    heard.length = 0;
    for (const command of ['plan', 'apply']) {
      const ran = await expectCli(5, [command, '--json'], {
        files: files(`realms: [${realm}]`),
        env: profile('P', more),
      });
      expect(ran.json).toMatchObject({ code: 'PROFILE_MISMATCH', exitStatus: 5 });
    }
    expect(heard).toEqual([]);
  });

  it('names a realm where the profile has none and its account is one of master', async () => {
    heard.length = 0;
    const text = `realms: [{ profile: p, realm: other, server: ${URL_HERE}/, ${SERVERS.slice(2)} }]`;
    const env = profile('P', { KC_ADMIN_REALM: 'master' });
    const ran = await expectCli(3, ['plan', '--json'], { files: files(text), env });
    expect(ran.json.code).toBe('KEYCLOAK_ERROR');
    // The account's own realm is asked for the token, whatever the file has.
    expect(heard[0]).toBe('POST /realms/master/protocol/openid-connect/token');
    expect(heard.filter((one) => one.includes('/other/'))).toEqual([]);
  });

  it('counts with --server and --realm where it names no profile, and is compared with them', async () => {
    heard.length = 0;
    const env = { KC_SERVER: 'http://127.0.0.1:9', KC_CLIENT_ID: 'ci', KC_CLIENT_SECRET: 'of-here' };
    const here = ['plan', '--json', '--server', URL_HERE, '--realm', 'r'];
    await expectCli(3, here, { files: files(`realms: [${SERVERS} }]`), env });
    expect(heard[0]).toBe('POST /realms/r/protocol/openid-connect/token');
    const other = `realms: [{ server: https://evil.example.com, ${SERVERS.slice(2)} }]`;
    const ran = await expectCli(5, here, { files: files(other), env });
    expect(ran.json.code).toBe('PROFILE_MISMATCH');
  });

  it('goes with neither --server nor --realm where it names a profile', async () => {
    const text = `realms: [{ profile: p, ${SERVERS.slice(2)} }]`;
    const ran = await expectCli(2, ['plan', '--json', '--realm', 'x'], {
      files: files(text),
      env: profile('P', { KC_REALM: 'r' }),
    });
    expect(ran.json).toMatchObject({ code: 'INPUT_INVALID', details: { culprit: '--realm' } });
  });

  it('is no profile that isn’t there, and those that are stand in the message', async () => {
    const text = `realms: [{ profile: q, ${SERVERS.slice(2)} }]`;
    const ran = await expectCli(2, ['plan', '--json'], { files: files(text), env: profile('P') });
    expect(ran.json).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(ran.json.message).toContain('there are: p');
  });
});

describe('one realm that fails', () => {
  it('stops no other, and is told with its own exit status', async () => {
    const text = `realms:
  - { profile: p, ${SERVERS.slice(2)} }
  - { profile: q, server: https://evil.example.com, ${SERVERS.slice(2)} }
`;
    const env = { ...profile('P', { KC_REALM: 'r' }), ...profile('Q', { KC_REALM: 's' }) };
    const ran = await expectCli(3, ['plan', '--json'], { files: files(text), env });
    expect(ran.json.realms).toMatchObject([
      { profile: 'p', error: { exitStatus: 3 } },
      { profile: 'q', error: { code: 'PROFILE_MISMATCH' } },
    ]);
    const told = await expectCli(3, ['plan', '--markdown'], { files: files(text), env });
    expect(told.out).toContain('PROFILE_MISMATCH');
    const applied = await expectCli(1, ['apply', '--json'], { files: files(text), env });
    expect(applied.json.realms).toMatchObject([{ error: {} }, { error: { code: 'PROFILE_MISMATCH' } }]);
  });
});

describe('a saved plan', () => {
  it.each([
    ['no JSON', 'hello'],
    ['another document', '{"schema": "mcpkc/status/v1"}'],
    ['a plan without its files', '{"schema": "mcpkc/plan/v1", "prune": false, "realms": []}'],
  ])('that is %s is refused before anything is read', async (_what, text) => {
    const ran = await expectCli(2, ['apply', '--plan', 'plan.json', '--json'], {
      files: { 'plan.json': text },
    });
    expect(ran.json).toMatchObject({ code: 'INPUT_INVALID', details: { culprit: '--plan' } });
  });

  it('stands for its file: -f beside it is usage', async () => {
    await expectCli(2, ['apply', '--plan', 'plan.json', '-f', 'a.yaml', '--json']);
  });
});
