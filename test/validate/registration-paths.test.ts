import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ValidationTarget } from '../../src/checks/evidence.ts';
import type { RegistrationEvidence } from '../../src/checks/probes/registration.ts';
import { probeOtherPaths } from '../../src/checks/probes/registration-paths.ts';
import { Recorder } from '../../src/checks/recorder.ts';
import { registrationStep } from '../../src/checks/registration.ts';
import { switchEventsOn, userEvents } from '../support/keycloak/events.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { openRegistration } from '../support/strangers.ts';
import { type Front, json, startFront } from './keycloak-front.ts';

const realm = await useRealm('paths');
let front: Front;

beforeAll(async () => {
  front = await startFront(realm.admin.access.url);
  await openRegistration(realm, ['chatgpt.com']);
  await switchEventsOn(realm, { admin: false, user: true });
});
afterAll(() => front.stop());

const OUTSIDE = 'https://auth.example.com/realms/r/clients-registrations/openid-connect';
const OPEN = '/realms/r/clients-registrations/default';

/** Asks through the front, and judges as if it had been asked at a public address. */
async function judged(endpoint = OUTSIDE, advertised = 'openid-connect') {
  const signal = new AbortController().signal;
  const recorder = new Recorder({ runId: 'test', now: () => 0, signal, timeoutMs: 10_000 });
  const others = await probeOtherPaths(
    recorder,
    `${front.url}/realms/${realm.name}/clients-registrations/${advertised}`,
  );
  const check = registrationStep.checks.find(({ id }) => id === 'REG-PATHS');
  const registration = { endpoint, others, presets: [] } as unknown as RegistrationEvidence;
  return check?.judge({ target: { noRegistration: false } as ValidationTarget, parts: { registration } });
}

describe('REG-PATHS', () => {
  it('fails where Keycloak answers, registers nothing and leaves no event', async () => {
    const before = await realm.snapshot();
    expect(await judged()).toMatchObject({
      outcome: 'fail',
      message:
        'Keycloak itself answers at /clients-registrations/default, /clients-registrations/install, /clients-registrations/saml2-entity-descriptor.',
    });
    expect(await realm.snapshot()).toEqual(before);
    expect(await userEvents(realm)).toEqual([]);
  });

  it.each([403, 404, 401, 429, 503])('passes where a proxy answers %i', async (status) => {
    front.spoil = {
      before: ({ path }) =>
        path.endsWith('/openid-connect') ? undefined : json(status, { error: 'closed' }),
    };
    expect(await judged()).toMatchObject({ outcome: 'pass' });
    front.spoil = {};
  });

  it('names the one that was forgotten', async () => {
    front.spoil = { before: ({ path }) => (path.endsWith('/default') ? undefined : json(404, {})) };
    expect(await judged()).toMatchObject({
      outcome: 'fail',
      message: 'Keycloak itself answers at /clients-registrations/default.',
    });
    front.spoil = {};
  });

  it('is left out at a loopback address, and where the endpoint is another’s', async () => {
    expect(await judged(`http://127.0.0.1:8080${OPEN}`)).toMatchObject({ outcome: 'skipped' });
    expect(await judged(OUTSIDE, 'facade')).toMatchObject({ outcome: 'skipped' });
  });
});
