import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningKeycloak, startKeycloak } from '../../tools/keycloak/server.ts';
import { accountIn, runCli } from '../support/cli.ts';
import { createRealm } from '../support/keycloak/realm.ts';
import { openRegistration, registerWhole } from '../support/strangers.ts';

let server: RunningKeycloak;

beforeAll(async () => {
  server = await startKeycloak({ features: ['client-admin-api'] });
}, 600_000);
afterAll(() => server?.stop());

it('the server’s own time of a client is its age, page for page', async () => {
  const realm = await createRealm(server, 'created');
  const account = await accountIn(realm);
  await openRegistration(realm, ['chatgpt.com']);
  const before = Date.now();
  // More than one page.
  for (let made = 0; made < 120; made += 1) {
    const body = { name: 'ChatGPT', redirectUris: ['https://chatgpt.com/cb'], publicClient: true };
    const { status } = await registerWhole(realm, { clientId: `c${made}`, ...body });
    expect(status).toBe(201);
  }
  const after = Date.now();
  const ran = await runCli(['prune-clients', '--json'], { env: account.env });
  const clients = ran.json.clients as { clientId: string; evidence: { created: string | null } }[];
  const own = clients.filter(({ clientId }) => /^c\d+$/.test(clientId));
  expect(own).toHaveLength(120);
  for (const { clientId, evidence } of own) {
    const created = Date.parse(String(evidence.created));
    expect(created, clientId).toBeGreaterThanOrEqual(before - 2000);
    expect(created, clientId).toBeLessThanOrEqual(after + 2000);
  }
}, 300_000);
