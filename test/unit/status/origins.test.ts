import { expect, it } from 'vitest';
import { inspector } from '../../../src/products/inspector.ts';
import { found, POLICIES, policy, visible } from './seen.ts';

const server = (listsOrigins: boolean) =>
  visible({ version: undefined, features: [], redirects: 'patterns' as const, listsOrigins });

const origins = (parts: Parameters<typeof found>[0]) =>
  found(parts, { presets: [inspector] }).filter(({ code }) => code === 'REGISTRATION_ORIGINS_MISSING');

it('a page’s origins that the policy doesn’t list go into it by the printed command', () => {
  const registrationPolicies = visible([...POLICIES, policy('registration-web-origins')]);
  const [finding] = origins({ server: server(true), registrationPolicies });
  expect(finding).toMatchObject({
    message: expect.stringContaining("doesn’t list: 403 'Invalid origin'"),
    fix: { kind: 'command', text: expect.stringContaining('trusted-hosts --preset inspector') },
  });
});

it.each([
  [true, /has no policy 'Allowed Registration Web Origins'/, /^In the admin console/],
  [false, /answers no browser at its registration endpoint/, /^Upgrade Keycloak to 26\.5\.6/],
])(
  'without the policy, a server that knows it (%s) is told apart from one before 26.5',
  (knows, message, fix) => {
    const [finding] = origins({ server: server(knows) });
    expect(finding?.message).toMatch(message);
    expect(finding?.fix).toMatchObject({ kind: 'keycloak', text: expect.stringMatching(fix) });
  },
);
