import { type AccountSnapshot, type HeldRole, isSealed, type StoredEvents } from '../../realm/account.ts';
import type { Client } from '../../realm/representations.ts';
import type { Keycloak } from '../connection/connect.ts';
import { type Attempt, realmNotFoundError, statusOf } from '../connection/failures.ts';
import { findClient } from './clients.ts';
import { hasStoredEvents } from './events.ts';
import { isMasked, secretMaskedError } from './masked.ts';
import { readClientScopes, readEventsConfig } from './read.ts';

/** The two realms of an administrator's connection: that of the account, and the one that it administers. */
export interface AccountRealms {
  /** Connected to the realm that the account lives in. */
  home: Keycloak;
  /** Connected to the realm that it administers; the same where it lives there. */
  target: Keycloak;
}

/** The client with the administrative roles of a realm, where it lives. Throws REALM_NOT_FOUND where there is none. */
async function requireRoleClient({ home, target }: AccountRealms, roleClient: string): Promise<string> {
  const found = await findClient(home, roleClient);
  if (found) return found.id;
  throw realmNotFoundError(target.server, target.realm);
}

/** Reads the account; `withEvents`: also the events that the realm stores. */
export async function readAccount(
  realms: AccountRealms,
  wish: { clientId: string; roleClient: string },
  withEvents: boolean,
): Promise<AccountSnapshot> {
  const { home, target } = realms;
  const [roleClientId, client, scopes, events] = await Promise.all([
    requireRoleClient(realms, wish.roleClient),
    findClient(home, wish.clientId),
    readClientScopes(home),
    withEvents ? readStoredEvents(target) : undefined,
  ]);
  const [roles, passed] = client
    ? await Promise.all([readRoles(home, client), readPassed(home, client.id, roleClientId)])
    : [[], []];
  return { realm: home.realm, roleClient: wish.roleClient, client, roles, passed, scopes, events };
}

async function readStoredEvents(target: Keycloak): Promise<StoredEvents> {
  const attempt: Attempt = { what: 'read the stored events', role: 'view-events' };
  const [config, some] = await Promise.all([readEventsConfig(target), hasStoredEvents(target, attempt)]);
  return { ...config, some };
}

/** The internal id of a service account's user, or undefined where the service account is off. */
export async function readAccountUserId(home: Keycloak, client: Client): Promise<string | undefined> {
  if (client.serviceAccountsEnabled !== true) return undefined;
  const attempt: Attempt = { what: `read the service account of '${client.clientId}'`, role: 'view-clients' };
  try {
    const { id } = client;
    return (await home.read(attempt, (admin) => admin.clients.getServiceAccountUser({ id }))).id;
  } catch (error) {
    if (statusOf(error) !== 404 && statusOf(error) !== 400) throw error;
    return undefined;
  }
}

/**
 * Whether `init` sealed an account, by the role mapped to its user. A token can't show it: a registration may make
 * the role one that everybody has (`defaultRoles`, Keycloak 26.7.4). Takes `view-clients` and `view-users`.
 */
export async function readSeal(home: Keycloak, client: Client): Promise<boolean> {
  return isSealed({ client, roles: await readRoles(home, client) });
}

async function readRoles(home: Keycloak, client: Client): Promise<HeldRole[]> {
  const id = await readAccountUserId(home, client);
  if (id === undefined) return [];
  // To read takes `view-users`; anybody who makes the account needs the wider one in any case.
  const attempt: Attempt = { what: `read the roles of '${client.clientId}'`, role: 'manage-users' };
  const mappings = await home.read(attempt, (admin) => admin.users.listRoleMappings({ id }));
  type Mapping = { client: string; mappings: { name?: string }[] };
  const ofClients = Object.values(mappings.clientMappings ?? {}) as Mapping[];
  return [
    ...(mappings.realmMappings ?? []).map(({ name }) => ({ of: null, name: name ?? '' })),
    ...ofClients.flatMap((one) => one.mappings.map(({ name }) => ({ of: one.client, name: name ?? '' }))),
  ];
}

async function readPassed(home: Keycloak, id: string, client: string): Promise<string[]> {
  const attempt: Attempt = { what: 'read the client’s scope mappings', role: 'view-clients' };
  const found = await home.read(attempt, (admin) => admin.clients.listClientScopeMappings({ id, client }));
  return found.map(({ name }) => name ?? '');
}

/** The account's secret, or undefined where it has none yet (a client that was public). Never print it. */
export async function readAccountSecret(home: Keycloak, id: string): Promise<string | undefined> {
  const attempt: Attempt = { what: 'read the account’s secret', role: 'view-clients' };
  const { value } = await home.read(attempt, (admin) => admin.clients.getClientSecret({ id }));
  if (isMasked(value)) throw secretMaskedError('the account’s secret', home.place.account);
  return value;
}
