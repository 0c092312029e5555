import { afterEach, describe, expect, inject, it } from 'vitest';
import { addNeighbours, type Neighbours } from '../../others/neighbours.ts';
import { since } from '../../support/keycloak/version.ts';
import type { Stage } from './error-stages.ts';
import { ALWAYS, ON_OTHER_SERVERS, STAGES } from './stages.ts';
import { World } from './world.ts';

/** Before 26.7.0 no policy is known that refuses tokens without a user: they are always possible. */
const TOO_OLD = !since(26, 7, 0);
/** Before 26.5 no realm has a policy for the Origins of registrations, and no command makes one. */
const WITHOUT_ORIGINS = !since(26, 5, 0);
const EXPECTED = TOO_OLD ? [...ALWAYS, 'USERLESS_TOKENS_POSSIBLE'] : ALWAYS;
/** What no command of mcpkc fixes: a change in Keycloak, or nothing to fix at all. */
const WITHOUT_COMMAND = [
  ...ON_OTHER_SERVERS,
  ...ALWAYS,
  'ACCESS_ROLE_DEFAULT',
  'ACCESS_ROLE_SHARED',
  'ACCESS_ROLE_UNUSED',
  'ACCOUNT_TOKEN_LONG',
  'ALLOWED_SCOPES_POLICY_MISSING',
  'BASIC_AUTH_DISABLED',
  'CLIENT_OWN_MAPPERS',
  'DOCUMENT_ID_TAKEN',
  'FETCHED_CLIENT_EXCEEDS',
  'FOREIGN_REDIRECT_POLICY',
  'SERVERS_SHARE_TOKENS',
  'CONSENT_POLICY_MISSING',
  'FULL_SCOPE_POLICY_MISSING',
  'ISSUER_MISMATCH',
  'ISSUER_NOT_HTTPS',
  'MARKS_ON_CLIENTS',
  'MAX_CLIENTS_NEAR',
  'MAX_CLIENTS_REACHED',
  'NEW_CLIENTS_DISABLED',
  'REQUESTED_SCOPE_MISSING',
  'BASIC_NOT_DEFAULT',
  'POLICY_NAMES_MISSING_PROFILE',
  'POLICY_STOPS_PRODUCTS',
  'REFRESH_REUSE_ZERO',
  'TOKENS_WITHOUT_ROLES',
];

let world: World | undefined;

afterEach(async () => {
  await world?.remove();
  world = undefined;
});

const codesOf = (findings: readonly { code: string }[]) => findings.map(({ code }) => code);

describe.each(STAGES)(
  '$code',
  ({ code, before, stage, also = [], flags = [], administrator, truth }: Stage) => {
    it('is found where it is staged, is true, and goes by its fix', { timeout: 180_000 }, async () => {
      let neighbours: Neighbours | undefined;
      world = await World.provisioned(async (fresh) => {
        neighbours = await addNeighbours(fresh.realm, fresh.user);
      });
      const uses = await neighbours?.uses();
      expect(uses).toMatchObject({ browser: { azp: 'their-spa' }, job: { azp: 'their-job' } });
      await before?.(world);
      const isThere = code === 'REGISTRATION_ORIGINS_MISSING' && WITHOUT_ORIGINS;
      expect(codesOf(await world.findings(...flags)).filter((one) => !EXPECTED.includes(one))).toEqual(
        isThere ? [code] : [],
      );
      await stage(world);
      const staged = await neighbours?.uses();
      const found = await world.findings(...flags);
      const others = codesOf(found).filter(
        (one) => one !== code && !also.includes(one) && !EXPECTED.includes(one),
      );
      expect({ found: codesOf(found).includes(code), others }).toEqual({ found: true, others: [] });
      const finding = found.find((one) => one.code === code);
      if (isThere || (code === 'USERLESS_TOKENS_POSSIBLE' && TOO_OLD)) return;
      expect(finding?.fix.kind === 'command').toBe(!WITHOUT_COMMAND.includes(code));
      await truth?.(world);
      if (finding?.fix.kind !== 'command') return;
      const { adminUser, adminPassword } = inject('keycloak');
      const env = administrator
        ? {
            KC_BOOTSTRAP_ADMIN_USERNAME: adminUser,
            KC_BOOTSTRAP_ADMIN_PASSWORD: adminPassword,
            // Status had it from the environment, too: a file alone may not name where a password goes.
            KC_SERVER: world.env.KC_SERVER ?? '',
          }
        : {};
      const ran = await world.folder.run(finding.fix.text, env);
      expect(ran, `${finding.fix.text}\n${ran.out}${ran.err}`).toMatchObject({ exit: 0 });
      if (administrator) await world.takeSecret();
      expect(codesOf(await world.findings(...flags))).not.toContain(code);
      // Nobody else's application is another for it: as it was staged, or as it was before the stage.
      expect([staged, uses]).toContainEqual(await neighbours?.uses());
    });
  },
);
