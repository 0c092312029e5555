import { beforeEach, describe, expect, inject, it } from 'vitest';
import { EVENT_TYPES } from '../../src/realm/events.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { filesOf, type Ran, runMcpkc } from '../support/run-mcpkc.ts';

const server = inject('keycloak');
const realm = await useRealm('init-events');
const env = {
  KC_BOOTSTRAP_ADMIN_USERNAME: server.adminUser,
  KC_BOOTSTRAP_ADMIN_PASSWORD: server.adminPassword,
};
const DAY_S = 86_400;
const CONFIG = realm.path('events/config');

interface EventsConfig {
  eventsEnabled: boolean;
  eventsExpiration?: number;
  enabledEventTypes: string[];
  [field: string]: unknown;
}

/** The list of types has no order. */
async function now(): Promise<EventsConfig> {
  const config = await realm.admin.get<EventsConfig>(CONFIG);
  return { ...config, enabledEventTypes: config.enabledEventTypes.toSorted() };
}

let fresh: EventsConfig;
let last: Ran | undefined;

async function init(...argv: string[]): Promise<Ran> {
  const files = last ? filesOf(last) : {};
  last = await runMcpkc(['init', '--server', server.url, '--realm', realm.name, ...argv], { env, files });
  return last;
}

async function setTo(fields: Record<string, unknown>): Promise<void> {
  const { eventsExpiration: _gone, ...rest } = fresh;
  await realm.admin.put(CONFIG, { ...rest, ...fields });
}

beforeEach(async () => {
  fresh ??= await now();
  await setTo({});
  await realm.admin.del(realm.path('events'));
});

describe('init --events', () => {
  it('without the flag leaves the realm’s events alone', async () => {
    expect((await init()).status).toBe(0);
    expect(await now()).toEqual(fresh);
  });

  it('turns them on, with what the default list leaves out, and keeps every type of it', async () => {
    const ran = await init('--events', '30d');
    expect({ status: ran.status }).toEqual({ status: 0 });
    const { eventsEnabled, eventsExpiration, enabledEventTypes, ...others } = await now();
    expect({ eventsEnabled, eventsExpiration }).toEqual({
      eventsEnabled: true,
      eventsExpiration: 30 * DAY_S,
    });
    expect(enabledEventTypes).toEqual(expect.arrayContaining([...fresh.enabledEventTypes, ...EVENT_TYPES]));
    expect(enabledEventTypes).toContain('REFRESH_TOKEN_ERROR');
    const { eventsEnabled: _on, enabledEventTypes: _types, ...before } = fresh;
    expect(others).toEqual(before);
  });

  it('says before it what will be stored, for how long, and that addresses are in it', async () => {
    const ran = await init('--events', '30d');
    expect(ran.err.replaceAll('\n', ' ')).toMatch(/will store these user events \(kept: 30d\)/);
    expect(ran.err.replaceAll('\n', ' ')).toMatch(/IP address.*user’s id/);
  });

  it('leaves nothing to do for a second run', async () => {
    await init('--events', '30d');
    const again = await init('--events', '30d', '--dry-run', '--json');
    expect(again.status).toBe(0);
    expect(again.document()).toMatchObject({ changes: [] });
  });

  it.each([
    ['a longer retention stays', { eventsEnabled: true, eventsExpiration: 90 * DAY_S }, 90 * DAY_S],
    ['for ever stays for ever', { eventsEnabled: true }, undefined],
    ['a shorter one grows', { eventsEnabled: true, eventsExpiration: 7 * DAY_S }, 30 * DAY_S],
    ['a longer one of switched-off events stays', { eventsExpiration: 90 * DAY_S }, 90 * DAY_S],
  ])('%s', async (_what, before, after) => {
    await setTo(before);
    const ran = await init('--events', '30d');
    expect(ran.status).toBe(0);
    expect((await now()).eventsExpiration).toBe(after);
    if (after !== 30 * DAY_S) expect(ran.out).toContain('never');
  });

  it('events that are there already from a time for ever are not given an end', async () => {
    await setTo({ eventsEnabled: true });
    // A sign-in that fails leaves an event.
    await fetch(`${realm.issuer}/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'password',
        client_id: 'admin-cli',
        username: 'x',
        password: 'x',
      }),
    });
    await setTo({});
    expect((await init('--events', '30d')).status).toBe(0);
    expect((await now()).eventsExpiration).toBe(undefined);
  });

  it('adds to a short list and keeps listeners and admin events', async () => {
    const mine = {
      eventsEnabled: true,
      enabledEventTypes: ['LOGOUT', 'DELETE_ACCOUNT'],
      eventsListeners: ['jboss-logging', 'email'],
      adminEventsEnabled: true,
      adminEventsDetailsEnabled: true,
    };
    await setTo(mine);
    expect((await init('--events', '30d')).status).toBe(0);
    const { enabledEventTypes, ...rest } = await now();
    expect([...enabledEventTypes].sort()).toEqual([...EVENT_TYPES, 'LOGOUT', 'DELETE_ACCOUNT'].sort());
    expect([...(rest.eventsListeners as string[])].sort()).toEqual(['email', 'jboss-logging']);
    expect(rest).toMatchObject({ adminEventsEnabled: true, adminEventsDetailsEnabled: true });
  });

  it('refuses a time that is too short, or none', async () => {
    expect((await init('--events', '5m')).status).toBe(2);
    expect((await init('--events', 'soon')).status).toBe(2);
    expect(await now()).toEqual(fresh);
  });
});
