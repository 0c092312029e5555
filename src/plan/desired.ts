import type { Rehearsed } from '../keycloak/write/rehearse.ts';
import type { RoleName } from '../realm/access.ts';
import type { RealmList } from '../realm/lists.ts';
import type { Means } from '../realm/own-policies.ts';
import type { Entry } from '../realm/record.ts';
import type { HostsOfPolicy } from '../realm/registration-policies.ts';
import type { Client } from '../realm/representations.ts';
import type { RoleHolder } from '../realm/snapshot.ts';

/**
 * The realm as it should be, as far as mcpkc owns it. Every part is optional: a part that isn't named isn't touched.
 * Made by this room's functions from a command's input, compared with the realm by `kinds/`.
 */
export interface Desired {
  /** The mark of a run of 0.1.0 whose window is over: it is removed. */
  windowMark?: { scope: string; mark: null };
  clientScopes?: ({ name: string; absent: true } | DesiredScope)[];
  /** `absent`: the scope's mapper for this audience is removed. */
  audienceMappers?: (
    | { scope: string; audience: string; absent?: true }
    /** The mapper of that name as it was before mcpkc; null where mcpkc made it. */
    | { scope: string; mapper: string; restore: Readonly<Record<string, string>> | null }
  )[];
  trustedHosts?:
    | DesiredHosts
    /** Policies of these names as they are put back; null where mcpkc made one. */
    | { restore: Readonly<Record<string, HostsOfPolicy | null>> };
  allowedScopes?:
    | { add: string[]; remove: string[]; defaults: boolean }
    | { restore: Readonly<Record<string, { scopes: string[]; defaults: boolean }>> };
  /** Origins from which web pages may register. */
  registrationOrigins?: { add: readonly string[] } | { restore: Readonly<Record<string, readonly string[]>> };
  /** The only types of protocol mappers that a registration may bring. */
  mapperTypes?:
    | { only: readonly string[] }
    /** The types that a policy of that name allowed before mcpkc narrowed it; null where mcpkc made it. */
    | { restore: Readonly<Record<string, readonly string[] | null>> };
  /** The policy for clients that come by registration or document; `absent` removes it. */
  registrations?: DesiredRegistrations | { absent: true };
  /** Scopes whose holders get no token without a user, where they registered themselves. */
  userless?: { add: readonly string[]; remove: readonly string[] };
  /** Remove the policies by client scope of 0.1.0: all of the realm, or those of one scope. */
  formerPolicies?: 'all' | { scope: string };
  /** The registration to try once client policies were written. */
  rehearsal?: Rehearsed;
  /** Entries for the record. */
  remember?: readonly Entry[];
  defaultScopes?: { scope: string; list: RealmList; why?: string }[];
  /** Realm roles that must be there, or must not. */
  realmRoles?: DesiredRole[];
  /** The roles that scopes map: exactly these; an empty list lets everybody in. */
  access?: DesiredAccess[];
  /** The groups and users that roles are granted to. */
  roleHolders?: RoleHolder[];
  /** Clients that stand for MCP servers (RFC 8707): the one with that internal id, or without one. */
  resourceClients?: (
    | { clientId: string; resource: string; id: string }
    | { clientId: string; absent: string; why: string }
  )[];
  clients?: DesiredClient[];
  /** Clients that products are known by without registering. */
  allowedClients?: DesiredAllowed[];
  assignments?: Assignment[];
}

/** A realm role; `absent` removes it. */
export interface DesiredRole {
  name: string;
  /** Only set when the role is made. */
  description: string;
  why: string;
  absent?: true;
}

/** The roles that a scope maps, and why. */
export interface DesiredAccess {
  scope: string;
  roles: readonly RoleName[];
  why: string;
}

export interface DesiredScope {
  name: string;
  /** Attributes that mcpkc owns; null removes one. */
  attributes: Record<string, string | null>;
  /** Further attributes that it is made with; anybody who changes them later keeps the change. */
  begin?: Record<string, string>;
  /** Only set when the scope is made; anybody who changes it later keeps the change. */
  description: string;
  /** Reason, where it isn’t the one that mcpkc’s marks are for. */
  why?: string;
}

export interface DesiredHosts {
  add: string[];
  remove: string[];
  /** Sender match off and client-URI match on, as ChatGPT needs them; absent leaves both as they are. */
  matchFlags?: { sender: boolean; clientUris: boolean };
  /** No host, and both matches on: every registration is refused. */
  close?: true;
  /** Add a policy where the realm has none (anybody may register anything there). */
  createMissing: boolean;
}

/** The rules that registrations must keep. */
export interface DesiredRegistrations {
  redirects: Means['redirects'];
  /** Patterns of the redirect URIs that may be registered, beside those that are there. */
  add: readonly string[];
  remove: readonly string[];
  /**
   * Hosts that get no pattern of their own because they are trusted: the products', whose URIs are known, and the MCP
   * servers', where nothing registers. Every other trusted host keeps a pattern for everything at it.
   */
  closed: readonly string[];
}

/** A client that holds a scope, or should not; as optional only a client that a window of 0.1.0 granted too much. */
export interface Assignment {
  clientId: string;
  scope: string;
  list: RealmList;
  why: string;
  /**
   * Key of the client when it was judged (`clientKeyOf`): its registration access token is revoked. It gets the scope
   * only where the key is still the same.
   */
  seen?: string;
}

/** Attributes of an existing client (null removes one), or a client to make. */
export interface DesiredClient {
  clientId: string;
  attributes: Record<string, string | null>;
  /** The representation to make it with where it isn't there; absent means that it has to be there. */
  create?: Readonly<Record<string, unknown>>;
  /** The client is removed. */
  absent?: true;
  why: string;
}

/** A client that mcpkc makes for a product, or removes. `id` and `proof` tell it from any other of its client id. */
export type DesiredAllowed = {
  clientId: string;
  id: string;
  /** Never in a plan: anybody who reads it could copy it. */
  proof: string;
  why: string;
} & (
  | { absent: true }
  | {
      /** The representation without id and proof. */
      create: Partial<Client>;
    }
);
