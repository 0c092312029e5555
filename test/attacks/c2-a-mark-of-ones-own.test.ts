import { beforeAll, describe, expect, it } from 'vitest';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import {
  audience,
  audienceScope,
  expectAdoptedMode,
  startOnboard,
  storeEvents,
} from '../support/onboarding.ts';
import { type Registered, registerWhole, updateOwn } from '../support/strangers.ts';

const realm = await useRealm('attack-c2');
const RESOURCE = 'https://c2.example.com/mcp';
const SCOPE = 'mcp-resource-c2';
let account: Account;
let before: Registered;

/** What a stranger would write onto a client of his own. */
const marked = (clientId: string) => ({
  clientId,
  name: 'ChatGPT',
  redirectUris: ['https://chatgpt.com/else'],
  attributes: { 'mcpkc.adopted': SCOPE, 'mcpkc.keep': 'true' },
  serviceAccountsEnabled: true,
  secret: 'the-strangers-own',
});

beforeAll(async () => {
  account = await accountIn(realm);
  await storeEvents(realm);
  // Strangers may register any redirect URI at the product's host, to be judged by who waits.
  await expectCli(0, ['trusted-hosts', '--add', 'chatgpt.com'], { env: account.env });
  await expectCli(0, ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--attach', 'none'], {
    env: account.env,
  });
  before = await registerWhole(realm, marked('before-the-wait'));
  expect(before.status).toBe(201);
});

describe('while an onboarding waits', () => {
  it('neither registering with the mark nor changing oneself gives the audience, and status believes none', async () => {
    const { opened, done } = startOnboard(
      [RESOURCE, '--preset', 'chatgpt', '--until', 'connected', '--timeout', '20s', '--json'],
      {
        env: account.env,
      },
    );
    await opened;
    const during = await registerWhole(realm, marked('during-the-wait'));
    expect(during.status).toBe(201);
    const hidden = (await audienceScope(realm, SCOPE))?.name ?? '';
    expect(hidden).not.toBe('');
    const changes = {
      ...marked('before-the-wait'),
      defaultClientScopes: [hidden],
      optionalClientScopes: [hidden],
    };
    expect((await updateOwn(realm, before, changes)).status).toBe(403);
    const named = await registerWhole(realm, { ...marked('named'), defaultClientScopes: [hidden] });
    expect(named.status).toBe(403);
    expect((await done).exit).toBe(6);
    for (const id of ['before-the-wait', 'during-the-wait'])
      expect(await audience(realm, id, SCOPE)).toBe('none');
    await expectAdoptedMode(realm, account, SCOPE);
    const { json } = await expectCli(0, ['status', '--resource', RESOURCE, '--clients', '--json'], {
      env: account.env,
    });
    const rows = json.clients as { clientId: string; verdict: string }[];
    expect(rows.filter(({ verdict }) => verdict === 'adopted')).toEqual([]);
  });
});
