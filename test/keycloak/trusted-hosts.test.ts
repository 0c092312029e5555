import { beforeAll, describe, expect, inject, it } from 'vitest';
import { schemaUrn } from '../../src/schema-urn.ts';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import { adminEvents, clearEvents, switchEventsOn } from '../support/keycloak/events.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import {
  addTrustedHosts,
  anonymousPolicies,
  CHATGPT_BODY,
  configure,
  hostsIn,
  registerAnonymously,
} from '../support/realm-things.ts';
import { startReverseProxy } from '../support/reverse-proxy.ts';

const realm = await useRealm('trusted-hosts');
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm, ['manage-clients', 'manage-realm']);
  await switchEventsOn(realm);
});

const run = (exit: number, ...args: string[]) =>
  expectCli(exit, ['trusted-hosts', ...args], { env: account.env });
const policy = async () => (await anonymousPolicies(realm, 'trusted-hosts'))[0];
const flags = async () => {
  const config = (await policy())?.config;
  return [
    config?.['host-sending-registration-request-must-match']?.[0],
    config?.['client-uris-must-match']?.[0],
  ];
};

describe('listing', () => {
  it('says that nobody may register in a new realm', async () => {
    const ran = await run(0);
    expect(ran.out).toContain(`Hosts that may register clients in realm ${realm.name}`);
    expect(ran.out).toContain('(none: every registration is refused)');
    expect(ran.out).toContain('sender must match: on');
  });

  it('--json has the policies and an empty plan', async () => {
    expect((await run(0, '--list', '--json')).json).toEqual({
      $schema: schemaUrn('trusted-hosts'),
      schema: 'mcpkc/trusted-hosts/v1',
      ok: true,
      exitStatus: 0,
      server: account.env.KC_SERVER,
      realm: realm.name,
      resource: null,
      scope: null,
      mode: null,
      policies: [{ name: 'Trusted Hosts', hosts: [], senderMatch: true, clientUrisMatch: true }],
      redirectUris: null,
      changes: [],
      applied: true,
    });
  });
});

describe('--add and --remove', () => {
  it('add what is written in any spelling, once, and leave the flags', async () => {
    const before = await flags();
    await run(
      0,
      '--add',
      'Tools.Example.COM.',
      '--add',
      'https://tools.example.com/,BÜCHER.example',
      '--add',
      '*.Wild.example',
    );
    expect(await hostsIn(realm)).toEqual(['*.wild.example', 'tools.example.com', 'xn--bcher-kva.example']);
    expect(await flags()).toEqual(before);
    expect((await run(0, '--add', 'TOOLS.example.com', '--dry-run', '--json')).json).toMatchObject({
      changes: [],
    });
  });

  it('--dry-run writes nothing and ends with 1', async () => {
    await clearEvents(realm);
    const proxy = await startReverseProxy(inject('keycloak').url);
    const env = { ...account.env, KC_SERVER: proxy.url };
    const ran = await expectCli(1, ['trusted-hosts', '--add', 'new.example.com', '--dry-run', '--json'], {
      env,
    });
    expect(ran.json).toMatchObject({
      ok: false,
      exitStatus: 1,
      applied: false,
      changes: expect.arrayContaining([
        expect.objectContaining({ kind: 'trusted-hosts', action: 'update', key: 'Trusted Hosts' }),
      ]),
    });
    expect(proxy.writes()).toEqual([]);
    expect(await adminEvents(realm)).toEqual([]);
    expect(await hostsIn(realm)).not.toContain('new.example.com');
  });

  it('remove what is named, in any spelling, and nothing else', async () => {
    const removed = await run(0, '--remove', 'bücher.EXAMPLE', '--remove', 'tool.example.com');
    expect(removed.err.replaceAll(/\s+/g, ' ')).toContain(
      'tool.example.com is not in the list: there is nothing to remove. Did you mean tools.example.com?',
    );
    expect(await hostsIn(realm)).toEqual(['*.wild.example', 'tools.example.com']);
    expect((await run(0, '--remove', 'bücher.EXAMPLE', '--dry-run', '--json')).json.changes).toEqual([]);
  });

  it('refuse what is no host, and reach no server for it', async () => {
    const bad = [
      'a b',
      'host:8080',
      'host/path',
      '*',
      'a.*.b',
      `${'a'.repeat(64)}.example`,
      'u@host',
      '-x.example',
      'a..b',
    ];
    for (const host of bad) {
      const ran = await expectCli(2, ['trusted-hosts', `--add=${host}`, '--json'], {
        env: { ...account.env, KC_SERVER: 'http://127.0.0.1:9' },
      });
      expect(ran.json, host).toMatchObject({
        code: 'INPUT_INVALID',
        message: expect.stringMatching(/^Trusted host: /),
      });
    }
    expect((await run(2, '--add', 'a.example,,b.example')).err).toMatch(
      /There is an\s+empty entry in the list\./,
    );
    expect((await run(2, '--add', 'a.example', '--remove', 'A.example')).err).toContain(
      'a.example is to be added too',
    );
  });

  it('a host that Keycloak has in capitals does not stand for the one in small letters', async () => {
    const found = await policy();
    if (found) await configure(realm, found, { 'trusted-hosts': ['ChatGPT.com'] });
    await run(0, '--preset', 'chatgpt');
    expect((await registerAnonymously(realm, CHATGPT_BODY)).status).toBe(201);
  });
});

describe('--preset', () => {
  it('adds the product’s hosts and sets the flags as it needs them', async () => {
    const found = await policy();
    if (found)
      await configure(realm, found, {
        'trusted-hosts': ['theirs.example.org'],
        'client-uris-must-match': ['false'],
        'host-sending-registration-request-must-match': ['true'],
      });
    expect((await registerAnonymously(realm, CHATGPT_BODY)).status).toBe(403);
    await run(0, '--preset', 'chatgpt,vscode');
    expect(await flags()).toEqual(['false', 'true']);
    expect(await hostsIn(realm)).toEqual(
      expect.arrayContaining(['theirs.example.org', 'chatgpt.com', 'vscode.dev', 'code.visualstudio.com']),
    );
    expect((await registerAnonymously(realm, CHATGPT_BODY)).status).toBe(201);
    expect((await run(0, '--preset', 'chatgpt,vscode', '--dry-run', '--json')).json.changes).toEqual([]);
  });

  it('suggests a name that was misspelt', async () => {
    expect((await run(2, '--preset', 'chatgtp')).err).toContain('Did you mean chatgpt?');
    expect((await run(2, '--preset', 'Claud')).err).toContain('Did you mean claude?');
    expect((await run(2, '--preset', 'xyz')).err).not.toContain('Did you mean');
  });
});

it('every Trusted Hosts policy of the realm is kept alike, other policies are not touched', async () => {
  await addTrustedHosts(realm, 'Another', ['another.example.org']);
  const before = await realm.snapshot();
  await run(0, '--add', 'both.example.com');
  const ids = (await anonymousPolicies(realm, 'trusted-hosts')).map(({ id }) => id);
  expect(ids).toHaveLength(2);
  for (const { config } of await anonymousPolicies(realm, 'trusted-hosts')) {
    expect(config['trusted-hosts']).toContain('both.example.com');
  }
  const after = await realm.snapshot();
  const rest = ({ components }: typeof before) => components.filter(({ id }) => !ids.includes(String(id)));
  expect(rest(after)).toEqual(rest(before));
  // The redirect URIs of the added host, and what mcpkc remembers, are its own.
  const others = ({ clients, realm: settings, clientProfiles: _profiles, ...parts }: typeof before) => ({
    ...parts,
    components: [],
    clients: clients.filter(({ clientId }) => clientId !== 'mcpkc-record'),
    settings: { ...settings, clientProfiles: 0 },
  });
  expect(others(after)).toEqual(others(before));
});

it('a redirect URI that was added goes with its host, and nothing else does', async () => {
  const uri = 'https://agent.example.com/callback';
  await run(0, '--add', `${uri},https://other.example.com/callback`);
  expect((await run(0)).out).toContain(uri);
  await run(0, '--remove', uri);
  const { out } = await run(0);
  expect(out).not.toContain('agent.example.com');
  expect(out).toContain('https://other.example.com/callback');
  await run(0, '--add', 'last.example.com');
  expect((await run(0)).out).not.toContain('agent.example.com');
});

it('an account that may only look is told the role and the command', async () => {
  const reader = await accountIn(realm, ['view-clients', 'view-realm'], 'reader');
  await expectCli(0, ['trusted-hosts'], { env: reader.env });
  const ran = await expectCli(4, ['trusted-hosts', '--add', 'x.example.com', '--json'], { env: reader.env });
  expect(ran.json).toMatchObject({
    code: 'ROLE_MISSING',
    message: expect.stringContaining("it lacks the role 'manage-realm' of the client 'realm-management'"),
    fix: `To grant what is missing, signing in once as an administrator:\nmcpkc init --server ${realm.admin.access.url} --realm ${realm.name}`,
  });
});
