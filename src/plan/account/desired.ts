import { type AccountSnapshot, accountOrigin } from '../../realm/account.ts';
import { ADMIN_API_SCOPE, READING_ROLES, type Role, roleClientOf, WORKING_ROLES } from '../../realm/roles.ts';
import type { Reservation } from '../plan.ts';

/** What mcpkc's service account shall look like, and what the realm shall store for it. */
export interface DesiredAccount {
  clientId: string;
  /** The realm that it administers. */
  target: string;
  /** The realm that it lives in. */
  realm: string;
  /** The client whose roles it gets. */
  roleClient: string;
  roles: readonly Role[];
  /** Take away what it doesn't need: roles, sign-in flows, the passing on of every role. */
  exact: boolean;
  /** Make a new secret, though the one that is there is known to nobody else. */
  rotate: boolean;
  /** User events to store and for how long; absent leaves them as they are. */
  events?: { retentionMs: number };
}

/** The client id of the service account where none is configured. */
export const DEFAULT_CLIENT_ID = 'mcpkc';

/** The account that does everything that mcpkc can do, or (`readOnly`) only looks. */
export function desiredAccount(input: {
  clientId: string | undefined;
  target: string;
  realm: string;
  readOnly: boolean;
  exact: boolean;
  rotate: boolean;
  retentionMs: number | undefined;
}): DesiredAccount {
  const { clientId = DEFAULT_CLIENT_ID, target, realm, readOnly, exact, rotate, retentionMs } = input;
  return {
    clientId,
    target,
    realm,
    roleClient: roleClientOf(target, realm),
    roles: readOnly ? READING_ROLES : WORKING_ROLES,
    exact,
    rotate,
    ...(retentionMs === undefined ? {} : { events: { retentionMs } }),
  };
}

/**
 * The client to make: confidential, for its service account alone. It names its scopes, since a client that names none
 * gets every realm default, an MCP server's audience among them; and it passes on no role by itself, so that its token
 * holds what is mapped and nothing else. `basic` gives the token its `sub`, `roles` its roles; where the realm has
 * `kc-admin-api`, the account gets it too (`ACCOUNT_SCOPES`).
 */
export const ACCOUNT_CLIENT = {
  name: 'mcpkc',
  description: 'Service account of mcpkc, which provisions MCP clients. Made by mcpkc init.',
  protocol: 'openid-connect',
  enabled: true,
  publicClient: false,
  bearerOnly: false,
  clientAuthenticatorType: 'client-secret',
  serviceAccountsEnabled: true,
  standardFlowEnabled: false,
  implicitFlowEnabled: false,
  directAccessGrantsEnabled: false,
  fullScopeAllowed: false,
  defaultClientScopes: ['basic', 'roles'],
  optionalClientScopes: [],
} as const;

/** The client scopes that the account holds as defaults, as far as its realm has them. */
export const ACCOUNT_SCOPES: readonly string[] = [...ACCOUNT_CLIENT.defaultClientScopes, ADMIN_API_SCOPE];

/** What only a person may decide about: an account in `master`, and a client that no administrator's hand shows on. */
export function accountReservations(
  { clientId, target, realm }: DesiredAccount,
  snapshot: AccountSnapshot,
): Reservation[] {
  const reservations: Reservation[] = [];
  if (realm === 'master' || target === 'master') {
    reservations.push({ message: 'This changes the realm master, which administers all others.' });
  }
  const origin = accountOrigin(snapshot, ACCOUNT_CLIENT);
  if (origin.kind === 'unproven') {
    const message = `The client '${clientId}' in realm '${realm}' is there already, and nothing proves that an administrator made it for mcpkc: ${origin.because.join('; ')}. Whoever made it may know its secret, so it is never taken over. It would be deleted and made anew, and what uses it now would no longer work. KC_CLIENT_ID names another. Run init before any host is trusted, and nobody can come first.`;
    reservations.push({ message });
  }
  return reservations;
}
