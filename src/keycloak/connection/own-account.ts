import { SEAL_ROLE } from '../../realm/account.ts';
import { askForRoles } from './asked-roles.ts';
import type { Keycloak } from './connect.ts';
import {
  adminAudiencesIn,
  audiencesIn,
  clientRolesIn,
  readClaims,
  realmRolesIn,
  scopesIn,
} from './token-claims.ts';

/** The facts that mcpkc's own access token shows of its account. */
export interface OwnToken {
  /**
   * Its roles in the client that administers this realm: by the token, or found out by asking where that shows none.
   * Undefined where neither shows any.
   */
  roles: string[] | undefined;
  /** Whether the roles were found out by asking; of the roles to write that shows only `manage-clients`. */
  isAsked?: boolean;
  /** Its roles in its own realm. */
  realmRoles: string[];
  /** The administrator of all realms: an account in `master` with the role `admin`. */
  superuser: boolean;
  audiences: string[];
  /** Whether it is for the admin API, as Keycloak demands from 26.8.2 on (client scope `kc-admin-api`). */
  isForAdminApi: boolean;
  /** Names of its scopes, as far as tokens show them. */
  scopes: string[];
  /** Characters of the token: a proxy or Keycloak refuses long headers. */
  length: number;
  /**
   * Whether `init` sealed the account; undefined where nobody knows. By the token alone it may be a stranger's doing,
   * who made the role everybody's. So `status` looks at what is mapped, where the account lives in the realm.
   */
  sealed: boolean | undefined;
}

/** The roles that were found out by asking, once for a connection. */
const asked = new WeakMap<Keycloak['admin'], Promise<string[]>>();

/**
 * Reads the token that administration is done with. A lightweight one (client setting, or client policy) names no
 * roles: then the account's are found out by asking. The token itself is never passed on.
 */
export async function readOwnToken(keycloak: Keycloak): Promise<OwnToken> {
  const token = (await keycloak.admin.getAccessToken()) ?? '';
  const claims = readClaims(token);
  const realmRoles = realmRolesIn(claims);
  let roles = clientRolesIn(claims, keycloak.place.roleClient);
  const isAsked = roles === undefined && claims?.realm_access === undefined;
  if (isAsked) {
    const asking = asked.get(keycloak.admin) ?? askForRoles(keycloak);
    asked.set(keycloak.admin, asking);
    roles = await asking;
  }
  return {
    roles,
    isAsked,
    realmRoles,
    superuser: keycloak.accountRealm === 'master' && realmRoles.includes('admin'),
    audiences: audiencesIn(claims),
    isForAdminApi: adminAudiencesIn(claims).length > 0,
    scopes: scopesIn(claims),
    length: token.length,
    sealed: clientRolesIn(claims, keycloak.place.account)?.includes(SEAL_ROLE),
  };
}
