import { beforeAll, describe, expect, it } from 'vitest';
import { type Account, accountIn, expectCli, runCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { clientIn } from '../support/realm-things.ts';
import { openRegistration, registerWhole } from '../support/strangers.ts';

const RESOURCE = 'https://svc.example.com/mcp';
const realm = await useRealm('attack-h6');
const CALLBACK = 'https://chatgpt.com/connector_platform_oauth_redirect';
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm);
  await openRegistration(realm, ['chatgpt.com', 'evil.example']);
  // Without an audience of its own doing: the resource is of mode adopted.
  for (const clientId of ['named', 'static', 'looks-right']) {
    const redirectUris = clientId === 'looks-right' ? [CALLBACK] : ['https://evil.example/cb'];
    const made = await registerWhole(realm, { clientId, redirectUris, secret: 'known-to-the-stranger' });
    expect(made.status).toBe(201);
  }
  await expectCli(0, ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--attach', 'none'], {
    env: account.env,
  });
});

async function audience(clientId: string): Promise<string[]> {
  const client = await clientIn(realm, clientId);
  const held = [...(client?.defaultClientScopes ?? []), ...(client?.optionalClientScopes ?? [])];
  return held.filter((name) => name.startsWith('mcp-audience'));
}

const create = (...args: string[]) => [
  'create-scope',
  '--preset',
  'chatgpt',
  '--resource',
  RESOURCE,
  ...args,
];

describe.each(['named', 'looks-right'])('a client %j that registered itself', (clientId) => {
  it.each([
    ['--client', create('--client', clientId)],
    ['onboard', ['onboard', RESOURCE, clientId]],
    [
      'onboard --static-client',
      [
        'onboard',
        RESOURCE,
        '--static-client',
        clientId,
        '--preset',
        'chatgpt',
        '--until',
        'registered',
        '--timeout',
        '1s',
      ],
    ],
  ])('%s shows it and gives it nothing', async (_name, args) => {
    const ran = await runCli(args, { env: account.env });
    expect(ran.exit, ran.err).toBe(5);
    expect(ran.err).toContain('registered itself');
    expect(ran.err).toContain(clientId === 'named' ? 'https://evil.example/cb' : CALLBACK);
    expect(await audience(clientId)).toEqual([]);
  });
});

it('OIDC_AUDIENCE names it: it is left out, and the rest is done', async () => {
  const env = { ...account.env, OIDC_AUDIENCE: 'static' };
  const ran = await expectCli(0, create(), { env });
  expect(ran.err).toMatch(/registered itself, and gets no audience/);
  expect(await audience('static')).toEqual([]);
});

it('--create-static never takes it, nor with --yes', async () => {
  const env = { ...account.env, OIDC_AUDIENCE: 'static' };
  for (const flags of [['--create-static'], ['--create-static', '--yes']]) {
    const ran = await expectCli(5, create(...flags, '--json'), { env });
    expect(ran.json).toMatchObject({ code: 'CLIENT_TAKEN' });
    expect(await audience('static')).toEqual([]);
  }
});

it('--create-static makes one, and knows it again', async () => {
  const env = { ...account.env, OIDC_AUDIENCE: 'free' };
  await expectCli(0, create('--create-static'), { env });
  expect(await audience('free')).toHaveLength(1);
  await expectCli(0, create('--create-static'), { env });
});

it('with a person’s word it gets the audience, and its token is dead', async () => {
  await expectCli(0, create('--client', 'named', '--yes'), { env: account.env });
  expect(await audience('named')).toHaveLength(1);
});
