import { afterEach, describe, expect, inject, it } from 'vitest';
import { GROUPS } from '../../../src/findings/index.ts';
import { since } from '../../support/keycloak/version.ts';
import { ERROR_STAGES, type Stage } from './error-stages.ts';
import { WARNING_STAGES } from './warning-stages.ts';
import { World } from './world.ts';

/** What is said of every realm with a standing scope. */
const ALWAYS = ['DCR_WITH_SCOPE', 'MODE'];
/** Before 26.7.0 no policy is known that refuses tokens without a user: they are always possible. */
const TOO_OLD = !since(26, 7, 0);
const EXPECTED = TOO_OLD ? [...ALWAYS, 'USERLESS_TOKENS_POSSIBLE'] : ALWAYS;
/** Staged on servers of their own, started for it. */
const ON_OTHER_SERVERS = ['RESOURCE_INDICATORS_BREAK_AUDIENCE', 'CIMD_CONFLICTS_WITH_CHATGPT'];
/** What no command of ours mends: a change in Keycloak, or nothing to mend at all. */
const WITHOUT_COMMAND = [
  ...ON_OTHER_SERVERS,
  ...ALWAYS,
  'ALLOWED_SCOPES_POLICY_MISSING',
  'BASIC_AUTH_DISABLED',
  'CONSENT_POLICY_MISSING',
  'FULL_SCOPE_POLICY_MISSING',
  'ISSUER_MISMATCH',
  'ISSUER_NOT_HTTPS',
  'MAPPER_POLICY_MISSING',
  'MAX_CLIENTS_NEAR',
  'MAX_CLIENTS_REACHED',
  'NEW_CLIENTS_DISABLED',
  'REQUESTED_SCOPE_MISSING',
  'WINDOW_WAITING',
];

const STAGES = [...ERROR_STAGES, ...WARNING_STAGES];
const ALL = GROUPS.flatMap(({ rules }) => rules.map(({ code }) => code));
let world: World | undefined;

afterEach(async () => {
  await world?.remove();
  world = undefined;
});

const codesOf = (findings: readonly { code: string }[]) => findings.map(({ code }) => code);

it('every code is staged, and stands in one list', () => {
  const staged = [...STAGES.map(({ code }) => code), ...ALWAYS, ...ON_OTHER_SERVERS];
  expect(staged.sort()).toEqual([...ALL].sort());
});

describe.each(STAGES)('$code', ({ code, stage, also = [], flags = [], administrator, truth }: Stage) => {
  it('is found where it is staged, is true, and goes by its fix', async () => {
    world = await World.provisioned();
    expect(codesOf(await world.findings(...flags)).filter((one) => !EXPECTED.includes(one))).toEqual([]);
    await stage(world);
    const found = await world.findings(...flags);
    const others = codesOf(found).filter(
      (one) => one !== code && !also.includes(one) && !EXPECTED.includes(one),
    );
    expect({ found: codesOf(found).includes(code), others }).toEqual({ found: true, others: [] });
    const finding = found.find((one) => one.code === code);
    if (code === 'USERLESS_TOKENS_POSSIBLE' && TOO_OLD) return;
    expect(finding?.fix.kind === 'command').toBe(!WITHOUT_COMMAND.includes(code));
    await truth?.(world);
    if (finding?.fix.kind !== 'command') return;
    const { adminUser, adminPassword } = inject('keycloak');
    const env = administrator
      ? { KC_BOOTSTRAP_ADMIN_USERNAME: adminUser, KC_BOOTSTRAP_ADMIN_PASSWORD: adminPassword }
      : {};
    const ran = await world.folder.run(finding.fix.text, env);
    expect(ran, `${finding.fix.text}\n${ran.out}${ran.err}`).toMatchObject({ exit: 0 });
    expect(codesOf(await world.findings(...flags))).not.toContain(code);
  });
});
