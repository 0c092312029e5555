import { beforeAll, describe, expect, it } from 'vitest';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import { connected } from '../support/keycloak/connection.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { leaveProbe } from '../support/left-probe.ts';
import { clientIn } from '../support/realm-things.ts';
import { openRegistration, registerWhole } from '../support/strangers.ts';

const realm = await useRealm('attack-p2');
const RESOURCE = 'https://p2.example.com/mcp';
const REDIRECT = 'https://chatgpt.com/connector_platform_oauth_redirect';
const MARK = { tosUri: 'https://mcpkc.invalid/probe/00000000.1.zzzzzzzz.0' };
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm);
  await openRegistration(realm, ['chatgpt.com']);
  // Everybody who registers holds the audience, and nothing is hardened yet.
  await expectCli(0, ['create-scope', '--resource', RESOURCE, '--no-harden'], { env: account.env });
  const strangers = [
    { clientId: 'mcpkc-probe-x', id: './..', redirectUris: [REDIRECT], attributes: { tosUri: MARK.tosUri } },
    { clientId: 'path', id: '../..', name: 'ChatGPT', redirectUris: [REDIRECT] },
    { clientId: 'marked', redirectUris: [REDIRECT], attributes: MARK, directAccessGrantsEnabled: true },
  ];
  for (const one of strangers) {
    expect((await registerWhole(realm, { publicClient: true, ...one })).status, one.clientId).toBe(201);
  }
});

describe('clients that look like probes, and clients whose internal id is a path', () => {
  it('stop no command from hardening the realm', async () => {
    await expectCli(0, ['create-scope', '--resource', RESOURCE], { env: account.env });
    await expectCli(0, ['create-scope', '--resource', RESOURCE, '--yes'], { env: account.env });
    await expectCli(0, ['trusted-hosts', '--preset', 'claude'], { env: account.env });
    const { policies } = await realm.admin.get<{ policies: { name: string }[] }>(
      realm.path('client-policies/policies'),
    );
    expect(policies.map(({ name }) => name)).toContain('mcpkc-registrations');
  });

  it('hide no probe that a killed run left, however many there are', async () => {
    const redirectUris = [REDIRECT];
    for (let number = 10; number < 34; number++) {
      // Without a mark nobody removes them; they stand before every probe in Keycloak’s order.
      const clientId = `mcpkc-probe-!${number}`;
      expect((await registerWhole(realm, { clientId, publicClient: true, redirectUris })).status).toBe(201);
    }
    const left = `mcpkc-probe-${crypto.randomUUID()}`;
    await leaveProbe(realm, await connected(account), left, Date.now() - 3_600_000);
    await expectCli(0, ['trusted-hosts', '--preset', 'vscode'], { env: account.env });
    expect(await clientIn(realm, left)).toBeUndefined();
  });

  it('are not hidden by the mark', async () => {
    const args = ['status', '--resource', RESOURCE, '--clients', '--json'];
    const { json } = await expectCli(1, args, { env: account.env });
    expect(json.findings).toContainEqual(
      expect.objectContaining({ code: 'HOLDER_EXCEEDS', severity: 'error', subject: 'marked' }),
    );
    const rows = json.clients as { clientId: string; verdict: string }[];
    expect(rows.find(({ clientId }) => clientId === 'marked')?.verdict).not.toBe('probe');
  });
});
