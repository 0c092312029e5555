import { beforeAll, expect, it } from 'vitest';
import { type Account, accountIn } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { audience, startOnboard, storeEvents } from '../support/onboarding.ts';
import { CHATGPT_BODY, clientIn, registerAnonymously } from '../support/realm-things.ts';

const realm = await useRealm('attack-h2');
const RESOURCE = 'https://h2.example.com/mcp';
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm);
  await storeEvents(realm);
});

it.each(['registered', 'connected'])(
  'a client that holds the audience can’t give itself another redirect or grant (--until %s)',
  async (until) => {
    const { opened, done, io } = startOnboard(
      [RESOURCE, '--preset', 'chatgpt', '--until', until, '--timeout', '20s', '--json'],
      {
        env: account.env,
      },
    );
    await opened;
    const { status, body } = await registerAnonymously(realm, CHATGPT_BODY);
    expect(status).toBe(201);
    const clientId = String(body.client_id);
    while (!io.err().includes(clientId)) await new Promise((go) => setTimeout(go, 20));
    const held = await audience(realm, clientId, 'mcp-resource-h2');
    const change = await fetch(String(body.registration_client_uri), {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${body.registration_access_token}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({
        ...CHATGPT_BODY,
        client_id: clientId,
        redirect_uris: ['http://localhost:1/*'],
        grant_types: ['authorization_code', 'client_credentials', 'implicit'],
      }),
    });
    expect({ held, status: change.status }).toEqual({ held: 'adopted', status: 401 });
    await done;
    expect(await clientIn(realm, clientId)).toMatchObject({
      redirectUris: CHATGPT_BODY.redirect_uris,
      implicitFlowEnabled: false,
    });
  },
);
