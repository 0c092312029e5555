import type { ClientPolicy } from '../../realm/representations.ts';
import { visible } from '../../text.ts';
import type { Keycloak } from '../connection/connect.ts';
import { statusOf } from '../connection/failures.ts';
import { askRealm, type RealmAnswer } from '../connection/realm-request.ts';
import { findClient } from '../read/clients.ts';
import { removeProbe } from './probe-clients.ts';

/** The subjects of a rehearsal: a product's registration, and the scopes that mcpkc's own probe holds. */
export interface Rehearsed {
  /** The body of a registration that has to be accepted (RFC 7591). */
  registration: Readonly<Record<string, unknown>> & { redirect_uris: readonly string[] };
  /** Scopes whose holders get no token without a user, where they registered themselves. */
  scopes: readonly string[];
  /** The `tos_uri` that marks mcpkc's probes. */
  tosUri: string;
}

/** The outcome of a rehearsal: failures with their reasons, and steps that could not be tried. */
export interface RehearsalResult {
  failures: string[];
  notTried: string[];
  /** Whether a client of it may be left: it registered, and the answer with its client id was lost. */
  mayLeave: boolean;
}

/** The redirect URI of a probe's sign-in; never resolves (RFC 6761), and no sign-in gets that far. */
const PROBE_REDIRECT = 'https://mcpkc.invalid/callback';
/** A challenge that no verifier belongs to: no code is ever redeemed. */
const CHALLENGE = { code_challenge: 'A'.repeat(43), code_challenge_method: 'S256' };
/** The start of Keycloak's reason where a registration policy refused, and no client policy (26.4.0, 26.7.4). */
const BY_REGISTRATION_POLICY = /^Policy '/;

/** The start of the client ids of probes that the admin API makes. */
const PROBE_CLIENT = 'mcpkc-probe-';

const MAKE = { what: 'make a probe client', role: 'manage-clients' } as const;
const REHEARSE = { what: 'rehearse a sign-in', role: 'manage-clients' } as const;
const LOOK = { what: 'read the client policies with a new token', role: 'view-realm' } as const;

/**
 * Tries what wrong client policies would break, right after they were written. First is a token of mcpkc's account.
 * Then come sign-ins up to the login page by three clients: one that registers itself, an administrator's without PKCE,
 * and a probe of mcpkc's own. The probe also asks for a token without a user. Nobody signs in, and every client that is
 * made is deleted.
 */
export async function rehearse(keycloak: Keycloak, wish: Rehearsed): Promise<RehearsalResult> {
  const result: RehearsalResult = { failures: [], notTried: [], mayLeave: false };
  const note = (who: string, why: string | undefined) => {
    if (why !== undefined) result.failures.push(`${who}: ${why}`);
  };
  note('a token of mcpkc’s account', await failureOf(accountToken(keycloak)));
  await selfRegistered(keycloak, wish, result);
  const made = { tosUri: wish.tosUri };
  const body = { redirectUris: [PROBE_REDIRECT], standardFlowEnabled: true, attributes: made };
  await withClient(keycloak, { ...body, publicClient: true }, result, async (clientId) => {
    note('a sign-in by an administrator’s client without PKCE', await signInRefusal(keycloak, clientId));
  });
  const secret = crypto.randomUUID();
  const confidential = { publicClient: false, serviceAccountsEnabled: true, secret };
  const scopes = { defaultClientScopes: ['basic', ...wish.scopes], optionalClientScopes: [] };
  await withClient(keycloak, { ...body, ...confidential, ...scopes }, result, async (clientId) => {
    note('a sign-in by mcpkc’s probe', await signInRefusal(keycloak, clientId));
    note('a token of mcpkc’s probe without a user', await tokenRefusal(keycloak, clientId, secret));
  });
  return result;
}

/** A new connection gets a token of its own; a request shows that Keycloak takes it. */
async function accountToken(keycloak: Keycloak): Promise<ClientPolicy[]> {
  const fresh = keycloak.withSignal(keycloak.waiting.signal);
  const { policies = [] } = await fresh.read(LOOK, (admin) => admin.clientPolicies.listPolicies());
  return policies as ClientPolicy[];
}

async function failureOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function selfRegistered(
  keycloak: Keycloak,
  { registration, tosUri }: Rehearsed,
  result: RehearsalResult,
): Promise<void> {
  const who = 'a registration';
  const ask = () =>
    post(keycloak, 'clients-registrations/openid-connect', {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...registration, tos_uri: tosUri }),
    });
  // An answer that was spoilt on its way tells nothing; Keycloak's own is JSON, whatever its status.
  const answer = await askAgainIf(({ json }) => Object.keys(json).length === 0, ask).catch((error) => {
    result.mayLeave = true;
    throw error;
  });
  result.mayLeave = answer.sent > 1 || Object.keys(answer.json).length === 0;
  const { client_id: clientId, error_description: reason = '' } = answer.json;
  if (answer.status !== 201 || typeof clientId !== 'string') {
    const why =
      `${answer.status} ${visible(String(answer.json.error ?? ''))} ${visible(String(reason))}`.trim();
    if (BY_REGISTRATION_POLICY.test(String(reason))) result.notTried.push(`${who}: ${why}`);
    else result.failures.push(`${who}: ${why}`);
    return;
  }
  try {
    const redirectUri = registration.redirect_uris[0] ?? PROBE_REDIRECT;
    const refusal = await signInRefusal(keycloak, clientId, { redirectUri, ...CHALLENGE });
    if (refusal !== undefined)
      result.failures.push(`a sign-in by a client that registered itself: ${refusal}`);
  } finally {
    await remove(keycloak, clientId);
  }
}

/** Works with a client that the admin API makes; a policy that refuses to make it is a failure as well. */
async function withClient(
  keycloak: Keycloak,
  body: Readonly<Record<string, unknown>>,
  result: RehearsalResult,
  work: (clientId: string) => Promise<void>,
): Promise<void> {
  const clientId = `${PROBE_CLIENT}${crypto.randomUUID()}`;
  try {
    // A client id exists once, so that a creation may be repeated after a lost answer.
    await keycloak
      .replace(MAKE, (admin) => admin.clients.create({ ...body, clientId, name: 'mcpkc probe' }))
      .catch((error) => {
        if (statusOf(error) !== 409) throw error;
      });
    await work(clientId);
  } catch (error) {
    if (statusOf(error) !== 400) throw error;
    result.failures.push(
      `making an administrator’s client: ${error instanceof Error ? error.message : error}`,
    );
  } finally {
    await remove(keycloak, clientId);
  }
}

/** Removed also after an interruption. */
async function remove(keycloak: Keycloak, clientId: string): Promise<void> {
  const aborted = keycloak.waiting.signal.aborted;
  // biome-ignore lint/plugin/clock: a limit for clean-up after an interruption.
  const cleaning = aborted ? keycloak.withSignal(AbortSignal.timeout(CLEANING_MS)) : keycloak;
  const found = await findClient(cleaning, clientId);
  if (found) await removeProbe(cleaning, found);
}
const CLEANING_MS = 5000;

/** The reason why an authorization request doesn't come to the login page; undefined where it does. */
async function signInRefusal(
  keycloak: Keycloak,
  clientId: string,
  {
    redirectUri = PROBE_REDIRECT,
    ...more
  }: { redirectUri?: string; [name: string]: string | undefined } = {},
): Promise<string | undefined> {
  const query = new URLSearchParams({
    client_id: clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid',
    state: 'mcpkc',
    ...(more as Record<string, string>),
  });
  const ask = () => askRealm(keycloak, REHEARSE, `protocol/openid-connect/auth?${query}`, { method: 'GET' });
  // Two requests at once may answer 500 (26.7.4): a policy's refusal comes again.
  const answer = await askAgainIf(({ status }) => status >= 500, ask);
  const { location } = answer;
  if (answer.status === 200) return undefined;
  if (location === null) return `${answer.status} ${visible(messageOf(answer.text))}`;
  if (!location.startsWith(redirectUri)) return undefined;
  const params = URL.parse(location)?.searchParams;
  return visible(
    `${params?.get('error') ?? 'no login page'} ${params?.get('error_description') ?? ''}`.trim(),
  );
}

/** The answer; where the first one tells nothing, the second, whatever it is. */
async function askAgainIf(
  tellsNothing: (answer: RealmAnswer) => boolean,
  ask: () => Promise<RealmAnswer>,
): Promise<RealmAnswer> {
  const first = await ask();
  if (!tellsNothing(first)) return first;
  const second = await ask();
  return { ...second, sent: first.sent + second.sent };
}

/** The message on an error page of Keycloak's. */
function messageOf(html: string): string {
  return /class="instruction"[^>]*>([^<]*)/.exec(html)?.[1]?.trim() ?? '';
}

async function tokenRefusal(
  keycloak: Keycloak,
  clientId: string,
  secret: string,
): Promise<string | undefined> {
  const { status, json } = await post(keycloak, 'protocol/openid-connect/token', {
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: secret,
    }),
  });
  if (status === 200) return undefined;
  return visible(`${status} ${json.error ?? ''} ${json.error_description ?? ''}`.trim());
}

/** A registration may be sent twice: a probe that nobody knows of carries the mark by which it is removed. */
function post(keycloak: Keycloak, path: string, init: RequestInit): Promise<RealmAnswer> {
  return askRealm(keycloak, REHEARSE, path, { ...init, method: 'POST' });
}
