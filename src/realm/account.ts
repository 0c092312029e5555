import type { Client, ClientScope, EventsConfig } from './representations.ts';
/** A role that was granted to the account's user directly; `of` is the client that has it, null for a realm role. */
export interface HeldRole {
  of: string | null;
  name: string;
}

/** mcpkc's service account as it is, and the facts that `init` decides by. */
export interface AccountSnapshot {
  /** The realm that the account lives in: the one that it administers, or `master`. */
  realm: string;
  /** The client whose roles administer the realm: `realm-management`, or `<realm>-realm` in `master`. */
  roleClient: string;
  client: Client | undefined;
  /** Empty also where the service account is off: Keycloak deletes its user then, roles and all (26.7.3). */
  roles: HeldRole[];
  /** Roles of `roleClient` that the client passes on into tokens where it doesn't pass on all (scope mappings). */
  passed: string[];
  /** The client scopes of the account's realm. */
  scopes: ClientScope[];
  /** The events that the administered realm stores; undefined where nobody asked. */
  events: StoredEvents | undefined;
}

/**
 * The role of the account's own client that `init` maps to its service account once its secret is known to nobody else.
 * No registration maps roles to a user (Keycloak 26.4.0 and 26.7.4), so it proves an administrator's hand.
 */
export const SEAL_ROLE = 'mcpkc-account';

/** Clients of every realm that Keycloak needs itself (26.7.4). */
const BUILT_IN = [
  'account',
  'account-console',
  'admin-cli',
  'broker',
  'realm-management',
  'security-admin-console',
];

/** Whether a client is Keycloak's own: never an account's, never deleted. */
export function isBuiltIn(clientId: string, realm: string): boolean {
  return BUILT_IN.includes(clientId) || (realm === 'master' && clientId.endsWith('-realm'));
}

/**
 * The marks of a client that may have registered itself, as an operator reads them. Their absence proves nothing:
 * without the policies 'Consent Required' and 'Full Scope Disabled' registrations carry no mark (Keycloak 26.7.4).
 */
export function registrationMarks(client: Client): string[] {
  const mappers = client.protocolMappers ?? [];
  const { redirectUris } = client;
  return [
    client.consentRequired === true ? ['it registered itself (users have to consent to it)'] : [],
    redirectUris.length > 0 ? [`it has redirect URIs (${redirectUris.slice(0, 3).join(', ')})`] : [],
    mappers.length > 0
      ? [
          `it has protocol mappers of its own (${mappers.map(({ protocolMapper }) => protocolMapper).join(', ')})`,
        ]
      : [],
  ].flat();
}

/** Whether the secret of the account is known to mcpkc alone: `init` marks it by a role. */
export function isSealed({ client, roles }: Pick<AccountSnapshot, 'client' | 'roles'>): boolean {
  return roles.some(({ of, name }) => of !== null && of === client?.clientId && name === SEAL_ROLE);
}

/**
 * The attributes that hold a client's public key (Keycloak 26.7.3). `jwks.string` counts where `use.jwks.url`, which
 * goes first, is off; empty ones are removed.
 */
export function keyAttributes(jwks: string): Record<string, string> {
  return jwks === ''
    ? { 'jwks.string': '', 'use.jwks.string': '' }
    : { 'use.jwks.url': 'false', 'use.jwks.string': 'true', 'jwks.string': jwks };
}

/** Whether the client has a key as `init --key` makes it: a JWK set among its attributes. */
export function hasOwnKey({ attributes }: Client): boolean {
  return Boolean(attributes['jwks.string']);
}

/**
 * Whether a client signs in with this public key (a JWK set as JSON) and with no other. Others are a set at an address
 * and another key of the same set (attributes of Keycloak 26.7.3).
 */
export function signsInWith({ clientAuthenticatorType, attributes }: Client, jwks: string): boolean {
  return (
    clientAuthenticatorType === 'client-jwt' &&
    attributes['use.jwks.string'] === 'true' &&
    attributes['use.jwks.url'] !== 'true' &&
    publicPart(attributes['jwks.string']) === publicPart(jwks)
  );
}

/** The members that identify the keys of a set (RFC 7638 §3.2, RFC 8037 §2). */
function publicPart(jwks: string | undefined): string {
  try {
    const { keys } = JSON.parse(jwks ?? '') as { keys: Record<string, unknown>[] };
    return JSON.stringify(keys.map(({ kid, kty, crv, x, y, n, e }) => [kid, kty, crv, x, y, n, e]));
  } catch {
    return '';
  }
}

/** Whether a role is an administrative one: in `master` also of another realm, or the administrator's of all. */
function isAdministrative({ realm, roleClient }: AccountSnapshot, { of, name }: HeldRole): boolean {
  if (of === roleClient) return true;
  return realm === 'master' && (of === null ? name === 'admin' : of.endsWith('-realm'));
}

/** The maker of the account's client. */
export type AccountOrigin =
  /** Nobody: there is none. */
  | { kind: 'none' }
  /** An administrator: it may be repaired. */
  | { kind: 'administrator' }
  /** An `init` that was cut off before it granted anything, or an imitation: of use to nobody, made anew. */
  | { kind: 'unfinished' }
  /** Unknown; `because` holds the reasons for the doubt, in words. */
  | { kind: 'unproven'; because: string[] };

/**
 * The maker of the account's client. Roles that were mapped to its service account show an administrator's hand, since
 * no registration can map them. They do so only where nothing else shows a registration. `unfinished` is a client that
 * looks as `init` makes it and has no role.
 */
export function accountOrigin(snapshot: AccountSnapshot, made: { description: string }): AccountOrigin {
  const { client, roles } = snapshot;
  if (!client) return { kind: 'none' };
  const marks = registrationMarks(client);
  const mapped = roles.some((role) => isAdministrative(snapshot, role)) || isSealed(snapshot);
  if (mapped && marks.length === 0) return { kind: 'administrator' };
  if (!mapped && marks.length === 0 && isAsMade(client, made.description)) return { kind: 'unfinished' };
  const without = mapped
    ? []
    : [
        client.serviceAccountsEnabled === true
          ? `its service account has no role of '${snapshot.roleClient}'`
          : 'it has no service account',
      ];
  return { kind: 'unproven', because: [...marks, ...uses(client), ...without] };
}

function isAsMade(client: Client, description: string): boolean {
  return client.description === description && uses(client).length === 0;
}

/** The uses of a client beside a service account. */
function uses(client: Client): string[] {
  return [
    client.protocol === undefined || client.protocol === 'openid-connect'
      ? []
      : [`it is a ${client.protocol} client`],
    client.publicClient === true ? ['it is public'] : [],
    client.bearerOnly === true ? ['it is bearer-only'] : [],
    client.standardFlowEnabled === true || client.implicitFlowEnabled === true
      ? ['people sign in through it']
      : [],
  ].flat();
}

/** The user events that the realm stores, and whether any are there: switched off, it keeps those that it has. */
export interface StoredEvents extends EventsConfig {
  some: boolean;
}
