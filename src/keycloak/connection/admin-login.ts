import type { Io } from '../../cli/io.ts';
import type { Config } from '../../config/load.ts';
import { McpkcError } from '../../errors.ts';
import { ADMIN_API_SCOPE, roleClientOf } from '../../realm/roles.ts';
import { formatCommand, shellWord } from '../../text.ts';
import type { AccountRealms } from '../read/account.ts';
import { type Connecting, grantConnecting, type Keycloak, open } from './connect.ts';
import { proxyTo } from './http.ts';
import type { AccessToken, TokenGrant, TokenSource } from './token.ts';
import { readClaims } from './token-claims.ts';
import { requireKeycloakThere } from './token-refusal.ts';
import { reasonOf } from './token-refused.ts';

/**
 * The means by which an administrator signs in, once, for `init` alone; nothing of it is kept. `code` is a one-time
 * code of an authenticator. `typed` shows that a person typed the password and may be asked again.
 */
export type Administrator = { realm: string } & (
  | { kind: 'password'; name: string; password: string; code?: string; typed?: boolean }
  | { kind: 'client'; clientId: string; secret: string }
  | { kind: 'token'; token: string }
);

/** An administrator's name in messages. */
function nameOf(administrator: Administrator): string {
  if (administrator.kind === 'password') return administrator.name;
  return administrator.kind === 'client' ? administrator.clientId : ownerOf(administrator.token).name;
}

/**
 * The owner that a token names, and his realm. They decide nothing, since Keycloak judges the token; but messages can
 * name the account that lacks a role.
 */
function ownerOf(token: string): { name: string; realm: string | undefined } {
  const { iss, preferred_username: user, azp } = readClaims(token) ?? {};
  const realm = typeof iss === 'string' ? iss.split('/realms/')[1] : undefined;
  const name = [user, azp].find((one) => typeof one === 'string') as string | undefined;
  return { name: name ?? 'the token’s owner', realm: realm === undefined ? undefined : decoded(realm) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** An administrator who is signed in: one sign-in, however many realms are connected to. */
export interface SignedInAdministrator {
  /** Connects to a realm. */
  connectTo(realm: string): Promise<Keycloak>;
}

/**
 * Signs in as an administrator. Throws ADMIN_LOGIN_FAILED (exit status 4) where Keycloak refuses, PLAIN_HTTP (5) before any
 * secret leaves.
 */
export async function signInAsAdministrator(
  administrator: Administrator,
  config: Config,
  io: Io,
  signal: AbortSignal,
): Promise<SignedInAdministrator> {
  const connecting = connectingOf(administrator, config, io);
  const shared = new Map<unknown, TokenSource>();
  // One sign-in for all realms, as long as requests go the same way (another list of authorities is another way): a
  // one-time code works once.
  const tokens: Connecting['tokens'] = (options, waiting) => {
    const source =
      shared.get(options.dispatcher) ??
      explained(connecting.tokens(options, waiting), administrator, config.server);
    shared.set(options.dispatcher, source);
    return source;
  };
  const connectTo = (realm: string) => open({ ...connecting, realm, tokens }, config, io, signal);
  await connectTo(administrator.realm);
  return { connectTo };
}

/**
 * Asks the address, before anybody types a password for it: throws what the sign-in would fail with whatever is typed.
 * Waits for a server that starts, with `--wait`.
 */
export async function requireServerOf(
  realm: string,
  config: Config,
  io: Io,
  signal: AbortSignal,
): Promise<void> {
  const { server } = config;
  const where = { server, realm, proxy: proxyTo(server, io.env) };
  const tokens: Connecting['tokens'] = (options, waiting) => ({
    getAccessToken: async () => {
      await requireKeycloakThere(where, options, waiting).catch((error) =>
        throwForAdministrator(error, realm, server),
      );
      return '';
    },
    renew: () => {},
  });
  await open({ server, realm, accountRealm: realm, account: '', tokens }, config, io, signal);
}

/** Connects to the realm that the account lives in and to the one that it administers. */
export async function connectRealms(
  { connectTo }: SignedInAdministrator,
  realms: { home: string; target: string },
): Promise<AccountRealms> {
  const home = await connectTo(realms.home);
  return { home, target: realms.target === realms.home ? home : await connectTo(realms.target) };
}

function connectingOf(administrator: Administrator, config: Config, io: Io): Connecting {
  const { realm } = administrator;
  const { server } = config;
  const account = nameOf(administrator);
  if (administrator.kind === 'token') {
    const { token } = administrator;
    const accountRealm = ownerOf(token).realm ?? realm;
    const where = { server, realm: accountRealm, proxy: proxyTo(server, io.env) };
    const tokens: Connecting['tokens'] = (options, waiting) => {
      let found: Promise<void> | undefined;
      const source = fixedToken(token, { server, realm }, io.now);
      const getAccessToken = async () => {
        // No token request shows here whether a Keycloak answers at the address at all.
        found ??= requireKeycloakThere(where, options, waiting);
        await found.catch((error) => {
          found = undefined;
          throw error;
        });
        return source.getAccessToken();
      };
      return { ...source, getAccessToken };
    };
    return { server, realm, accountRealm, account, tokens };
  }
  const grant =
    administrator.kind === 'password'
      ? { clientId: 'admin-cli', user: userOf(administrator) }
      : { clientId: administrator.clientId, clientSecret: administrator.secret };
  return { ...grantConnecting({ server, realm, ...grant }, realm, io), account };
}

function userOf({
  name,
  password,
  code,
}: Administrator & { kind: 'password' }): NonNullable<TokenGrant['user']> {
  return { name, password, ...(code === undefined ? {} : { code }) };
}

/** A token that was brought along can't be renewed: refused once, it is refused for good. */
function fixedToken(
  value: string,
  { server, realm }: { server: string; realm: string },
  now: () => number,
): TokenSource {
  let refused = false;
  const token: AccessToken = { value, renewAt: Number.POSITIVE_INFINITY };
  return {
    getAccessToken: async () => {
      if (!refused) return token.value;
      const claims = readClaims(value);
      const expired = typeof claims?.exp === 'number' && claims.exp * 1000 < now();
      const { message, fix, lacks } = reasonOf({ server, realm }, claims);
      throw new McpkcError(
        'ADMIN_LOGIN_FAILED',
        `Keycloak refused the administrator’s token (401): ${expired ? 'it has expired' : message}.`,
        lacks === undefined && !expired
          ? fix
          : 'Access tokens live for minutes: get a new one right before, from the address that KC_SERVER names, with the client admin-cli (which Keycloak 26.8.2 lets into the admin API).',
      );
    },
    renew: () => {
      refused = true;
    },
  };
}

/** Throws the failure again; a realm that isn’t there is the administrator’s. */
function throwForAdministrator(error: unknown, realm: string, server: string): never {
  if (!(error instanceof McpkcError) || error.code !== 'REALM_NOT_FOUND') throw error;
  const message = `There is no realm '${realm}' at ${server} for the administrator to sign in to (--admin-realm).`;
  throw new McpkcError('REALM_NOT_FOUND', message, error.fix, { cause: error });
}

const LOGIN_CODES = ['WRONG_SECRET', 'ACCOUNT_NOT_FOUND', 'SERVICE_ACCOUNT_DISABLED'];

/** The same source, with sentences about the administrator where `requestToken` speaks of the service account. */
function explained(source: TokenSource, administrator: Administrator, server: string): TokenSource {
  const { realm } = administrator;
  return {
    renew: source.renew,
    aheadMs: () => source.aheadMs?.(),
    getAccessToken: async () => {
      try {
        return await source.getAccessToken();
      } catch (error) {
        if (!(error instanceof McpkcError) || !LOGIN_CODES.includes(error.code))
          return throwForAdministrator(error, realm, server);
        const name = nameOf(administrator);
        const message = `Keycloak refused the administrator’s client '${name}' in realm '${realm}': no such enabled client with a service account, or its secret is wrong.`;
        const fix = 'Check KC_BOOTSTRAP_ADMIN_CLIENT_ID, KC_BOOTSTRAP_ADMIN_CLIENT_SECRET and --admin-realm.';
        throw new McpkcError('ADMIN_LOGIN_FAILED', message, fix, { cause: error });
      }
    },
  };
}

/**
 * A refusal of what an administrator tried, with what an administrator needs and the command that grants it. The usual
 * fix, `mcpkc init`, is what just failed.
 */
export function administratorsFailure(
  error: unknown,
  administrator: Administrator,
  target: string,
  home: string,
): unknown {
  if (!(error instanceof McpkcError)) return error;
  if (error.code === 'NOT_AUTHORISED' && error.details?.lacks === ADMIN_API_SCOPE) {
    return administratorsAudienceError(error, administrator);
  }
  if (error.code !== 'ROLE_MISSING') return error;
  const own = administrator.kind === 'token' ? ownerOf(administrator.token).realm : undefined;
  const realm = own ?? administrator.realm;
  const name = nameOf(administrator);
  const user = administrator.kind === 'client' ? `service-account-${name}` : name;
  const { orRole, role } = error.details ?? {};
  const wanted = String(orRole ?? role);
  const of = roleClientOf(home, realm);
  const fix = [
    `init takes an administrator of '${home}': in master one with the realm role admin; in the realm itself, which Keycloak 26.4.0 does not take and 26.7.3 does, one with realm-admin (or manage-clients, manage-users and every role that the account gets; with --events also manage-events).`,
    `That one role:\nkcadm.sh add-roles -r ${shellWord(encodeURIComponent(realm))} --uusername ${shellWord(user)} --cclientid ${shellWord(of)} --rolename ${wanted}`,
    `Without giving mcpkc an administrator, the same as kcadm lines:\n${formatCommand(['init', ['--realm', target], '--dry-run'])}`,
  ].join('\n');
  return new McpkcError('ROLE_MISSING', error.message, fix, {
    cause: error.cause,
    details: error.details ?? {},
  });
}

/** The administrator's own token isn't for the admin API: `init` can't assign it the scope, an administrator can. */
function administratorsAudienceError(error: McpkcError, administrator: Administrator): McpkcError {
  const realm = `-r ${shellWord(encodeURIComponent(administrator.realm))}`;
  const id = '--fields id --format csv --noquotes';
  const name = nameOf(administrator);
  const fix =
    administrator.kind === 'client'
      ? [
          `An administrator who signs in through admin-cli gives that client the scope ${ADMIN_API_SCOPE}:`,
          `CLIENT=$(kcadm.sh get clients ${realm} -q ${shellWord(`clientId=${name}`)} ${id})`,
          `SCOPE=$(kcadm.sh get client-scopes ${realm} --fields id,name --format csv --noquotes | sed -n 's/,${ADMIN_API_SCOPE}$//p')`,
          `kcadm.sh update clients/$CLIENT/default-client-scopes/$SCOPE ${realm} -n`,
          'Or sign in with a name and a password: --admin-user.',
        ].join('\n')
      : `Sign in through a client that holds the scope ${ADMIN_API_SCOPE}, as admin-cli does.`;
  return new McpkcError('ADMIN_LOGIN_FAILED', error.message, fix, {
    cause: error.cause,
    details: error.details ?? {},
  });
}
