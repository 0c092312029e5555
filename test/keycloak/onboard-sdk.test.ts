import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig } from '../../examples/mcp-host/config.ts';
import { type RunningHost, startHost } from '../../examples/mcp-host/host.ts';
import { type Account, accountIn } from '../support/cli.ts';
import { SdkConnector } from '../support/connectors/sdk.ts';
import type { RealmUser } from '../support/keycloak/realm.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { inRealTime, startOnboard, storeEvents } from '../support/onboarding.ts';

const realm = await useRealm('onboard-sdk');
const SCOPE = 'mcp-resource-sdk';
/** How often each is tried: 20 for numbers to report. */
const TIMES = Number(process.env.MCPKC_MEASURE ?? 1);
/** A person takes that long to sign in. */
const PERSON_MS = 2000;
let account: Account;
let user: RealmUser;
let host: RunningHost;

beforeAll(async () => {
  account = await accountIn(realm);
  user = await realm.createUser();
  const env = { OIDC_ISSUER: realm.issuer, MCP_SCOPE_NAME: SCOPE, ADVERTISE_SCOPES: SCOPE };
  host = await startHost((origin) => readConfig({ MCP_PUBLIC_BASE_URL: origin, ...env }), {
    log: () => {},
  });
});
afterAll(() => host?.stop());

/** The fetch of a client whose person reads the login page first. */
function person(): typeof fetch {
  return async (input, init) => {
    const url = String(input instanceof Request ? input.url : input);
    if (url.includes('/login-actions/authenticate')) await new Promise((go) => setTimeout(go, PERSON_MS));
    return fetch(input, init);
  };
}

test.each([
  ['a person’s speed, with events', true, person],
  ['a person’s speed, without events', false, person],
  ['machine speed, with events', true, () => fetch],
])(
  'the SDK’s client at %s calls a tool with its first token',
  { timeout: 900_000 },
  async (what, stored, speed) => {
    await storeEvents(realm, stored ? undefined : [], stored);
    let worked = 0;
    for (let round = 0; round < TIMES; round++) {
      const { opened, done } = startOnboard(
        [host.url, '--scope', SCOPE, '--preset', 'chatgpt', '--until', 'connected', '--json'],
        {
          env: { ...account.env, MCPKC_ALLOW_HTTP: 'true' },
          clock: 'real',
          prepare: inRealTime,
        },
      );
      await opened;
      const connector = new SdkConnector(host.url, {
        clientName: 'ChatGPT',
        redirectUri: 'https://chatgpt.com/connector_platform_oauth_redirect',
        fetch: speed(),
      });
      const connected = await connector.connect(user);
      if (connected.ok) worked += 1;
      const { json } = await done;
      expect(json).toMatchObject({ ok: true, client: { clientId: connector.client?.clientId } });
    }
    process.stderr.write(`${what}: ${worked} of ${TIMES} with the first token\n`);
    // At machine speed one in twenty may be ahead of the watch: its first token is refreshed then.
    expect(worked).toBeGreaterThanOrEqual(what.startsWith('machine') ? Math.floor(TIMES * 0.95) : TIMES);
  },
);
