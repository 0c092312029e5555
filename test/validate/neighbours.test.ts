import { afterAll, beforeAll, expect, it } from 'vitest';
import { type GoodHost, startGoodHost } from '../support/hosts/good.ts';
import { audience, expectAdoptedMode, inRealTime, register, startOnboard } from '../support/onboarding.ts';
import { newStage, probesIn, SCOPE, type Stage } from './stage.ts';

let stage: Stage;
let host: GoodHost;

beforeAll(async () => {
  stage = await newStage('neighbours');
  host = await startGoodHost(stage.setup);
  await stage.provision(host.url, ['--attach', 'none']);
});
afterAll(async () => {
  await host.stop();
  await stage.remove();
});

it('an onboard that waits beside a run adopts the connector, and none of the probes', async () => {
  const { env } = stage.account;
  const onboarding = startOnboard(
    [
      host.url,
      '--preset',
      'chatgpt',
      '--until',
      'registered',
      '--scope',
      SCOPE,
      '--timeout',
      '60s',
      '--json',
    ],
    {
      env,
      prepare: inRealTime,
    },
  );
  await onboarding.opened;
  const runs = await Promise.all([stage.validate(host.url), stage.validate(host.url)]);
  const connector = await register(stage.realm);
  const done = await onboarding.done;
  expect(done.exit).toBe(0);
  expect(done.json).toMatchObject({ client: { clientId: connector } });
  expect(await audience(stage.realm, connector, SCOPE)).toBe('adopted');
  await expectAdoptedMode(stage.realm, stage.account, SCOPE);
  expect(await probesIn(stage.realm)).toEqual([]);
  for (const run of runs) expect(run.document.checks.length).toBeGreaterThan(40);
  const after = await stage.validate(host.url);
  expect(after.ids('fail')).toEqual([]);
  expect(after.exit).toBe(0);
});
