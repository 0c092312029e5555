import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningHost } from '../../examples/mcp-host/host.ts';
import { startMcpHost } from '../connectors/host.ts';
import { accountIn, expectCli } from '../support/cli.ts';
import { Connector } from '../support/connectors/chatgpt.ts';
import { SdkConnector } from '../support/connectors/sdk.ts';
import { audiences } from '../support/connectors/tokens.ts';
import type { RealmUser } from '../support/keycloak/realm.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';

const SCOPE = 'mcp-resource-tools';

describe.each([
  ['lists its scope', true],
  ['lists no scopes', false],
] as const)('after create-scope, with a host that %s', async (_what, advertised) => {
  const realm = await useRealm('create-scope-connectors');
  let host: RunningHost;
  let user: RealmUser;

  beforeAll(async () => {
    const { env } = await accountIn(realm, ['manage-clients', 'manage-realm']);
    user = await realm.createUser();
    host = await startMcpHost(realm.issuer, advertised ? SCOPE : undefined);
    await expectCli(0, ['create-scope', '--resource', host.url, '--scope', SCOPE, '--preset', 'chatgpt'], {
      env,
    });
    // The SDK's own client redirects to this machine.
    await expectCli(0, ['trusted-hosts', '--add', '127.0.0.1'], { env });
  });
  afterAll(() => host?.stop());

  it('a connector as ChatGPT’s calls a tool', async () => {
    const outcome = await new Connector(host.url).connect(user);
    if (!outcome.ok) expect.fail(JSON.stringify(outcome));
    expect(audiences(outcome.claims)).toEqual([host.url]);
    expect(outcome.tools).toContain('whoami');
  });

  it('the official SDK’s client calls a tool', async () => {
    const outcome = await new SdkConnector(host.url).connect(user);
    if (!outcome.ok) expect.fail(JSON.stringify(outcome));
    expect(audiences(outcome.claims)).toEqual([host.url]);
    expect(JSON.stringify(outcome.toolResult)).toContain(outcome.clientId);
  });

  it('a connector without PKCE is refused', async () => {
    const outcome = await new Connector(host.url, { pkce: 'none' }).connect(user);
    expect(outcome).toMatchObject({ ok: false, stage: 'authorization', error: 'invalid_request' });
  });
});
