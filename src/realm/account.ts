import type { Client, ClientScope, EventsConfig } from './representations.ts';
/** A role that was given to the account's user by itself; `of` is the client that has it, null for a realm role. */
export interface HeldRole {
  of: string | null;
  name: string;
}

/** mcpkc's service account as it is, and what `init` decides by. */
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
  /** What the realm that is administered stores; undefined where nobody asked. */
  events: StoredEvents | undefined;
}

/** Which user events the realm stores, and whether any are there: switched off, it keeps those that it has. */
export interface StoredEvents extends EventsConfig {
  some: boolean;
}
