import { expect, it } from 'vitest';
import { READING_ROLES } from '../../src/realm/roles.ts';
import { type Account, accountIn, expectCli, runCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';

const realm = await useRealm('lightweight');
const RESOURCE = 'https://svc.example.com/mcp';

/** An account whose tokens name neither roles nor audience. */
async function lightweight(clientId: string, roles?: readonly string[]): Promise<Account> {
  const account = await accountIn(realm, roles, clientId);
  await realm.admin.put(realm.path(`clients/${account.id}`), {
    clientId,
    attributes: { 'client.use.lightweight.access.token.enabled': 'true' },
  });
  return account;
}

it('an account with lightweight access tokens can do all that its roles let it', async () => {
  const { env } = await lightweight('mcpkc');
  await expectCli(0, ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE], { env });
  await expectCli(0, ['trusted-hosts', '--list'], { env });
  const status = await runCli(['status', '--clients', '--resource', RESOURCE, '--json'], { env });
  expect(status.json.notVisible).toEqual([]);
  const codes = (status.json.findings as { code: string }[]).map(({ code }) => code);
  expect(codes.filter((code) => code.startsWith('ACCOUNT_'))).toEqual([]);
  await expectCli(0, ['prune-clients'], { env: { ...env, HOME: '/here' } });
  await expectCli(0, ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--dry-run'], { env });
});

it('and one that only looks is not taken for one that writes', async () => {
  const { env } = await lightweight(
    'reader',
    READING_ROLES.filter((role) => role !== 'view-events'),
  );
  const status = await runCli(['status', '--resource', RESOURCE, '--json'], { env });
  expect(status.json.findings).toContainEqual(
    expect.objectContaining({
      code: 'ACCOUNT_MISSING_ROLE',
      subject: 'view-events',
      fix: {
        kind: 'command',
        text: expect.stringMatching(/^mcpkc .*init --read-only$|^mcpkc init --read-only$/),
      },
    }),
  );
  const pruned = await runCli(['prune-clients', '--json'], { env: { ...env, HOME: '/here' } });
  expect(pruned).toMatchObject({ exit: 4 });
});
