import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RECORD_ROLE } from '../../src/realm/record.ts';
import { Connector } from '../support/connectors/chatgpt.ts';
import { type Between, startBetween } from '../support/keycloak/between.ts';
import { createServiceAccount } from '../support/keycloak/service-account.ts';
import {
  decisionOf,
  type PruneRealm,
  pruneRealm,
  type Run,
  type RunOptions,
  runPrune,
} from './prune-realm.ts';

const ALL = ['manage-clients', 'manage-realm', 'view-events', 'view-users'];
const PATIENT = 240_000;
let realm: PruneRealm;
let between: Between;
let orphans: string[];
let config: Record<string, unknown>;

beforeAll(async () => {
  realm = await pruneRealm();
  between = await startBetween(realm.admin.access.url);
  config = await realm.admin.get(realm.path('events/config'));
  orphans = [];
  // Enough for nine pages.
  for (let batch = 0; batch < 200; batch++) {
    orphans.push(...(await Promise.all([realm.orphan(), realm.orphan(), realm.orphan(), realm.orphan()])));
  }
}, PATIENT);

afterAll(async () => {
  await between?.stop();
  await realm?.remove();
});

beforeEach(() => {
  between.meddle = () => undefined;
  between.seen.length = 0;
});

/** The most dangerous run there is. */
function runAll(options: RunOptions = {}): Promise<Run> {
  const args = ['--apply', '--now', '--confirm', realm.name, '--max', '5000', '--quiet'];
  return runPrune(realm, args, { days: 8, server: between.url, ...options });
}

async function expectAllThere(): Promise<void> {
  const left = new Set(await realm.clientIds());
  expect(orphans.filter((id) => !left.has(id)).length).toBe(0);
}

/** What earlier runs wrote of the realm as a whole would speak in the next test, too. */
async function forgetObservations(): Promise<void> {
  await realm.admin.request('DELETE', realm.path(`roles/${RECORD_ROLE}`));
}

let accounts = 0;
async function accountWith(roles: readonly string[]) {
  return createServiceAccount(realm, `mcpkc-${++accounts}`, roles);
}

const failing = (pattern: RegExp, status: number, from = 1) => {
  let matched = 0;
  return (method: string, path: string) =>
    method === 'GET' && pattern.test(path) && ++matched >= from ? { status } : undefined;
};

it('without any fault, all of them would go', async () => {
  const plan = await runPrune(realm, ['--max', '5000'], { days: 8, server: between.url });
  expect(plan.document.summary).toMatchObject({ mark: orphans.length });
});

describe('nothing goes', () => {
  it.each([
    ['view-events', /events are unknown: .*lacks the role 'view-events'/],
    ['view-users', /consents are unknown: .*lacks the role 'view-users'/],
  ])('without the role %s, and the run says so with 4', async (role, reason) => {
    const run = await runAll({ account: await accountWith(ALL.filter((one) => one !== role)) });
    expect(run.status).toBe(4);
    expect(decisionOf(run, String(orphans[0]))).toMatchObject({
      decision: 'keep',
      reason: expect.stringMatching(reason),
    });
    expect(run.document.summary).toMatchObject({ delete: 0, unreadable: [{ code: 'ROLE_MISSING' }] });
    await expectAllThere();
  });

  it('with query-users in place of view-users, which lists no user and is 200', async () => {
    const roles = [...ALL.filter((one) => one !== 'view-users'), 'query-users'];
    const run = await runAll({ account: await accountWith(roles) });
    expect({ status: run.status, ...run.document.summary }).toMatchObject({ status: 4, delete: 0 });
    await expectAllThere();
  });

  it.each([
    [
      'query-clients in place of manage-clients, which lists no client and is 200',
      ['query-clients', 'manage-realm', 'view-events', 'view-users'],
    ],
    ['no role for clients', ['manage-realm', 'view-events', 'view-users']],
    ['no role for the realm', ['manage-clients', 'view-events', 'view-users']],
    ['no role at all', []],
  ])('with %s', async (_name, roles) => {
    const run = await runAll({ account: await accountWith(roles) });
    expect({ status: run.status, code: run.document.code }).toEqual({ status: 4, code: 'ROLE_MISSING' });
    await expectAllThere();
  });

  it('in a plan of an account that may only look, without sessions', async () => {
    const account = await accountWith(['view-clients', 'view-events', 'view-users']);
    const run = await runPrune(realm, [], { days: 8, account });
    expect(run.status).toBe(4);
    expect(decisionOf(run, String(orphans[0])).reason).toMatch(/sessions are unknown: .*'view-realm'/);
    expect(run.document.summary).toMatchObject({ mark: 0 });
  });

  it.each([
    ['events', /\/events\?/],
    ['events config', /\/events\/config/],
    ['admin events', /\/admin-events/],
    ['consents', /\/consents$/],
    ['users', /\/users\/?\?/],
    ['sessions', /\/client-session-stats/],
  ])('when Keycloak answers 500 for %s, and the run says so with 3', async (_name, pattern) => {
    between.meddle = failing(pattern, 500);
    const run = await runAll();
    expect({ status: run.status, ...run.document.summary }).toMatchObject({ status: 3, delete: 0 });
    expect(between.seen.some((line) => line.startsWith('GET ') && pattern.test(line))).toBe(true);
    await expectAllThere();
  });

  it.each([
    ['clients', /\/clients\/?\?/, 500],
    ['clients', /\/clients\/?\?/, 503],
    ['clients', /\/clients\/?\?/, 403],
  ])(
    'when page 7 of the %s fails with %s %i',
    async (_name, pattern, status) => {
      between.meddle = failing(pattern, status, 7);
      const run = await runAll();
      expect(run.status).toBe(status === 403 ? 4 : 3);
      expect(run.document.code).toBe(status === 403 ? 'ROLE_MISSING' : 'KEYCLOAK_ERROR');
      await expectAllThere();
    },
    PATIENT,
  );

  it('when the realm shows no users at all', async () => {
    between.meddle = (method, path) =>
      method === 'GET' && /\/users\/?\?/.test(path) ? { status: 200, body: [] } : undefined;
    const run = await runAll();
    expect(run.document.summary).toMatchObject({ delete: 0 });
    expect(decisionOf(run, String(orphans[0])).reason).toMatch(
      /consents are unknown: the realm shows no users/,
    );
    await expectAllThere();
  });

  it('when an answer is not JSON', async () => {
    between.meddle = (method, path) =>
      method === 'GET' && /\/client-session-stats/.test(path)
        ? { status: 200, body: 'cut short' }
        : undefined;
    const run = await runAll();
    expect({ status: run.status, ...run.document.summary }).toMatchObject({ status: 3, delete: 0 });
    await expectAllThere();
  });

  async function withConfig(changes: Record<string, unknown>, reason: RegExp): Promise<void> {
    await forgetObservations();
    await realm.admin.put(realm.path('events/config'), { ...config, ...changes });
    try {
      const run = await runAll();
      expect({ status: run.status, ...run.document.summary }).toMatchObject({ status: 0, delete: 0 });
      expect(decisionOf(run, String(orphans[0])).reason).toMatch(reason);
      await expectAllThere();
    } finally {
      await realm.admin.put(realm.path('events/config'), { ...config, eventsExpiration: 0 });
    }
  }

  const types = () => config.enabledEventTypes as string[];

  it('where retention is shorter than their age', () =>
    withConfig({ eventsExpiration: 3 * 86_400 }, /LOGIN do not cover its whole life: with 3d of retention/));

  it('where sign-ins are not stored', () =>
    withConfig(
      { enabledEventTypes: types().filter((type) => type !== 'LOGIN') },
      /LOGIN do not cover .* not stored/,
    ));

  it('where code exchanges are not stored', () =>
    withConfig(
      { enabledEventTypes: types().filter((type) => type !== 'CODE_TO_TOKEN') },
      /CODE_TO_TOKEN .* not stored/,
    ));

  it('where events are off', () => withConfig({ eventsEnabled: false }, /LOGIN do not cover .* not stored/));
});

describe('after an earlier run saw events off', () => {
  it('nothing goes once they are on again', async () => {
    // The runs above wrote it: sign-ins were seen off, by a clock that is ahead as this run's is.
    const run = await runAll({ days: 9 });
    expect(run.document.summary).toMatchObject({ delete: 0 });
    expect(decisionOf(run, String(orphans[0])).reason).toMatch(
      /none is stored, and no earlier run saw that they were|is proven from/,
    );
    await forgetObservations();
  });

  it('nor when an administrator’s event tells of it, though no run of mcpkc saw it', async () => {
    const path = realm.path('events/config');
    await realm.admin.put(path, { ...config, adminEventsEnabled: true });
    await realm.admin.put(path, { ...config, adminEventsEnabled: true, eventsEnabled: false });
    await realm.admin.put(path, { ...config, adminEventsEnabled: true, eventsEnabled: true });
    const run = await runAll();
    expect(run.document.summary).toMatchObject({ delete: 0 });
    await expectAllThere();
    await forgetObservations();
  });

  it('nor where somebody cleared the events, or they were switched on later', async () => {
    await realm.admin.del(realm.path('admin-events'));
    await realm.admin.del(realm.path('events'));
    await new Connector(realm.host.url).connect(realm.user);
    const run = await runAll();
    expect(run.document.summary).toMatchObject({ delete: 0 });
    expect(decisionOf(run, String(orphans[0])).reason).toMatch(
      /its registration is not among the stored events/,
    );
    await expectAllThere();
  });
});

describe('with every proof', () => {
  it('the same run takes a newer orphan, and stops at a burst of failures', async () => {
    await realm.admin.put(realm.path('events/config'), config);
    await forgetObservations();
    // The settings were changed a moment ago: a sign-in since then proves that such events are stored.
    await new Connector(realm.host.url).connect(realm.user);
    const fresh = await Promise.all(Array.from({ length: 12 }, () => realm.orphan()));
    let deletions = 0;
    between.meddle = (method, path) =>
      // Of orphans: the record, which was forgotten, is made anew in place of the old one.
      method === 'DELETE' && fresh.some((id) => path.endsWith(`/clients/${id}`)) && ++deletions > 4
        ? { status: 500 }
        : undefined;
    const stopped = await runAll({ json: true });
    expect({ status: stopped.status, code: stopped.document.code }).toEqual({
      status: 3,
      code: 'KEYCLOAK_ERROR',
    });
    expect(stopped.document.fix).toMatch(/Done: 4 of 12\. Not done: delete .*The same command does the rest/);
    const left = new Set(await realm.clientIds());
    expect(fresh.filter((id) => left.has(id))).toHaveLength(8);
    between.meddle = () => undefined;
    const rest = await runAll();
    expect({ status: rest.status, ...rest.document.summary }).toMatchObject({ status: 0, delete: 8 });
    await expectAllThere();
  });
});
