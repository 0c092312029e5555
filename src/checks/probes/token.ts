// biome-ignore lint/style/noRestrictedImports: secrets of probe clients.
import { randomBytes, randomUUID } from 'node:crypto';
import { ifAllowed } from '../../keycloak/connection/failures.ts';
import { audiencesIn, readClaims } from '../../keycloak/connection/token-claims.ts';
import { readDefaultRoles, readRolesOfUser } from '../../keycloak/read/user-roles.ts';
import { lendScope, makeBearerProbe } from '../../keycloak/write/probe-clients.ts';
import type { Preset } from '../../products/preset.ts';
import { PROBE_CODE } from '../../products/probe-mark.ts';
import { OFFLINE } from '../../products/scopes.ts';
import { formatCommand, visible } from '../../text.ts';
import { type ConnectorTokens, makeConnectorTokens } from '../connector-tokens.ts';
import type { ValidationTarget } from '../evidence.ts';
import { type Exchange, toObject } from '../exchange.ts';
import type { Inside } from '../inside.ts';
import { obtainLoginToken, renewSignIn } from '../login-token.ts';
import type { ProbeClient } from '../probe-clients/probes.ts';
import { clientOf, foundIn, type ProductClient } from '../product-ways.ts';
import type { Run } from '../step.ts';
import { tokenRequest } from '../token-request.ts';
import { type Verified, verifyToken } from '../verify-token.ts';
import { readEndpoint } from './server-metadata.ts';

/** A token that can be sent, and its origin. */
export interface SendableToken {
  token: string;
  source: 'login' | 'token-file' | 'client-credentials';
  claims: Readonly<Record<string, unknown>>;
}

/** The reason why there is no token to send; `isAsked`: the operator named a way to get one, and that failed. */
export interface Unsendable {
  message: string;
  fix: string;
  isAsked?: true;
}

/** The evidence of tokens in this realm. */
export interface TokenEvidence {
  /** The tokens that connectors would get. */
  connectors: ConnectorTokens;
  /** The token request of a client that registered itself, without a user, before anything was lent to it. */
  userless: Exchange | undefined;
  userlessClaims: Readonly<Record<string, unknown>>;
  /** The token that is sent to the MCP server, or the reason why there is none. */
  sendable: SendableToken | undefined;
  unsendable: Unsendable;
  /** A token for this MCP server alone that has none of the scopes which its challenge demands; undefined where it demands none. */
  bare: string | undefined;
  /** A genuine token that is not for this MCP server, nor for any other. */
  stranger: string | undefined;
  strangersAudience: readonly string[];
  /** Audiences of other servers in the only such token that could be had: it is not sent. */
  strangersOthers: readonly string[];
  /** Token requests with HTTP Basic. */
  basic: Exchange | undefined;
  /** Each product's request for a token, with a code that none was issued for. */
  codes: readonly ProductCode[];
  /** Whether the user of example tokens may have offline access; undefined where that isn't known. */
  offline: { user: string; allowed: boolean } | undefined;
  verified: Verified | undefined;
  /** Seconds that Keycloak's clock is ahead of this machine's; undefined where no token was made in this run. */
  skew: number | undefined;
  /** Whether the scope was lent to the probe, so that it may stand for a connector. */
  lent: boolean;
}

/** A product's request at the token endpoint. */
export interface ProductCode {
  preset: Preset;
  /** The method by which the product proves who it is; `none` for a public client. */
  method: string;
  /** The method that its registration asked for. */
  asked: string;
  /** The exchange; undefined where the secret that it needs is not known here. */
  exchange: Exchange | undefined;
}

/**
 * Gets tokens: those that connectors would get, and those that can be sent to the MCP server. Best first: sign-in,
 * file, probe. A token is sent only where its one audience is this MCP server, or nobody's: any other is a good bearer
 * somewhere else. Inside, the token is that of a client that the admin API makes for this run. Clients that register
 * are judged by the token that Keycloak would issue to them.
 */
export async function probeToken(run: Run): Promise<TokenEvidence> {
  const { parts, target, recorder } = run;
  const registration = parts.registration;
  const client = registration?.audience?.client;
  const [userless, own, strangers, codes] = await Promise.all([
    credentials(run, client),
    run.wants('MCP', 'TOK-CLAIMS', 'TOK-BASIC', 'CHAL-QUERY-TOKEN')
      ? bearer(run, 'host', ownAudiences(target))
      : undefined,
    run.wants('CHAL-FOREIGN-AUD', 'TOK-BASIC', 'TOK-CLAIMS')
      ? strangersToken(run, registration?.stranger?.client)
      : { exchange: undefined, token: undefined, audience: [], others: [] },
    run.wants('TOK-CODE') ? askWithCodes(run) : [],
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
  const [connectors, offline] = await Promise.all([makeConnectorTokens(run, issued), offlineAccess(run)]);
  const bare =
    run.wants('MCP-SCOPES') && lacksScopes(connectors, parts.challenge?.scopes ?? [])
      ? await bearer(run, 'bare', ownAudiences(target))
      : undefined;
  return {
    connectors,
    codes,
    bare: tokenIn(bare),
    offline,
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

/**
 * Whether a product's token lacks a scope that the challenge demands: then a token without it is sent to the server.
 */
function lacksScopes({ tokens }: ConnectorTokens, demanded: readonly string[]): boolean {
  return tokens.some(({ how, claims }) => {
    const has = String(claims.scope ?? '').split(' ');
    return how === 'example' && demanded.some((name) => !has.includes(name));
  });
}

/** A token of a client's own, by client credentials with HTTP Basic. */
async function credentials(
  run: Run,
  client: ProbeClient | undefined,
  scope?: string,
): Promise<Exchange | undefined> {
  const url = readEndpoint(run.parts['server-metadata']?.document ?? {}, 'token');
  if (client?.secret === undefined || url === undefined) return undefined;
  const { inside, mcp } = run.target;
  const optional = inside?.list === 'optional' && client.scopes.includes(inside.scope) ? [inside.scope] : [];
  // The server's demands, as far as the client may name them: openid is no client scope, and nobody is refused it.
  const asked = demandsOf(run).filter((name) => name === 'openid' || client.scopes.includes(name));
  const words = scope ?? [...new Set([...optional, ...asked])].join(' ');
  const form = { grant_type: 'client_credentials', resource: mcp, ...(words !== '' && { scope: words }) };
  const { clientId, secret } = client;
  const exchange = await run.recorder.send(url, tokenRequest(form, { clientId, secret }));
  run.recorder.secrets.keep(tokenIn(exchange));
  return exchange;
}

/**
 * Each product's token request, as it sends it, with a code that Keycloak never issued. Authentication and the realm's
 * demands on a request (DPoP, signed assertions) come before the code is looked at. The id in the code is written into
 * the event of the refusal, which shows that it is a probe's (Keycloak 26.4 to 26.7: `code_id`).
 */
async function askWithCodes(run: Run): Promise<ProductCode[]> {
  const url = readEndpoint(run.parts['server-metadata']?.document ?? {}, 'token');
  if (url === undefined) return [];
  const asking = (run.parts.registration?.presets ?? []).map(
    async ({ preset, way }): Promise<ProductCode[]> => {
      const client = clientOf(preset, way);
      if (client === undefined) return [];
      const asked = preset.registration.token_endpoint_auth_method;
      const isPublic = way.by !== 'registration' && foundIn(way)?.publicClient === true;
      const method =
        way.by === 'registration' ? (way.registered.client?.authMethod ?? asked) : isPublic ? 'none' : asked;
      const sends =
        client.secret === undefined && way.by !== 'registration' ? (isPublic ? 'none' : asked) : asked;
      if (sends !== 'none' && client.secret === undefined)
        return [{ preset, method, asked, exchange: undefined }];
      const exchange = await run.recorder.send(url, codeRequest(run, client, sends));
      return [{ preset, method, asked, exchange }];
    },
  );
  return (await Promise.all(asking)).flat();
}

function codeRequest({ target }: Run, client: ProductClient, method: string) {
  const form = {
    grant_type: 'authorization_code',
    code: `${randomUUID()}.${PROBE_CODE}${target.runId}.${randomUUID()}`,
    redirect_uri: client.redirectUri,
    code_verifier: randomBytes(32).toString('base64url'),
    resource: target.mcp,
  };
  const { clientId, secret = '' } = client;
  if (method === 'client_secret_basic') return tokenRequest(form, { clientId, secret });
  const inForm = method === 'client_secret_post' ? { client_secret: secret } : {};
  return tokenRequest({ ...form, client_id: clientId, ...inForm });
}

/** Whether the user of example tokens may have offline access: the role is in the scope's mappings (Keycloak 26.7). */
async function offlineAccess(run: Run): Promise<TokenEvidence['offline']> {
  if (!run.inside || !run.wants('TOK-OFFLINE')) return undefined;
  const { keycloak } = run.inside;
  return ifAllowed(async () => {
    const { user } = run;
    const roles =
      user === undefined ? await readDefaultRoles(keycloak) : await readRolesOfUser(keycloak, user);
    return roles && { user: user ?? 'a new user', allowed: roles.includes(OFFLINE) };
  });
}

/** The access token of an answer of the token endpoint. */
export function tokenIn(exchange: Exchange | undefined): string | undefined {
  const token = toObject(exchange?.json).access_token;
  return exchange?.status === 200 && typeof token === 'string' ? token : undefined;
}

/** Lends the probe the audience scope in adopted mode, where the account may do that. It goes with the probe. */
async function lend({ inside, target }: Run, client: ProbeClient | undefined): Promise<boolean> {
  if (!inside || target.inside?.mode !== 'adopted' || !client || inside.scopeId === undefined) return false;
  return lendScope(inside.keycloak, client.clientId, inside.scopeId);
}

/**
 * The audiences that tokens for this MCP server may name: its URL, those that the realm itself adds for it, and the
 * names in OIDC_AUDIENCE.
 */
function ownAudiences({ mcp, inside, accepted }: ValidationTarget): string[] {
  const given =
    inside?.scopes.named !== undefined ? inside.audiences.filter((one) => accepted.includes(one)) : [];
  return [...new Set([mcp, ...given])];
}

/** The scopes that the MCP server's challenge demands and the probe may have: `openid` and its own scope. */
function demanded({ parts, inside }: Run): string | undefined {
  const own = inside === undefined ? [] : bearerScopes(inside);
  const words = (parts.challenge?.scopes ?? []).filter((name) => name === 'openid' || own.includes(name));
  return words.length === 0 ? undefined : words.join(' ');
}

/** The audience of the stranger's token: nobody's (RFC 2606). */
const ELSEWHERE = 'https://elsewhere.example/mcp';

/**
 * The token of a client that the admin API makes for this run, for these audiences alone. It is undefined from outside
 * and where the account may not make clients.
 */
async function bearer(
  run: Run,
  what: 'host' | 'bare' | 'elsewhere',
  audiences: readonly string[],
): Promise<Exchange | undefined> {
  const { inside, target, probes, recorder } = run;
  if (!inside || target.noRegistration) return undefined;
  run.signal.throwIfAborted();
  const secret = randomBytes(24).toString('base64url');
  recorder.secrets.keep(secret);
  const clientId = `mcpkc-probe-${target.runId}-${what}`;
  const scopes = what === 'host' ? bearerScopes(inside) : [];
  const probe = { clientId, secret, tosUri: probes.mark.tosUri, audiences, scopes };
  // biome-ignore lint/plugin/clock: the run's own time limit.
  const keycloak = inside.keycloak.withSignal(AbortSignal.timeout(MAKING_MS));
  const made = await probes.make(
    makeBearerProbe(keycloak, probe).then((id) => (id === undefined ? undefined : { id, clientId })),
  );
  const asked = { host: demanded(run), bare: '', elsewhere: undefined }[what];
  return (
    made && credentials(run, { clientId, secret, redirectUris: [], scopes: [], authMethod: undefined }, asked)
  );
}

/** The time limit for requests that are under way when the run is aborted. */
const MAKING_MS = 10_000;

/**
 * The MCP server's own scope, for servers that look at `scope`: unless it adds another audience, or the realm refuses
 * it.
 */
function bearerScopes({ server, snapshot }: Inside): string[] {
  const fits =
    server.scopes.named &&
    !server.machinesRejected &&
    server.audiences.every((one) => one === server.resource);
  const known = snapshot.scopes.map(({ name }) => name);
  return ['basic', ...(fits ? [server.scope] : [])].filter((name) => known.includes(name));
}

async function strangersToken(run: Run, client: ProbeClient | undefined) {
  const exchange = (await bearer(run, 'elsewhere', [ELSEWHERE])) ?? (await credentials(run, client));
  const token = tokenIn(exchange);
  const audience = audiencesIn(readClaims(token ?? ''));
  // A realm that adds this MCP server's audience to everybody leaves no stranger; another server's token is none of
  // this MCP server's.
  const others = audience.filter((one) => one !== ELSEWHERE && one !== run.target.mcp);
  const foreign = token !== undefined && others.length === 0 && !audience.includes(run.target.mcp);
  return { exchange, token: foreign ? token : undefined, audience, others };
}

/**
 * The reason why a token must not leave for an MCP server, as the end of a sentence; undefined where all its audiences
 * are these.
 */
function whyNotFor(own: readonly string[], token: string): string | undefined {
  const claims = readClaims(token) ?? {};
  if (Object.keys(claims).length === 0) return 'is not a JWT, so that nothing tells whom it is for';
  const others = audiencesIn(claims).filter((audience) => !own.includes(audience));
  if (others.length > 0) return `is also good for ${others.map(visible).join(' ')}`;
  return audiencesIn(claims).length === 0 ? 'names no audience, so that it is good anywhere' : undefined;
}

async function choose(run: Run, issued: readonly (Exchange | undefined)[]): Promise<Chosen> {
  const ways = 'Sign in (--login), hand a token in (--token-file), or let mcpkc register a probe.';
  const given = run.givenToken;
  if (run.login) {
    const { token, problem } = await obtainLoginToken(run);
    if (token === undefined)
      return {
        sendable: undefined,
        unsendable: {
          isAsked: true,
          message: problem ?? 'The sign-in gave no token.',
          fix: 'Run it again, or use --token-file.',
        },
      };
    return withheldOr(run, token, 'login');
  }
  if (run.savedSignIn !== undefined) {
    const { token, problem = '' } = await renewSignIn(run, run.savedSignIn);
    if (token !== undefined) return withheldOr(run, token, 'token-file');
    const fix = `Sign in once more: ${formatCommand(['validate', run.target.mcp, '--login'])} --save-token with that file`;
    return { sendable: undefined, unsendable: { message: problem, fix, isAsked: true } };
  }
  if (given !== undefined) {
    return withheldOr(run, given, 'token-file');
  }
  for (const token of issued.map(tokenIn)) {
    const claims = readClaims(token ?? '') ?? {};
    if (token !== undefined && whyNotFor(ownAudiences(run.target), token) === undefined) {
      return {
        sendable: { token, source: 'client-credentials', claims },
        unsendable: { message: '', fix: '' },
      };
    }
  }
  return { sendable: undefined, unsendable: { message: whyNone(run, issued), fix: ways } };
}

type Chosen = Pick<TokenEvidence, 'sendable' | 'unsendable'>;

/** A person's token as the one to send, unless another server would take it, too. */
function withheldOr(run: Run, token: string, source: 'login' | 'token-file'): Chosen {
  const why = whyNotFor(ownAudiences(run.target), token);
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
    unsendable: { isAsked: true, message, fix: `Use a token whose one audience is ${run.target.mcp}.` },
  };
}

/** Scopes that the MCP server's challenge demands of every token. */
const demandsOf = ({ parts }: Run): readonly string[] => parts.challenge?.scopes ?? [];

function whyNone(run: Run, issued: readonly (Exchange | undefined)[]): string {
  const { target } = run;
  const { inside } = target;
  if (target.noRegistration) return 'There is no token to send: no client is registered (--no-registration).';
  const got = issued.map(tokenIn).find((token) => token !== undefined);
  if (got !== undefined) {
    const made = inside ? ' To make one for this MCP server alone takes the role manage-clients.' : '';
    return `The token that a self-registered client gets is not sent: it ${whyNotFor(ownAudiences(target), got)}.${made}`;
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
