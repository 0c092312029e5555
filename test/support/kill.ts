import { hostname } from 'node:os';
import { expect } from 'vitest';
import type { AdminAccess } from '../../tools/keycloak/admin.ts';
import { type Account, accountIn, expectCli, type RunOptions } from './cli.ts';
import { createRealm, type Realm } from './keycloak/realm.ts';
import {
  audience,
  audienceScope,
  expectAdoptedMode,
  register,
  remembered,
  storeEvents,
} from './onboarding.ts';
import {
  addClient,
  addScope,
  anonymousPolicies,
  type Client,
  configure,
  hostsIn,
  listOf,
  scopeIn,
} from './realm-things.ts';
import type { Passing } from './reverse-proxy.ts';

export const RESOURCE = 'https://kill.example.com/mcp';
export const SCOPE = 'mcp-resource-kill';
/** A client that a rerun may name. */
export const NAMED = 'named';
/** One that an administrator makes while a run waits. */
const ADMINS = 'made-meanwhile';

/** A realm with things in it that are nobody's business, for one run that is disturbed. */
export interface Stage {
  realm: Realm;
  account: Account;
  /** Clients that registered while the run waited, and one that an administrator made then; empty before. */
  came: { connector: string; foreign: string[] };
  /** To be called with each request that Keycloak answered: lets clients come once the run waits. */
  onAnswered(request: Passing): Promise<void>;
  /** Fails where a client that no adoption accepts holds the audience, at this moment. */
  expectJudged(): Promise<void>;
  /** Fails unless the realm is as planned: nothing is open, only adopted clients have the audience. */
  expectAsPlanned(): Promise<void>;
  /** Makes the realm what it was before the first run. */
  reset(): Promise<void>;
  /** Fails unless what is nobody's business is as it was. */
  expectForeignUntouched(): Promise<void>;
}

/** How the clients begin with which mcpkc rehearses a sign-in: made by the admin API, with a secret that nobody knows. */
const PROBE = 'mcpkc-probe-';

/** Makes one. */
export async function setStage(server: AdminAccess, purpose: string): Promise<Stage> {
  const realm = await createRealm(server, purpose);
  const account = await accountIn(realm);
  await storeEvents(realm);
  await addScope(realm, 'foreign-scope', {}, 'https://elsewhere.example.com/mcp');
  await addClient(realm, 'foreign-client', { attributes: { 'their.own': 'yes' } });
  await addClient(realm, NAMED);
  const came: Stage['came'] = { connector: '', foreign: [] };
  const before = await foreignThings(realm);
  const policies = [
    ...(await anonymousPolicies(realm, 'trusted-hosts')),
    ...(await anonymousPolicies(realm, 'allowed-client-templates')),
  ];
  return {
    realm,
    account,
    came,
    async onAnswered({ path }) {
      if (!path.includes('/events?') || came.connector !== '' || !(await audienceScope(realm, SCOPE))) return;
      came.connector = 'coming';
      // The policy on redirect URIs lets them in; with tokens for themselves they are no product's.
      const grants = ['authorization_code', 'refresh_token', 'client_credentials'];
      const other = { grant_types: grants };
      came.foreign.push(await register(realm, other), await register(realm, { ...other, scope: SCOPE }));
      came.connector = await register(realm);
      await addClient(realm, ADMINS);
      came.foreign.push(ADMINS);
    },
    async expectJudged() {
      const hidden = await audienceScope(realm, SCOPE);
      if (!hidden) return;
      expect(await listOf(realm, hidden.name)).toBe('none');
      const clients = await realm.admin.get<Client[]>(realm.path('clients?max=100'));
      const holders = clients.filter(({ defaultClientScopes, optionalClientScopes }) =>
        [...defaultClientScopes, ...optionalClientScopes].includes(hidden.name),
      );
      const connectors = ['https://chatgpt.com/connector_platform_oauth_redirect'];
      for (const { clientId, redirectUris, serviceAccountsEnabled } of holders)
        if (clientId !== NAMED && !clientId.startsWith(PROBE))
          expect({ redirectUris, serviceAccountsEnabled }, clientId).toEqual({
            redirectUris: connectors,
            serviceAccountsEnabled: false,
          });
    },
    async expectAsPlanned() {
      if ((await scopeIn(realm, SCOPE))?.attributes?.['mcpkc.mode'] === undefined) return;
      if (await audienceScope(realm, SCOPE)) expect((await remembered(account)).provisional).toEqual([]);
      for (const id of came.foreign) expect(await audience(realm, id, SCOPE)).toBe('none');
      const { adopted } = await remembered(account);
      // Adopted or not, never half: the record says so, and it holds the audience, or neither.
      if (came.connector !== '')
        expect((await audience(realm, came.connector, SCOPE)) === 'adopted').toBe(
          adopted.includes(came.connector),
        );
    },
    async reset() {
      came.connector = '';
      came.foreign = [];
      await forget(realm);
      // A key that is left out stays as it is (26.7.3).
      const nothing = { 'trusted-hosts': [], 'allowed-client-scopes': [] };
      for (const policy of policies) await configure(realm, { ...policy, config: nothing }, policy.config);
    },
    async expectForeignUntouched() {
      expect(await foreignThings(realm)).toEqual(before);
    },
  };
}

/** Deletes what runs and those who registered left in a realm, its registration policies apart. */
async function forget(realm: Realm): Promise<void> {
  const { admin } = realm;
  await admin.put(realm.path('client-policies/policies'), { policies: [] });
  await admin.put(realm.path('client-policies/profiles'), { profiles: [] });
  for (const scope of [await audienceScope(realm, SCOPE), await scopeIn(realm, SCOPE)])
    if (scope) await admin.del(realm.path(`client-scopes/${scope.id}`));
  const clients = await admin.get<{ id: string; clientId: string; description?: string }[]>(
    realm.path('clients?max=100'),
  );
  for (const { id, clientId, description } of clients) {
    if (clientId === id || description?.endsWith('(mcpkc).')) await admin.del(realm.path(`clients/${id}`));
    if (clientId === ADMINS) await admin.del(realm.path(`clients/${id}`));
  }
  await admin.request('DELETE', realm.path('roles/mcpkc-lock'));
  await admin.request('DELETE', realm.path('roles/mcpkc-record'));
  const record = clients.find(({ clientId }) => clientId === 'mcpkc-record');
  if (record) await admin.request('DELETE', realm.path(`clients/${record.id}`));
}

/** What mcpkc has no business with; Keycloak's lists in an order of their own. */
async function foreignThings(realm: Realm): Promise<unknown> {
  const {
    realm: settings,
    clientScopes,
    clients,
    defaultScopes,
    optionalScopes,
    ...rest
  } = await realm.snapshot();
  const others = (list: readonly Record<string, unknown>[]) =>
    list.filter(
      ({ name, clientId }) =>
        name !== SCOPE &&
        !String(name).startsWith('mcp-audience-') &&
        ![NAMED, ADMINS, 'mcpkc-record'].includes(String(clientId)) &&
        !/^[0-9a-f-]{36}$/.test(String(clientId)),
    );
  const { clientPolicies: _policies, clientProfiles: _profiles, ...own } = settings;
  return {
    settings: own,
    clientScopes: others(clientScopes),
    clients: others(clients),
    defaultScopes: defaultScopes.filter((name) => name !== SCOPE),
    optionalScopes: optionalScopes.filter((name) => name !== SCOPE),
    realmRoles: rest.realmRoles.filter(({ name }) => name !== 'mcpkc-lock' && name !== 'mcpkc-record'),
    eventsConfig: rest.eventsConfig,
    components: rest.components.filter(
      ({ name }) =>
        !['Trusted Hosts', 'Allowed Client Scopes', 'Allowed Protocol Mapper Types'].includes(String(name)),
    ),
  };
}

/** What provisioning makes is whole: hosts, the policy that enforces PKCE; and a lock that was left is in nobody's way. */
export async function expectProvisioned(stage: Stage): Promise<void> {
  const { realm } = stage;
  await expectAdoptedMode(realm, stage.account, SCOPE);
  expect(await hostsIn(realm)).toEqual(expect.arrayContaining(['chatgpt.com', 'kill.example.com']));
  const { policies } = await realm.admin.get<{ policies: { name: string }[] }>(
    realm.path('client-policies/policies'),
  );
  expect(policies.map(({ name }) => name)).toContain('mcpkc-registrations');
  await expectUnlocked(stage);
}

async function expectUnlocked(stage: Stage): Promise<void> {
  const { realm } = stage;
  const { io } = await expectCli(0, ['trusted-hosts', '--add', 'after.example.com'], here(stage));
  // Long sleeps are those of renewing the lock; anybody who waits for one sleeps shortly.
  const waited = io.slept.filter((ms) => ms < 1000).reduce((sum, ms) => sum + ms, 0);
  expect(waited).toBeLessThan(1000);
  const roles = await realm.admin.get<{ name: string }[]>(realm.path('roles'));
  expect(roles.map(({ name }) => name)).not.toContain('mcpkc-lock');
}

/** The named client holds the audience, and a lock that was left is in nobody's way. */
export async function expectNamed(stage: Stage): Promise<void> {
  await expectAdoptedMode(stage.realm, stage.account, SCOPE);
  expect(await audience(stage.realm, NAMED, SCOPE)).toBe('adopted');
  await expectUnlocked(stage);
}

/** A run in memory that believes itself on this machine, so that it sees which processes are dead. */
export function here({ account }: Stage): RunOptions {
  return {
    env: account.env,
    clock: 'virtual',
    prepare: (io) => Object.assign(io, { hostname: hostname(), isAlive: isAlive }),
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Which of `count` requests are tried: every one with MCPKC_KILL_EVERY=1, else a sample. */
export function positions(count: number, fallback: number): number[] {
  const every = Number(process.env.MCPKC_KILL_EVERY ?? fallback);
  return Array.from({ length: count }, (_, index) => index + 1).filter((n) => (n - 1) % every === 0);
}

/** The part of the cases that MCPKC_KILL_PART names (`2/4`): parts side by side take less time, as most of it is waiting. */
export function partOf<T>(cases: readonly T[]): T[] {
  const [part = 1, of = 1] = (process.env.MCPKC_KILL_PART ?? '1/1').split('/').map(Number);
  return cases.filter((_, index) => index % of === part - 1);
}
