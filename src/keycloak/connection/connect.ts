// biome-ignore-all lint/style/noRestrictedImports: keycloak/connection makes the admin client.
import type KeycloakAdminClient from '@keycloak/keycloak-admin-client';
import type { Io } from '../../cli/io.ts';
import { type Config, requireAccount, requireRealm } from '../../config/config.ts';
import { McpkcError } from '../../errors.ts';
import { roleClientOf } from '../../realm/roles.ts';
import { type Attempt, adminRequestError, type KeycloakPlace, statusOf } from './failures.ts';
import { guardClientIds } from './guarded-ids.ts';
import {
  newTrace,
  obtainDispatcher,
  proxyTo,
  type RequestOptions,
  requestOptions,
  requireSafeTransport,
  type Trace,
} from './http.ts';
import { isUnknownAuthority } from './network.ts';
import { type Repeatable, type Waiting, withRetries } from './retry.ts';
import { requestToken, type TokenGrant, type TokenSource, tokenSource } from './token.ts';

/** The time for which a run alone may edit the realm (its lock): asked right before each write. */
export interface Lease {
  /** Throws LOCK_LOST where another run may hold the lock by now. */
  requireHeld(): void;
  /** Hears that a write was answered, or given up. */
  onWritten(): void;
}

/** A signed-in connection to one realm. Every request goes through `read`, `replace` or `create`. */
export interface Keycloak {
  readonly place: KeycloakPlace;
  readonly realm: string;
  readonly server: string;
  /** The realm that the account lives in. */
  readonly accountRealm: string;
  readonly admin: KeycloakAdminClient;
  readonly waiting: Waiting;
  readonly options: RequestOptions;
  /** The run that it is part of. What is the same for all connections of a run is kept under it. */
  readonly run: object;
  /** Milliseconds since the epoch by the server's clock, to a second: the same for all machines that work on it. */
  serverNow(): number;
  /** A GET: repeated after any passing failure. */
  read<T>(attempt: Attempt, send: (admin: KeycloakAdminClient) => Promise<T>): Promise<T>;
  /** A PUT or DELETE with the same content each time, or a POST whose repetition is a 409: repeated likewise. */
  replace<T>(attempt: Attempt, send: (admin: KeycloakAdminClient) => Promise<T>): Promise<T>;
  /** A POST: repeated only where it certainly did nothing. */
  create<T>(attempt: Attempt, send: (admin: KeycloakAdminClient) => Promise<T>): Promise<T>;
  /** The same connection with another signal: for clean-up after the run's own was aborted. */
  withSignal(signal: AbortSignal): Keycloak;
  /** From now on every write of this connection and its copies asks this lease first; undefined: none. */
  writeUnder(lease: Lease | undefined): void;
}

/** The parts of a connection; `connect` fills them from the configuration, `init` from an administrator's sign-in. */
export interface Connecting {
  server: string;
  realm: string;
  accountRealm: string;
  account: string;
  tokens(options: RequestOptions, waiting: Waiting): TokenSource;
}

/** Signs in with the service account of the configuration; the first request shows whether that works. */
export async function connect(config: Config, io: Io, signal: AbortSignal): Promise<Keycloak> {
  const realm = requireRealm(config);
  const account = requireAccount(config);
  const { clientId } = account;
  const accountRealm = config.adminRealm ?? realm;
  const grant: TokenGrant = { server: config.server, realm: accountRealm, ...account };
  const opened = open({ ...grantConnecting(grant, realm, io), account: clientId }, config, io, signal);
  return config.originOf('KC_SERVER') === undefined ? opened.catch(sayDefault) : opened;
}

/** Failures that a server may be to blame for which nobody named. */
const WRONG_SERVER: readonly string[] = [
  'KEYCLOAK_UNREACHABLE',
  'KEYCLOAK_STARTING',
  'KEYCLOAK_TIMEOUT',
  'KEYCLOAK_ERROR',
  'REALM_NOT_FOUND',
  'WRONG_SERVER_PATH',
];

/** Throws the failure again; it names the server as the default of KC_SERVER, which nobody named. */
function sayDefault(error: unknown): never {
  if (!(error instanceof McpkcError) || !WRONG_SERVER.includes(error.code)) throw error;
  const message = `KC_SERVER is not set, so its default was tried. ${error.message}`;
  const { code, cause, details } = error;
  const fix = 'Name yours with --server or KC_SERVER. Or set mcpkc up, which keeps it:\nmcpkc init';
  throw new McpkcError(code, message, fix, { cause, ...(details === undefined ? {} : { details }) });
}

/** A connection whose tokens come from a grant. */
export function grantConnecting(grant: TokenGrant, realm: string, io: Io): Omit<Connecting, 'account'> {
  return {
    server: grant.server,
    realm,
    accountRealm: grant.realm,
    tokens: (options, waiting) => {
      const asked = { ...grant, proxy: proxyTo(grant.server, io.env) };
      let refresh: string | undefined;
      const ask = async () => {
        const token = await requestToken(asked, options, waiting, refresh);
        refresh = token.refresh;
        return token;
      };
      return tokenSource(ask, () => io.now());
    },
  };
}

/** Opens a connection: checks the transport, signs in (waiting for a server that starts, with `--wait`). */
export async function open(
  connecting: Connecting,
  config: Config,
  io: Io,
  signal: AbortSignal,
): Promise<Keycloak> {
  requireSafeTransport(connecting.server, config);
  const [first, { default: Client }] = await Promise.all([
    obtainDispatcher(config, io),
    import('@keycloak/keycloak-admin-client'),
  ]);
  let dispatcher = first;
  const trace = newTrace(io.env.TRACEPARENT);
  const { server, realm, accountRealm, account } = connecting;
  const roleClient = roleClientOf(realm, accountRealm);
  const place: KeycloakPlace = { server, realm, account, roleClient, proxy: proxyTo(server, io.env) };
  let aheadMs = 0;
  let lease: Lease | undefined;
  const make = (ends: AbortSignal, tokens?: TokenSource): Keycloak => {
    const options = requestOptions(config.requestTimeoutMs, ends, dispatcher, trace);
    const waiting: Waiting = { now: io.now, sleep: io.sleep, signal: ends };
    const source = tokens ?? connecting.tokens(options, waiting);
    const admin = guardClientIds(new Client({ baseUrl: server, realmName: realm, requestOptions: options }));
    admin.registerTokenProvider(source);
    const send = sender(admin, source, place, waiting, trace, () => lease);
    return {
      place,
      realm,
      server,
      accountRealm,
      admin,
      waiting,
      options,
      run: io,
      serverNow: () => {
        aheadMs = source.aheadMs?.() ?? aheadMs;
        return io.now() + aheadMs;
      },
      read: (attempt, request) => send('read', attempt, request),
      replace: (attempt, request) => send('replace', attempt, request),
      create: (attempt, request) => send('create', attempt, request),
      // Its tokens are asked for under the new signal: the old source may have been cut off in the middle.
      withSignal: (other) => make(other),
      writeUnder: (next) => {
        lease = next;
      },
    };
  };
  const keycloak = make(signal);
  try {
    await signIn(keycloak, config, io, signal);
    return keycloak;
  } catch (error) {
    // The certificate's signer is unknown to Node's own list: the system may know it.
    if (!(error instanceof McpkcError) || !isUnknownAuthority(String(error.details?.network)))
      throw traced(error, trace);
    dispatcher = await obtainDispatcher(config, io, { system: true });
    const again = make(signal);
    await signIn(again, config, io, signal).catch((failure) => {
      throw traced(failure, trace);
    });
    return again;
  }
}

/** The same failure with the run's trace id among its details, by which the servers' logs can be searched. */
function traced(error: unknown, { id }: Trace): unknown {
  if (!(error instanceof McpkcError) || error.details?.trace !== undefined) return error;
  const details = { ...error.details, trace: id };
  return new McpkcError(error.code, error.message, error.fix, { cause: error.cause, details });
}

async function signIn(keycloak: Keycloak, config: Config, io: Io, signal: AbortSignal): Promise<void> {
  const deadline = io.now() + config.waitMs;
  for (;;) {
    try {
      await keycloak.admin.getAccessToken();
      return;
    } catch (error) {
      const starting =
        error instanceof McpkcError &&
        ['KEYCLOAK_UNREACHABLE', 'KEYCLOAK_STARTING', 'KEYCLOAK_TIMEOUT'].includes(error.code);
      if (!starting || io.now() >= deadline) throw error;
      await io.sleep(1000, signal);
    }
  }
}

type Sender = <T>(
  how: Repeatable,
  attempt: Attempt,
  request: (admin: KeycloakAdminClient) => Promise<T>,
) => Promise<T>;

function sender(
  admin: KeycloakAdminClient,
  tokens: TokenSource,
  place: KeycloakPlace,
  waiting: Waiting,
  trace: Trace,
  leaseNow: () => Lease | undefined,
): Sender {
  return async (how, attempt, request) => {
    const writes = how !== 'read' && attempt.isOfLock !== true;
    const send = async () => {
      const lease = writes ? leaseNow() : undefined;
      if (lease === undefined) return request(admin);
      // A new token may take long: it is fetched before the lease is looked at, so that the write follows at once.
      await tokens.getAccessToken();
      lease.requireHeld();
      return request(admin).finally(() => lease.onWritten());
    };
    const once = async () => {
      const answer = await send();
      if (typeof answer === 'string' && answer !== '') throw new SyntaxError('the answer is not JSON');
      return answer;
    };
    // The token that was refused shows why; one that can't be had is no reason of its own.
    const failure = async (error: unknown) => {
      const refused = statusOf(error) === 401 || statusOf(error) === 403;
      const token = refused ? await tokens.getAccessToken().catch(() => '') : '';
      return traced(adminRequestError(error, attempt, place, token), trace);
    };
    try {
      return await withRetries(how, once, waiting);
    } catch (error) {
      if (statusOf(error) !== 401 || error instanceof McpkcError) throw await failure(error);
    }
    // The token was revoked (a restart with new keys, a logout): once more with a new one. A 401 did nothing.
    tokens.renew();
    try {
      return await withRetries(how, once, waiting);
    } catch (error) {
      throw await failure(error);
    }
  };
}
