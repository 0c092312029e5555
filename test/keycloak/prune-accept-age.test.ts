import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Connector } from '../support/connectors/chatgpt.ts';
import { switchEventsOn } from '../support/keycloak/events.ts';
import { decisionOf, type PruneRealm, pruneRealm, runPrune } from './prune-realm.ts';

let realm: PruneRealm;

beforeAll(async () => {
  realm = await pruneRealm();
  // A realm where nobody ever stored an event.
  await switchEventsOn(realm, { admin: false, user: false });
  await realm.admin.del(realm.path('events'));
});
afterAll(() => realm?.remove());

const today = () => new Date().toISOString().slice(0, 10);

describe('--accept-age', () => {
  it('disables who was named, with a backup, and deletes only once nobody was heard who misses it', async () => {
    const [dead, missed, other] = [await realm.orphan(), new Connector(realm.host.url), await realm.orphan()];
    await missed.register();
    const missedId = String(missed.client?.clientId);
    const used = String(realm.alive.client?.clientId);
    const args = ['--accept-age', today(), dead, missedId, used];
    const plain = await runPrune(realm, [], { days: 9 });
    expect(decisionOf(plain, dead)).toMatchObject({ decision: 'keep', standing: 'unknown' });

    const planned = await runPrune(realm, args, { days: 9 });
    expect(planned.status).toBe(1);
    expect(decisionOf(planned, dead)).toMatchObject({ decision: 'disable', standing: 'accepted' });
    expect(decisionOf(planned, dead).reason).toMatch(/Not proven: nothing tells since when it exists.*LOGIN/);
    expect(decisionOf(planned, used)).toMatchObject({ decision: 'keep', standing: 'alive' });
    expect(decisionOf(planned, other)).toMatchObject({ decision: 'keep', standing: 'unknown' });

    const now = ['--now', '--confirm', realm.name, '--max', '50'];
    const run = await runPrune(realm, ['--apply', ...args, ...now], { days: 9 });
    expect(run.document.summary).toMatchObject({ disable: 2, delete: 0 });
    expect(await realm.client(dead)).toMatchObject({ enabled: false });
    expect(await realm.client(other)).toMatchObject({ enabled: true });
    const backup = run.io.disk.get(String(run.document.backup));
    expect(backup instanceof Error ? '' : backup?.text).toContain(dead);

    // Nobody would be heard: they stay disabled.
    const deaf = await runPrune(realm, ['--apply'], { days: 14 });
    expect(decisionOf(deaf, dead)).toMatchObject({ decision: 'keep', standing: 'accepted' });
    expect(decisionOf(deaf, dead).reason).toMatch(/nobody would be heard who misses it/);

    // From here on LOGIN_ERROR is stored; one of them is missed.
    await switchEventsOn(realm, { admin: false, user: true });
    await missed.connect(realm.user);
    await runPrune(realm, ['--apply'], { days: 14 });
    const last = await runPrune(realm, ['--apply', '--max', '50'], { days: 18 });
    expect(decisionOf(last, dead)).toMatchObject({ decision: 'delete', outcome: 'done' });
    const after = await realm.clientIds();
    expect(after).not.toContain(dead);
    expect(after).toEqual(expect.arrayContaining([missedId, other, used]));
    expect(await realm.client(missedId)).toMatchObject({ enabled: true });
  });

  it.each([
    [['--accept-age', '2026-02-31', 'x'], /is not a day/],
    [['--accept-age', '2999-01-01', 'x'], /is not over/],
    [['--accept-age', '2020-01-01'], /no client is named/],
    [['--observe', '--accept-age', '2020-01-01', 'x'], /cannot be used with option '--observe'/],
    [['--accept-age', '2020-01-01', 'nobody'], /has no client nobody/],
  ])('%j is refused, naming what is wrong', async (args, problem) => {
    const run = await runPrune(realm, args);
    expect({ status: run.status, message: run.document.message }).toEqual({
      status: 2,
      message: expect.stringMatching(problem),
    });
  });
});
