import { describe, expect, it } from 'vitest';
import { READING_ROLES } from '../../../src/realm/roles.ts';
import { accountIn, runCli } from '../../support/cli.ts';
import { grantRoles, revokeRoles } from '../../support/keycloak/service-account.ts';
import { since } from '../../support/keycloak/version.ts';
import { useWorlds, World } from './world.ts';

const keep = useWorlds();

const codes = (findings: readonly { code: string }[]) => findings.map(({ code }) => code);
const status = (world: World, ...args: string[]) => runCli(['status', ...args], { env: world.env });
/** Before 26.7.0 a warning stays: nothing is known there that refuses tokens without a user. */
const STRICT = since(26, 7, 0) ? ['--fail-on', 'warning'] : [];

describe('what the account may see', () => {
  it('is enough with the reading roles, for all of it', async () => {
    const world = keep(await World.provisioned());
    const account = await accountIn(world.realm, READING_ROLES, 'reader');
    world.env = { ...world.env, ...account.env };
    const ran = await status(world, '--clients', '--json', ...STRICT);
    expect(ran.json).toMatchObject({ ok: true, notVisible: [] });
  });

  it.each(READING_ROLES)('without %s nothing turns healthy, and the role is named', async (role) => {
    const world = keep(await World.provisioned());
    const account = await accountIn(world.realm, READING_ROLES, 'reader');
    world.env = { ...world.env, ...account.env };
    await world.mapper({ 'access.token.claim': 'false' });
    await world.configure('trusted-hosts', { 'trusted-hosts': [] });
    await world.putClientPolicies([]);
    await world.configure('max-clients', { 'max-clients': ['1'] });
    await world.admin.post(world.path('clients'), { clientId: 'somebodys-app' });
    const healthy = async () =>
      [...((await status(world, '--clients')).out.match(/^ {2}✓ .*$/gm) ?? [])].map(String);
    const before = await healthy();
    const found = await world.findings('--clients');
    await revokeRoles(world.realm, account.userId, [role]);
    // With this one Keycloak answers 200 and an empty list where it showed clients before.
    if (role === 'view-clients') await grantRoles(world.realm, account.userId, ['query-clients']);
    expect((await healthy()).filter((line) => !before.includes(line))).toEqual([]);
    const { out, exit, ...ran } = await status(world, '--clients', '--json');
    const after = JSON.parse(out) as {
      findings: { code: string }[];
      notVisible: { code: string; role: string }[];
    };
    expect(ran.err).toBe('');
    const judged = codes(after.findings);
    const unjudged = after.notVisible.map(({ code }) => code);
    for (const code of codes(found)) expect([...judged, ...unjudged]).toContain(code);
    if (role === 'view-users') return;
    expect(exit).toBe(1);
    expect(judged).toContain('ACCOUNT_MISSING_ROLE');
    const { out: text } = await status(world, '--clients');
    expect(text).toContain('Not visible to this account');
    expect(text).toContain(role);
  });

  it('is nothing without any role: no group is called in order that takes one', async () => {
    const world = keep(await World.provisioned());
    const account = await accountIn(world.realm, [], 'nobody');
    world.env = { ...world.env, ...account.env };
    const ran = await status(world, '--clients');
    expect(ran.exit).toBe(1);
    expect(ran.out.match(/^ {2}✓ .*$/gm)).toBeNull();
  });
});
