import {
  type ClientPolicy,
  type ClientProfile,
  type ClientScope,
  type EventsConfig,
  REGISTRATION_POLICY_TYPE,
  type RegistrationPolicy,
} from '../../realm/representations.ts';
import type { Keycloak } from '../connection/connect.ts';
import type { Attempt } from '../connection/failures.ts';
import { listOf } from '../connection/lists.ts';

const SCOPES: Attempt = { what: 'read the client scopes', role: 'view-clients' };
const POLICIES: Attempt = { what: 'read the client registration policies', role: 'view-realm' };
const CLIENT_POLICIES: Attempt = { what: 'read the client policies', role: 'view-realm' };
const EVENTS: Attempt = { what: 'read which events are stored', role: 'view-events' };

type Raw = Record<string, unknown>;

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function texts(value: unknown): Record<string, string> {
  const entries = Object.entries((value ?? {}) as Raw).filter(([, one]) => typeof one === 'string');
  return Object.fromEntries(entries) as Record<string, string>;
}

/** The realm's client scopes with their mappers. */
export async function readClientScopes(keycloak: Keycloak): Promise<ClientScope[]> {
  const found = await keycloak.read(SCOPES, (admin) => admin.clientScopes.find());
  return listOf(found, SCOPES).map((scope) => ({
    id: text(scope.id),
    name: text(scope.name),
    protocol: text(scope.protocol),
    description: text(scope.description),
    attributes: texts(scope.attributes),
    mappers: (scope.protocolMappers ?? []).map((mapper) => ({
      id: text(mapper.id),
      name: text(mapper.name),
      protocol: text(mapper.protocol),
      protocolMapper: text(mapper.protocolMapper),
      config: texts(mapper.config),
    })),
  }));
}

/** Names of the realm's default and optional client scopes: a client gets them that is made without naming any. */
export async function readRealmScopes(
  keycloak: Keycloak,
): Promise<{ defaults: string[]; optionals: string[] }> {
  const [defaults, optionals] = await Promise.all([
    keycloak.read(SCOPES, (admin) => admin.clientScopes.listDefaultClientScopes()),
    keycloak.read(SCOPES, (admin) => admin.clientScopes.listDefaultOptionalClientScopes()),
  ]);
  return {
    defaults: listOf(defaults, SCOPES).map(({ name }) => text(name)),
    optionals: listOf(optionals, SCOPES).map(({ name }) => text(name)),
  };
}

/** The client registration policies of the realm, anonymous ones and those for registrations with a token. */
export async function readRegistrationPolicies(keycloak: Keycloak): Promise<RegistrationPolicy[]> {
  const found = await keycloak.read(POLICIES, (admin) =>
    admin.components.find({ type: REGISTRATION_POLICY_TYPE }),
  );
  return listOf(found, POLICIES).map((component) => ({
    id: text(component.id),
    name: text(component.name),
    providerId: text(component.providerId),
    subType: text(component.subType),
    config: Object.fromEntries(
      Object.entries((component.config ?? {}) as Raw).map(([key, value]) => [
        key,
        Array.isArray(value) ? value.map(text) : [],
      ]),
    ),
  }));
}

/**
 * The settings of the server's kinds of registration policy, by its own description: provider id → names of its
 * settings. A release that adds a setting shows it here, whatever its version.
 */
export async function readRegistrationProviders(
  keycloak: Keycloak,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { realm } = keycloak;
  const found = await keycloak.read(POLICIES, (admin) =>
    admin.realms.getClientRegistrationPolicyProviders({ realm }),
  );
  return new Map(
    listOf(found, POLICIES).map(({ id, properties }) => [
      text(id),
      (Array.isArray(properties) ? properties : []).map(({ name }) => text(name)),
    ]),
  );
}

/** The realm's own client policies (not the server's global ones, which can't be edited). */
export async function readClientPolicies(keycloak: Keycloak): Promise<ClientPolicy[]> {
  const found = await keycloak.read(CLIENT_POLICIES, (admin) => admin.clientPolicies.listPolicies());
  // Never taken for empty where it isn't there: the list is written back whole.
  return listOf(found.policies as ClientPolicy[], CLIENT_POLICIES);
}

/** The realm's own client profiles. */
export async function readClientProfiles(keycloak: Keycloak): Promise<ClientProfile[]> {
  const found = await keycloak.read(CLIENT_POLICIES, (admin) => admin.clientPolicies.listProfiles());
  return listOf(found.profiles as ClientProfile[], CLIENT_POLICIES);
}

/** The realm's client profiles, and the names of the server's own, which policies of every realm may name. */
export async function readProfileNames(
  keycloak: Keycloak,
): Promise<{ profiles: ClientProfile[]; globalProfiles: string[] }> {
  const found = await keycloak.read(CLIENT_POLICIES, (admin) =>
    admin.clientPolicies.listProfiles({ includeGlobalProfiles: true }),
  );
  const profiles = listOf(found.profiles as ClientProfile[], CLIENT_POLICIES);
  const globalProfiles = ((found.globalProfiles ?? []) as ClientProfile[]).map(({ name }) => name);
  return { profiles, globalProfiles };
}

/** The realm's client profiles and the server's own. */
export async function readProfilesOfAll(keycloak: Keycloak): Promise<ClientProfile[]> {
  const found = await keycloak.read(CLIENT_POLICIES, (admin) =>
    admin.clientPolicies.listProfiles({ includeGlobalProfiles: true }),
  );
  return [...(found.profiles ?? []), ...(found.globalProfiles ?? [])] as ClientProfile[];
}

/** The user events that the realm stores, and for how long. */
export async function readEventsConfig(keycloak: Keycloak): Promise<EventsConfig> {
  const realm = keycloak.realm;
  const found = await keycloak.read(EVENTS, (admin) => admin.realms.getConfigEvents({ realm }));
  const seconds = Number(found.eventsExpiration ?? 0);
  return {
    enabled: found.eventsEnabled === true,
    types: (found.enabledEventTypes ?? []).map(text),
    expirationMs: seconds > 0 ? seconds * 1000 : undefined,
  };
}
