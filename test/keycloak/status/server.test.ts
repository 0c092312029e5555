import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningHost } from '../../../examples/mcp-host/host.ts';
import type { Finding } from '../../../src/findings/finding.ts';
import { type RunningKeycloak, startKeycloak } from '../../../tools/keycloak/server.ts';
import { startMcpHost } from '../../connectors/host.ts';
import { accountIn, expectCli, runCli } from '../../support/cli.ts';
import { Connector } from '../../support/connectors/chatgpt.ts';
import { createRealm, type Realm, type RealmUser } from '../../support/keycloak/realm.ts';
import { clientIn } from '../../support/realm-things.ts';

/** A provisioned realm on a server that was started with experimental features. */
interface Place {
  realm: Realm;
  user: RealmUser;
  host: RunningHost;
  env: Record<string, string>;
}

let server: RunningKeycloak;
let place: Place;

async function provisionedOn(keycloak: RunningKeycloak): Promise<Place> {
  const realm = await createRealm(keycloak, 'status');
  const [user, host, account] = await Promise.all([
    realm.createUser(),
    startMcpHost(realm.issuer),
    accountIn(realm),
  ]);
  const env = { ...account.env, MCP_TRANSPORT_URL: host.url };
  await expectCli(0, ['create-scope', '--preset', 'chatgpt'], { env });
  return { realm, user, host, env };
}

async function errors(...args: string[]): Promise<Finding[]> {
  const ran = await runCli(['status', '--json', ...args], { env: place.env });
  return (ran.json.findings as Finding[]).filter(({ severity }) => severity === 'error');
}

beforeAll(async () => {
  server = await startKeycloak({ features: ['cimd', 'resource-indicators'] });
  place = await provisionedOn(server);
}, 300_000);

afterAll(async () => {
  await place?.host.stop();
  await server?.stop();
});

describe('a server with the features cimd and resource-indicators', () => {
  it('has both findings, and no other error', async () => {
    const own = await clientIn(place.realm, place.host.url);
    await place.realm.admin.del(place.realm.path(`clients/${own?.id}`));
    const found = await errors();
    expect(found.map(({ code, fix }) => [code, fix.kind])).toEqual([
      ['RESOURCE_INDICATORS_BREAK_AUDIENCE', 'command'],
      ['DOCUMENT_NOT_ALLOWED', 'command'],
    ]);
  });

  it('ends the sign-in of a connector that sends resource in invalid_target', async () => {
    const result = await new Connector(place.host.url).connect(place.user);
    expect(result).toMatchObject({ ok: false, error: 'invalid_target' });
  });

  it('advertises metadata documents, and does not take the client id that ChatGPT then uses', async () => {
    const client = { clientId: 'https://chatgpt.com/oauth/client.json' };
    const result = await new Connector(place.host.url, { client, scope: 'openid' }).authorize(place.user);
    expect(result).toMatchObject({ ok: false, stage: 'authorization' });
  });

  it('is no conflict for products that use no such document', async () => {
    const found = await errors('--preset', 'mcp-remote');
    expect(found.map(({ code }) => code)).not.toContain('DOCUMENT_NOT_ALLOWED');
  });
});
