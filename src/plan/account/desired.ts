import { type AccountSnapshot, accountOrigin, hasOwnKey, signsInWith } from '../../realm/account.ts';
import {
  ADMIN_API_SCOPE,
  type AdminRole,
  READING_ROLES,
  REVOKING_ROLE,
  roleClientOf,
  WORKING_ROLES,
} from '../../realm/roles.ts';
import type { AccountKind, Change, Reservation } from '../plan.ts';

/** The wanted state of mcpkc's service account, and the events that the realm should store for it. */
export interface DesiredAccount {
  clientId: string;
  /** The realm that it administers. */
  target: string;
  /** The realm that it lives in. */
  realm: string;
  /** The client whose roles it gets. */
  roleClient: string;
  roles: readonly AdminRole[];
  /** Remove everything that it doesn't need: roles, sign-in flows, the passing on of every role. */
  exact: boolean;
  /** Make a new secret or key, though nobody else knows the present one. */
  rotate: boolean;
  /** How the account signs in. */
  signIn: 'secret' | 'key';
  /**
   * Public keys (JWK sets) for `signIn: 'key'`: `next` is assigned where it needs a new one, `held` is the one that is
   * here.
   */
  keys: { next: string; held: string | undefined } | undefined;
  /** User events to store and for how long; absent leaves them as they are. */
  events?: { retentionMs: number };
}

/** The client id of the service account where none is configured. */
const DEFAULT_CLIENT_ID = 'mcpkc';

/** The account that does everything that mcpkc can do, or (`readOnly`) only looks. */
export function desiredAccount(input: {
  clientId: string | undefined;
  target: string;
  realm: string;
  readOnly: boolean;
  /** `--revoke`: also the roles for ending people's connections. */
  revoke?: boolean;
  exact: boolean;
  rotate: boolean;
  retentionMs: number | undefined;
}): DesiredAccount {
  const { clientId = DEFAULT_CLIENT_ID, target, realm, readOnly, exact, rotate, retentionMs } = input;
  const roles = readOnly ? READING_ROLES : WORKING_ROLES;
  return {
    clientId,
    target,
    realm,
    roleClient: roleClientOf(target, realm),
    roles: input.revoke === true ? [...roles, REVOKING_ROLE] : roles,
    exact,
    rotate,
    signIn: 'secret',
    keys: undefined,
    ...(retentionMs === undefined ? {} : { events: { retentionMs } }),
  };
}

/**
 * The client to make: confidential, for its service account alone. It names its scopes. A client that names none gets
 * every realm default, an MCP server's audience among them. It passes on no role on its own, so that its token holds
 * only the mapped ones. `basic` sets the token's `sub`, `roles` its roles; where the realm has `kc-admin-api`, the
 * account gets it too (`ACCOUNT_SCOPES`).
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

/** The client to make, by how it signs in. */
export function accountClient({ signIn }: Pick<DesiredAccount, 'signIn'>) {
  const clientAuthenticatorType = signIn === 'key' ? ('client-jwt' as const) : ('client-secret' as const);
  return { ...ACCOUNT_CLIENT, clientAuthenticatorType };
}

/** The client scopes that the account holds as defaults, as far as its realm has them. */
export const ACCOUNT_SCOPES: readonly string[] = [...ACCOUNT_CLIENT.defaultClientScopes, ADMIN_API_SCOPE];

/** Whether the account would lose a key, unasked, that is in use elsewhere. */
function losesKey({ signIn, rotate, keys }: DesiredAccount, { client }: AccountSnapshot): boolean {
  if (!client || signIn !== 'key' || rotate || client.clientAuthenticatorType !== 'client-jwt') return false;
  return hasOwnKey(client) && !(keys?.held !== undefined && signsInWith(client, keys.held));
}

/** Whether the key that is here, whose public part is `keys.held`, is the account’s own. */
export function isOwnKeyHeld({ keys }: DesiredAccount, { client }: AccountSnapshot): boolean {
  return client !== undefined && keys?.held !== undefined && signsInWith(client, keys.held);
}

/**
 * Changes that need a person's word: an account in `master`, and a client that nothing shows to be an administrator's.
 */
export function accountReservations(desired: DesiredAccount, snapshot: AccountSnapshot): Reservation[] {
  const { clientId, target, realm } = desired;
  const reservations: Reservation[] = [];
  if (realm === 'master' || target === 'master') {
    reservations.push({ message: 'This changes the realm master, which administers all others.' });
  }
  const origin = accountOrigin(snapshot, ACCOUNT_CLIENT);
  if (origin.kind === 'unproven') {
    const message = `The client '${clientId}' in realm '${realm}' is there already, and nothing proves that an administrator made it for mcpkc: ${origin.because.join('; ')}. Anybody who made it may know its secret, so it is never taken over. It would be deleted and made anew, and what uses it now would no longer work. KC_CLIENT_ID names another. Run init before any host is trusted, and nobody can come first.`;
    reservations.push({ message });
  }
  if (origin.kind === 'administrator' && losesKey(desired, snapshot)) {
    const message = `The client '${clientId}' signs in with a key whose private part is not here. It would get a new one, and whatever has the old one could no longer sign in. Better: copy the key file and name it with KC_CLIENT_KEY_FILE.`;
    reservations.push({ message });
  }
  return reservations;
}

/** A kind of thing that `init` writes: compares the wanted account with the present one. Pure. */
export interface AccountKindRules<Kind extends AccountKind> {
  diff(desired: DesiredAccount, snapshot: AccountSnapshot): Change<Kind>[];
}
