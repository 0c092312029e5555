import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decisionOf, type PruneRealm, pruneRealm, runPrune } from '../keycloak/prune-realm.ts';
import { switchEventsOn } from '../support/keycloak/events.ts';
import { registerWhole } from '../support/strangers.ts';

let realm: PruneRealm;
const REDIRECT = 'https://chatgpt.com/connector_platform_oauth_redirect';

beforeAll(async () => {
  realm = await pruneRealm();
});
afterAll(() => realm?.remove());

/** Registers for client credentials as anybody can; returns the client. */
async function userless(): Promise<{ clientId: string; secret: string }> {
  const clientId = crypto.randomUUID();
  const body = {
    id: clientId,
    clientId,
    name: 'ChatGPT',
    redirectUris: [REDIRECT],
    publicClient: false,
    serviceAccountsEnabled: true,
  };
  const { status, body: made } = await registerWhole(realm, body);
  expect(status).toBe(201);
  return { clientId, secret: String(made.secret) };
}

async function signIn({ clientId, secret }: { clientId: string; secret: string }): Promise<number> {
  const response = await fetch(`${realm.issuer}/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: secret,
    }),
  });
  await response.arrayBuffer();
  return response.status;
}

const NOW = () => ['--apply', '--now', '--confirm', realm.name, '--max', '50'];

describe('a client that registered itself and uses client credentials', () => {
  it('is undecided where CLIENT_LOGIN is not stored: it leaves no session, no consent, no event', async () => {
    await switchEventsOn(realm, { admin: false, user: ['CLIENT_REGISTER', 'LOGIN', 'CODE_TO_TOKEN'] });
    const used = await userless();
    const orphan = await realm.orphan();
    expect(await signIn(used)).toBe(200);
    const run = await runPrune(realm, NOW(), { days: 8 });
    expect(decisionOf(run, used.clientId)).toMatchObject({ decision: 'keep', standing: 'unknown' });
    expect(decisionOf(run, used.clientId).reason).toMatch(/client credentials, which leaves no session/);
    expect(await signIn(used)).toBe(200);
    // One that can't is pruned all the same.
    expect(decisionOf(run, orphan)).toMatchObject({ decision: 'delete', outcome: 'done' });
  });
});
