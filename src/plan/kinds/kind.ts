import type { Keycloak } from '../../keycloak/connection/connect.ts';
import type { Revoked } from '../../keycloak/write/registration-token.ts';
import type { ScopeIds } from '../../keycloak/write/write-scopes.ts';
import type { RealmSnapshot } from '../../realm/snapshot.ts';
import type { Desired } from '../desired.ts';
import type { ChangeOf } from '../plan.ts';
import type { Joins } from './join.ts';

/** The means of writing a change: the connection, and the ids of client scopes as they become known. */
export interface Writing {
  keycloak: Keycloak;
  ids: ScopeIds;
  /** Clients whose registration access tokens were replaced, for the proof at the end that the old ones are dead. */
  revoked: Revoked[];
}

/**
 * A kind of thing that mcpkc writes in a realm: its name in plans, its comparison of wanted and present things, and its
 * writer. `Owned` is the part of such a thing that mcpkc owns; the diff is pure and touches nothing else. `Part` names
 * the parts of a wish that are about it.
 */
export type Kind<Name extends string, Owned extends object, Part extends keyof Desired> = KindRules<
  Name,
  Owned,
  Part
> &
  Memory;

interface KindRules<Name extends string, Owned extends object, Part extends keyof Desired> {
  /** In a plan's lines: "create **client scope** mcp-resource". */
  title: string;
  /** It is edited as a whole list of the realm: a plan with it takes the realm's lock, and the role manage-realm. */
  isRealmList: boolean;
  /** One wish of several MCP servers' wishes. */
  joins: Joins<Part>;
  diff(desired: Desired, snapshot: RealmSnapshot): ChangeOf<Name, Owned>[];
  /** Writes one change, looking up ids now: the plan may be old. */
  write(change: ChangeOf<Name, Owned>, writing: Writing): Promise<void>;
}

/** The parts of a wish that a kind is about. */
export type PartOf<Rules> = Rules extends { joins: Joins<infer Part> } ? Part : never;

/**
 * Whether its state before mcpkc is written down, and put back when nothing needs the change any more. Off where mcpkc
 * makes and removes the whole thing, or an entry of the record of its own tells of it.
 */
type Memory =
  | { isRemembered: false }
  | {
      isRemembered: true;
      /** Whether a thing is there, by the key that plans name it by. A snapshot without its part shows none. */
      isThere(key: string, snapshot: RealmSnapshot): boolean;
    };
