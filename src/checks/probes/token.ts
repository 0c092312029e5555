import { lendAudience, lendScope } from '../../keycloak/write/probe-clients.ts';
import { type ConnectorTokens, connectorTokens } from '../connector-tokens.ts';
import { type Exchange, record } from '../exchange.ts';
import { loginToken } from '../login-token.ts';
import type { ProbeClient } from '../probe-clients/probes.ts';
import type { Run } from '../step.ts';
import { audiences, claimsOf, type Verified, verifyToken } from '../verify-token.ts';
import { endpoint } from './server-metadata.ts';

/** A token that can be sent, and where it is from. */
export interface SendableToken {
  token: string;
  source: 'login' | 'token-file' | 'client-credentials';
  claims: Readonly<Record<string, unknown>>;
}

/** What tokens are like in this realm. */
export interface TokenEvidence {
  /** What the connectors' tokens would hold. */
  connectors: ConnectorTokens;
  /** The token request of a client that registered itself, without a user, before anything was lent to it. */
  userless: Exchange | undefined;
  userlessClaims: Readonly<Record<string, unknown>>;
  /** What is sent to the host, or why there is nothing. */
  sendable: SendableToken | undefined;
  unsendable: { says: string; fix: string };
  /** A genuine token that is not for this host. */
  stranger: string | undefined;
  strangersAudience: readonly string[];
  /** Token requests with HTTP Basic. */
  basic: Exchange | undefined;
  verified: Verified | undefined;
  /** Seconds that Keycloak's clock is ahead of this machine's; undefined where no token was made in this run. */
  skew: number | undefined;
  /** Whether the scope was lent to the probe, so that it may stand for a connector. */
  lent: boolean;
}

/** Gets tokens: what a connector's would hold, and what can be sent to the host. Best first: sign-in, file, probe. */
export async function probeToken(run: Run): Promise<TokenEvidence> {
  const { parts, target, inside, recorder } = run;
  const registration = parts.registration;
  const client = registration?.audience?.client;
  const userless = await credentials(run, client);
  const strangers = await strangersToken(run, registration?.stranger?.client);
  const lent = await lend(run, client);
  const again = lent && !inside?.facts.userlessRejected ? await credentials(run, client) : undefined;
  const userlessClaims = claimsOf(tokenIn(userless) ?? '');
  const chosen = await choose(run, [again, userless]);
  for (const token of [chosen.sendable?.token, strangers.token]) recorder.secrets.keep(token);
  const genuine = chosen.sendable?.token ?? strangers.token ?? tokenIn(userless);
  const jwks = parts['server-metadata']?.endpoints.jwks?.json;
  const issuer = parts['server-metadata']?.issuer ?? target.issuer;
  const verified = genuine === undefined ? undefined : await verifyToken(genuine, jwks, issuer, run.io.now());
  const issued = {
    client,
    claims: userlessClaims,
    login: chosen.sendable?.source === 'login' ? chosen.sendable.claims : undefined,
  };
  return {
    connectors: await connectorTokens(run, issued),
    userless,
    userlessClaims,
    ...chosen,
    stranger: strangers.token,
    strangersAudience: strangers.audience,
    basic: userless ?? strangers.exchange,
    verified,
    skew: skewOf([again, userless, strangers.exchange]),
    lent,
  };
}

/** A token of a client's own, by client credentials with HTTP Basic. */
async function credentials(run: Run, client: ProbeClient | undefined): Promise<Exchange | undefined> {
  const url = endpoint(run.parts['server-metadata']?.document ?? {}, 'token');
  if (client?.secret === undefined || url === undefined) return undefined;
  const { inside, mcp } = run.target;
  const body = new URLSearchParams({ grant_type: 'client_credentials', resource: mcp });
  if (inside?.list === 'optional' && client.scopes.includes(inside.scope)) body.set('scope', inside.scope);
  const pair = `${encodeURIComponent(client.clientId)}:${encodeURIComponent(client.secret)}`;
  const exchange = await run.recorder.send(url, {
    method: 'POST',
    to: 'keycloak',
    headers: {
      authorization: `Basic ${btoa(pair)}`,
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    },
    body: body.toString(),
  });
  run.recorder.secrets.keep(tokenIn(exchange));
  return exchange;
}

/** The access token of an answer of the token endpoint. */
export function tokenIn(exchange: Exchange | undefined): string | undefined {
  const token = record(exchange?.json).access_token;
  return exchange?.status === 200 && typeof token === 'string' ? token : undefined;
}

/** Windowed: the probe gets the scope for the moment, where the account may do that. It goes with the probe. */
async function lend({ inside, target }: Run, client: ProbeClient | undefined): Promise<boolean> {
  if (!inside || target.inside?.mode !== 'windowed' || !client || inside.scopeId === undefined) return false;
  return lendScope(inside.keycloak, client.clientId, inside.scopeId);
}

/** What the stranger's token is for: RFC 2606, nobody's. */
const ELSEWHERE = 'https://elsewhere.example/mcp';

async function strangersToken(run: Run, client: ProbeClient | undefined) {
  if (client && run.inside) await lendAudience(run.inside.keycloak, client.clientId, ELSEWHERE);
  const exchange = await credentials(run, client);
  const token = tokenIn(exchange);
  const audience = audiences(claimsOf(token ?? ''));
  // A realm that gives this host's audience to everybody leaves no stranger.
  const foreign = token !== undefined && !audience.includes(run.target.mcp);
  return { exchange, token: foreign ? token : undefined, audience };
}

async function choose(
  run: Run,
  issued: readonly (Exchange | undefined)[],
): Promise<Pick<TokenEvidence, 'sendable' | 'unsendable'>> {
  const ways = 'Sign in (--login), hand a token in (--token-file), or let mcpkc register a probe.';
  const given = run.givenToken;
  if (run.login) {
    const { token, problem } = await loginToken(run);
    if (token === undefined)
      return {
        sendable: undefined,
        unsendable: {
          says: problem ?? 'The sign-in gave no token.',
          fix: 'Run it again, or use --token-file.',
        },
      };
    return {
      sendable: { token, source: 'login', claims: claimsOf(token) },
      unsendable: { says: '', fix: '' },
    };
  }
  if (given !== undefined) {
    return {
      sendable: { token: given, source: 'token-file', claims: claimsOf(given) },
      unsendable: { says: '', fix: '' },
    };
  }
  for (const token of issued.map(tokenIn)) {
    const claims = claimsOf(token ?? '');
    if (token !== undefined && audiences(claims).includes(run.target.mcp)) {
      return { sendable: { token, source: 'client-credentials', claims }, unsendable: { says: '', fix: '' } };
    }
  }
  return { sendable: undefined, unsendable: { says: whyNone(run, issued), fix: ways } };
}

function whyNone({ target }: Run, issued: readonly (Exchange | undefined)[]): string {
  const { inside } = target;
  if (target.noRegistration) return 'There is no token to send: no client is registered (--no-registration).';
  if (inside?.userlessRejected)
    return 'There is no token to send: the realm refuses tokens without a user, as it should.';
  if (issued.some((one) => tokenIn(one) !== undefined)) {
    return inside?.mode === 'windowed'
      ? 'There is no token to send: lending the scope to a probe takes the role manage-clients.'
      : 'There is no token to send: the one that a self-registered client gets does not name this host.';
  }
  return 'There is no token to send: no probe got one.';
}

function skewOf(exchanges: readonly (Exchange | undefined)[]): number | undefined {
  for (const exchange of exchanges) {
    const { iat } = claimsOf(tokenIn(exchange) ?? '');
    if (exchange && typeof iat === 'number') return Math.round(iat - (exchange.at + exchange.ms) / 1000);
  }
  return undefined;
}
