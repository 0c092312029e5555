import type { Keycloak } from '../../keycloak/connection/connect.ts';
import type { Revoked } from '../../keycloak/write/registration-token.ts';
import type { ScopeIds } from '../../keycloak/write/write-scopes.ts';
import type { RealmSnapshot } from '../../realm/snapshot.ts';
import type { Desired } from '../desired.ts';
import type { ChangeOf } from '../plan.ts';

/** What a change is written with: the connection, and the ids of client scopes as they become known. */
export interface Writing {
  keycloak: Keycloak;
  ids: ScopeIds;
  /** Whose registration access tokens were replaced, for the proof at the end that they are dead. */
  revoked: Revoked[];
}

/**
 * A kind of thing that mcpkc writes in a realm: how a plan calls it, how what is wanted differs from what is there, and
 * how one change is written. `Owned` is what mcpkc owns of such a thing; the diff is pure and touches nothing else.
 */
export interface Kind<Name extends string, Owned extends object> {
  /** In a plan's lines: "create **client scope** mcp-resource". */
  title: string;
  diff(desired: Desired, snapshot: RealmSnapshot): ChangeOf<Name, Owned>[];
  /** Writes one change, looking up ids now: the plan may be old. */
  write(change: ChangeOf<Name, Owned>, writing: Writing): Promise<void>;
}
