import { beforeAll, expect, inject, it } from 'vitest';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { startReverseProxy } from '../support/reverse-proxy.ts';
import { type Registered, registerWhole } from '../support/strangers.ts';

const realm = await useRealm('attack-w1');
const RESOURCE = 'https://w1.example.com/mcp';
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm);
});

/** A client as a stranger would have it before the realm is hardened. */
const soft = () => ({
  clientId: `w1-${crypto.randomUUID()}`,
  redirectUris: ['https://chatgpt.com/*'],
  publicClient: true,
  implicitFlowEnabled: true,
  protocolMappers: [
    {
      name: 'who',
      protocol: 'openid-connect',
      protocolMapper: 'oidc-usermodel-attribute-mapper',
      config: { 'user.attribute': 'lastName', 'claim.name': 'sub', 'access.token.claim': 'true' },
    },
  ],
});

/** Runs a command while a stranger tries to register after each write that reaches Keycloak. */
async function whileTrying(args: string[], more: Record<string, string> = {}): Promise<Registered[]> {
  const tries: Registered[] = [];
  const proxy = await startReverseProxy(inject('keycloak').url, {
    async after({ method, path }, answer) {
      if (method === 'PUT' && /components|client-policies/.test(path)) {
        for (const body of [soft(), { ...soft(), protocolMappers: [] }])
          tries.push(await registerWhole(realm, body));
      }
      return answer;
    },
  });
  await expectCli(0, args, { env: { ...account.env, ...more, KC_SERVER: proxy.url } });
  return tries;
}

it('nobody registers between the opening of a realm and its hardening', async () => {
  const tries = await whileTrying(['create-scope', '--resource', RESOURCE, '--preset', 'chatgpt']);
  expect(tries.length).toBeGreaterThan(4);
  expect(tries.filter(({ status }) => status === 201).map(({ body }) => body)).toEqual([]);
});

it('nor between the end of the hardening and the closing, on the way back', async () => {
  const tries = await whileTrying(['create-scope', '--resource', RESOURCE, '--remove', '--yes']);
  expect(tries.length).toBeGreaterThan(4);
  expect(tries.filter(({ status }) => status === 201).map(({ body }) => body)).toEqual([]);
});

it('nor while everything of mcpkc’s is removed', async () => {
  await expectCli(0, ['create-scope', '--resource', RESOURCE, '--preset', 'chatgpt'], { env: account.env });
  const { adminUser, adminPassword } = inject('keycloak');
  const tries = await whileTrying(['init', '--remove', '--yes'], {
    KC_BOOTSTRAP_ADMIN_USERNAME: adminUser,
    KC_BOOTSTRAP_ADMIN_PASSWORD: adminPassword,
  });
  expect(tries.length).toBeGreaterThan(4);
  expect(tries.filter(({ status }) => status === 201).map(({ body }) => body)).toEqual([]);
});
