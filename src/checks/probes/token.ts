// biome-ignore lint/style/noRestrictedImports: secrets of probe clients.
import { randomBytes } from 'node:crypto';
import { audiencesIn, readClaims } from '../../keycloak/connection/token-claims.ts';
import { lendScope, makeBearerProbe } from '../../keycloak/write/probe-clients.ts';
import { visible } from '../../text.ts';
import { type ConnectorTokens, connectorTokens } from '../connector-tokens.ts';
import { type Exchange, record } from '../exchange.ts';
import type { Inside } from '../inside.ts';
import { loginToken } from '../login-token.ts';
import type { ProbeClient } from '../probe-clients/probes.ts';
import type { Run } from '../step.ts';
import { type Verified, verifyToken } from '../verify-token.ts';
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
  /** What is sent to the MCP server, or why there is nothing. */
  sendable: SendableToken | undefined;
  unsendable: {
    message: string;
    fix: string;
    /** The realm refuses such tokens on purpose: nothing is wrong that a check could be red for. */
    isExpected?: boolean;
  };
  /** A genuine token that is not for this MCP server, nor for any other. */
  stranger: string | undefined;
  strangersAudience: readonly string[];
  /** Audiences, other servers', of the only such token that could be had: it is not sent. */
  strangersOthers: readonly string[];
  /** Token requests with HTTP Basic. */
  basic: Exchange | undefined;
  verified: Verified | undefined;
  /** Seconds that Keycloak's clock is ahead of this machine's; undefined where no token was made in this run. */
  skew: number | undefined;
  /** Whether the scope was lent to the probe, so that it may stand for a connector. */
  lent: boolean;
}

/**
 * Gets tokens: what a connector's would hold, and what can be sent to the MCP server. Best first: sign-in, file, probe. A token is
 * sent only where its one audience is this MCP server, or nobody's: any other is a good bearer somewhere else. Inside it is that
 * of a client that the admin API makes for this run; those that register are judged by what Keycloak would issue to them.
 */
export async function probeToken(run: Run): Promise<TokenEvidence> {
  const { parts, target, recorder } = run;
  const registration = parts.registration;
  const client = registration?.audience?.client;
  const [userless, own, strangers] = await Promise.all([
    credentials(run, client),
    bearer(run, 'host', target.mcp),
    strangersToken(run, registration?.stranger?.client),
  ]);
  const lent = await lend(run, client);
  const userlessClaims = readClaims(tokenIn(userless) ?? '') ?? {};
  const chosen = await choose(run, [own, userless]);
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
    strangersOthers: strangers.others,
    basic: userless ?? strangers.exchange,
    verified,
    skew: skewOf([own, userless, strangers.exchange]),
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

/** Adopted mode: the probe gets the audience scope for the moment, where the account may do that. It goes with the probe. */
async function lend({ inside, target }: Run, client: ProbeClient | undefined): Promise<boolean> {
  if (!inside || target.inside?.mode !== 'adopted' || !client || inside.scopeId === undefined) return false;
  return lendScope(inside.keycloak, client.clientId, inside.scopeId);
}

/** What the stranger's token is for: RFC 2606, nobody's. */
const ELSEWHERE = 'https://elsewhere.example/mcp';

/**
 * The token of a client that the admin API makes for this run, for one audience alone; undefined from outside, with
 * --no-registration, and where the account may not make clients.
 */
async function bearer(run: Run, what: 'host' | 'elsewhere', audience: string): Promise<Exchange | undefined> {
  const { inside, target, probes, recorder } = run;
  if (!inside || target.noRegistration) return undefined;
  run.signal.throwIfAborted();
  const secret = randomBytes(24).toString('base64url');
  recorder.secrets.keep(secret);
  const clientId = `mcpkc-probe-${target.runId}-${what}`;
  const scopes = what === 'host' ? bearerScopes(inside) : [];
  const probe = { clientId, secret, tosUri: probes.mark.tosUri, audience, scopes };
  // biome-ignore lint/plugin/clock: the run's own time limit.
  const keycloak = inside.keycloak.withSignal(AbortSignal.timeout(MAKING_MS));
  const made = await probes.make(
    makeBearerProbe(keycloak, probe).then((id) => (id === undefined ? undefined : { id, clientId })),
  );
  return made && credentials(run, { clientId, secret, redirectUris: [], scopes: [] });
}

/** What is under way when the run is aborted has this long. */
const MAKING_MS = 10_000;

/** The MCP server's own scope, for hosts that look at `scope`: unless it gives another audience, or the realm refuses it. */
function bearerScopes({ facts, snapshot }: Inside): string[] {
  const fits =
    facts.exists &&
    !facts.machinesRejected &&
    facts.audiences.every((audience) => audience === facts.resource);
  const known = snapshot.scopes.map(({ name }) => name);
  return ['basic', ...(fits ? [facts.scope] : [])].filter((name) => known.includes(name));
}

async function strangersToken(run: Run, client: ProbeClient | undefined) {
  const exchange = (await bearer(run, 'elsewhere', ELSEWHERE)) ?? (await credentials(run, client));
  const token = tokenIn(exchange);
  const audience = audiencesIn(readClaims(token ?? ''));
  // A realm that gives this MCP server's audience to everybody leaves no stranger; another server's token is none of this MCP server's.
  const others = audience.filter((one) => one !== ELSEWHERE && one !== run.target.mcp);
  const foreign = token !== undefined && others.length === 0 && !audience.includes(run.target.mcp);
  return { exchange, token: foreign ? token : undefined, audience, others };
}

/** Why a token must not leave for this MCP server, as the end of a sentence; undefined where this MCP server is its only audience. */
export function whyNotFor(mcp: string, token: string): string | undefined {
  const claims = readClaims(token) ?? {};
  if (Object.keys(claims).length === 0) return 'is not a JWT, so that nothing tells whom it is for';
  const others = audiencesIn(claims).filter((audience) => audience !== mcp);
  if (others.length > 0) return `is also good for ${others.map(visible).join(' ')}`;
  return audiencesIn(claims).length === 0 ? 'names no audience, so that it is good anywhere' : undefined;
}

async function choose(run: Run, issued: readonly (Exchange | undefined)[]): Promise<Chosen> {
  const ways = 'Sign in (--login), hand a token in (--token-file), or let mcpkc register a probe.';
  const given = run.givenToken;
  if (run.login) {
    const { token, problem } = await loginToken(run);
    if (token === undefined)
      return {
        sendable: undefined,
        unsendable: {
          message: problem ?? 'The sign-in gave no token.',
          fix: 'Run it again, or use --token-file.',
        },
      };
    return withheldOr(run, token, 'login');
  }
  if (given !== undefined) {
    return withheldOr(run, given, 'token-file');
  }
  for (const token of issued.map(tokenIn)) {
    const claims = readClaims(token ?? '') ?? {};
    if (token !== undefined && whyNotFor(run.target.mcp, token) === undefined) {
      return {
        sendable: { token, source: 'client-credentials', claims },
        unsendable: { message: '', fix: '' },
      };
    }
  }
  const isExpected =
    run.target.inside?.userlessRejected === true && issued.every((one) => tokenIn(one) === undefined);
  return { sendable: undefined, unsendable: { message: whyNone(run, issued), fix: ways, isExpected } };
}

type Chosen = Pick<TokenEvidence, 'sendable' | 'unsendable'>;

/** A person's token as the one to send, unless another server would take it, too. */
function withheldOr(run: Run, token: string, source: 'login' | 'token-file'): Chosen {
  const why = whyNotFor(run.target.mcp, token);
  if (why === undefined)
    return {
      sendable: { token, source, claims: readClaims(token) ?? {} },
      unsendable: { message: '', fix: '' },
    };
  run.recorder.secrets.keep(token);
  const which = source === 'login' ? 'The token of the sign-in' : 'The token of --token-file';
  const message = `${which} is not sent: it ${why}.`;
  return {
    sendable: undefined,
    unsendable: { message, fix: `Use a token whose one audience is ${run.target.mcp}.` },
  };
}

function whyNone({ target }: Run, issued: readonly (Exchange | undefined)[]): string {
  const { inside } = target;
  if (target.noRegistration) return 'There is no token to send: no client is registered (--no-registration).';
  const got = issued.map(tokenIn).find((token) => token !== undefined);
  if (got !== undefined) {
    const made = inside ? ' To make one for this MCP server alone takes the role manage-clients.' : '';
    return `The token that a self-registered client gets is not sent: it ${whyNotFor(target.mcp, got)}.${made}`;
  }
  if (inside?.userlessRejected)
    return 'There is no token to send: the realm refuses tokens without a user, as it should.';
  return 'There is no token to send: no probe got one.';
}

function skewOf(exchanges: readonly (Exchange | undefined)[]): number | undefined {
  for (const exchange of exchanges) {
    const { iat } = readClaims(tokenIn(exchange) ?? '') ?? {};
    if (exchange && typeof iat === 'number') return Math.round(iat - (exchange.at + exchange.ms) / 1000);
  }
  return undefined;
}
