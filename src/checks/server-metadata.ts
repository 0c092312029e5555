import { isLoopback } from '../names/loopback.ts';
import { type Check, fail, type Judgement, notRun, pass, warn } from './check.ts';
import type { ValidationTarget } from './evidence.ts';
import { certificateFix, type Exchange, isDocument, isPage, outcomeOf, toObject } from './exchange.ts';
import { keyIds, probeServer, readEndpoint, type ServerEvidence } from './probes/server-metadata.ts';
import { authBasic, authNone, cimd, iss, pkce } from './server-capabilities.ts';
import { judgeBy, type Step } from './step.ts';

const DISCOVERY = 'RFC 8414 §3.1; OpenID Connect Discovery §4; MCP 2026-07-28, Authorization';

const found: Check = {
  id: 'ASM-FOUND',
  title: 'The authorization server’s metadata is found',
  severity: 'must',
  needs: [],
  mayNeed: ['PRM-FOUND', 'PRM-ISSUER'],
  spec: DISCOVERY,
  cause:
    'Clients try three places, one after the other; a server error or a page at an earlier one makes SDK clients give up before they reach the right one.',
  fix: 'Let the earlier places answer 404 (or the metadata), and the last one the realm’s metadata; look at the proxy’s routes for /.well-known/.',
  judge: judgeBy('server-metadata', ({ places, found: there, asked }) => {
    if (asked === undefined) {
      return notRun(
        'Neither the configuration nor the MCP server names an issuer.',
        'Set KC_ISSUER, or fix PRM-ISSUER.',
      );
    }
    const exchanges = places;
    const list = places.map((one) => `${new URL(one.url).pathname}: ${outcomeOf(one)}`).join('; ');
    if (!there) {
      const network = places.every(({ status }) => status === undefined);
      if (network && places.some(({ problem }) => problem?.kind === 'tls')) {
        return fail(`No metadata of ${asked}: ${list}.`, {
          exchanges,
          cause: 'The certificate of the issuer is not trusted here.',
          fix: certificateFix('the certificate'),
        });
      }
      const cause = network
        ? 'The issuer can’t be reached from here.'
        : 'There is no such realm at this address, or a proxy hides its well-known places.';
      return fail(`No metadata of ${asked}: ${list}.`, { exchanges, cause });
    }
    const before = places.slice(0, places.indexOf(there)).filter(stopsClients);
    if (before.length > 0) return fail(`Found, but an earlier place stops clients: ${list}.`, { exchanges });
    return pass(`Found at ${there.url}.`, { exchanges });
  }),
};

/** Whether an answer makes SDK clients abort: a server error but 502, or 200 with something that is not JSON. */
function stopsClients(exchange: Exchange): boolean {
  const { status } = exchange;
  if (status === undefined) return true;
  return (status >= 500 && status !== 502) || (status === 200 && !isDocument(exchange));
}

const sameIssuer: Check = {
  id: 'ASM-ISSUER',
  title: 'The issuer is the same everywhere',
  severity: 'must',
  needs: ['ASM-FOUND', 'PRM-ISSUER'],
  spec: 'RFC 8414 §3.3; RFC 9207',
  cause:
    'Clients refuse metadata whose issuer is not the URL that they were sent to. Keycloak without a fixed hostname takes it from the request.',
  fix: 'Start Keycloak with --hostname=<keycloak> (and --proxy-headers=xforwarded behind a proxy).',
  judge: judgeBy('server-metadata', ({ places, asked }, { target }) => {
    const exchanges = places.filter((one) => one.status === 200 && isDocument(one));
    const other = exchanges.find((one) => toObject(one.json).issuer !== asked);
    if (!other) return pass(`It is ${asked}.`, { exchanges });
    const named = String(toObject(other.json).issuer);
    return fail(`${other.url} names ${named}, not ${asked}.`, {
      exchanges,
      ...whyOther(named, asked, target),
    });
  }),
};

/**
 * The reason for another issuer: a gateway rewrites it, or Keycloak has no fixed hostname. The name that it calls
 * itself at KC_SERVER tells.
 */
function whyOther(
  named: string,
  asked: string | undefined,
  { ownIssuer }: ValidationTarget,
): Partial<Judgement> {
  if (ownIssuer === undefined || ownIssuer === named) return {};
  if (ownIssuer !== asked) return {};
  return {
    cause: `Keycloak itself names ${ownIssuer}: a gateway in front rewrites its metadata.`,
    fix: 'Have the gateway pass /.well-known/ and the issuer’s metadata on as they are.',
  };
}

const redirect: Check = {
  id: 'ASM-REDIRECT',
  title: 'The MCP server leads probes for issuer metadata to Keycloak',
  severity: 'should',
  needs: ['PRM-FOUND'],
  spec: 'observed with ChatGPT; RFC 8414 §3',
  cause:
    'Some clients look for the issuer’s metadata at the MCP server. What they find there must be Keycloak’s, or nothing.',
  fix: 'Answer 404, or 308 to <issuer>/.well-known/openid-configuration.',
  judge: judgeBy('resource-metadata', ({ issuerPlaces }, { target, parts }) => {
    const issuer = parts['server-metadata']?.issuer ?? target.issuer;
    const exchanges = issuerPlaces;
    for (const exchange of issuerPlaces) {
      const problem = strayed(exchange, issuer);
      if (problem !== undefined) return fail(`${exchange.url}: ${problem}.`, { exchanges });
    }
    const copy = issuerPlaces.find(({ status }) => status === 200);
    if (copy)
      return warn(`${copy.url} is a copy of Keycloak’s metadata, which goes stale; 308 is better.`, {
        exchanges,
      });
    return pass(issuerPlaces.map(outcomeOf).join('; '), { exchanges });
  }),
};

/** The fault in the answer of a place that is not the issuer's own. */
function strayed(exchange: Exchange, issuer: string | undefined): string | undefined {
  const { status } = exchange;
  if (status === undefined) return outcomeOf(exchange);
  if (status === 308) {
    const target = URL.parse(exchange.headers.get('location') ?? '', exchange.url);
    const origin = URL.parse(issuer ?? '')?.origin;
    const leads =
      target !== null &&
      /\/\.well-known\//.test(target.pathname) &&
      (issuer === undefined || target.origin === origin);
    return leads ? undefined : outcomeOf(exchange);
  }
  if (status === 200 && isDocument(exchange) && !isPage(exchange)) {
    const named = toObject(exchange.json).issuer;
    return named === issuer ? undefined : `metadata of its own, which calls ${String(named)} the issuer`;
  }
  return status >= 400 && status < 500 ? undefined : outcomeOf(exchange);
}

const endpoints: Check = {
  id: 'ASM-ENDPOINTS',
  title: 'The endpoints are public, https and reachable',
  severity: 'must',
  needs: ['ASM-FOUND'],
  spec: 'RFC 8414 §2; OAuth 2.1 §1.5',
  cause:
    'Endpoints with an internal name, another host or plain http: Keycloak doesn’t know its public hostname, or the proxy doesn’t forward how it was reached.',
  fix: 'Start Keycloak with --hostname=<keycloak> and --proxy-headers=xforwarded; let the proxy set X-Forwarded-Proto and -Host.',
  judge: judgeBy('server-metadata', (evidence) => {
    const { document, endpoints: asked, issuer } = evidence;
    const exchanges = [asked.authorization, asked.token, asked.jwks];
    const urls = {
      authorization_endpoint: readEndpoint(document, 'authorization'),
      token_endpoint: readEndpoint(document, 'token'),
      jwks_uri: typeof document.jwks_uri === 'string' ? document.jwks_uri : undefined,
    };
    for (const [name, url] of Object.entries(urls)) {
      const problem = urlProblem(url, issuer ?? evidence.asked);
      if (problem !== undefined) return fail(`${name} ${problem}.`, { exchanges });
    }
    const silent = silentEndpoint(evidence);
    if (silent !== undefined)
      return fail(silent, {
        exchanges,
        cause: 'A proxy in front of Keycloak does not pass these paths on, or Keycloak fails.',
      });
    return pass(`All on ${new URL(urls.token_endpoint ?? '').host}.`, { exchanges });
  }),
};

function urlProblem(url: string | undefined, issuer: string | undefined): string | undefined {
  const parsed = URL.parse(url ?? '');
  if (!parsed) return `is ${url === undefined ? 'missing' : `no URL: ${url}`}`;
  if (issuer !== undefined && parsed.host !== new URL(issuer).host) {
    return `is on ${parsed.host}, the issuer on ${new URL(issuer).host}`;
  }
  return parsed.protocol === 'https:' || isLoopback(parsed) ? undefined : `is plain http: ${url}`;
}

function silentEndpoint({ endpoints: asked }: ServerEvidence): string | undefined {
  const { authorization, token, jwks } = asked;
  if (jwks?.status !== 200 || keyIds(jwks.json).length === 0) {
    return `jwks_uri: ${jwks ? outcomeOf(jwks) : 'not asked'}, and no key set.`;
  }
  // Both endpoints complain of a request with nothing in it; it matters only that they do so themselves.
  if (!token?.status || token.status >= 500 || token.status === 404)
    return `token_endpoint: ${token ? outcomeOf(token) : 'not asked'}.`;
  if (!authorization?.status || authorization.status >= 500 || authorization.status === 404) {
    return `authorization_endpoint: ${authorization ? outcomeOf(authorization) : 'not asked'}.`;
  }
  return undefined;
}

/** The authorization server, as clients discover it. */
export const serverMetadataStep: Step<'server-metadata'> = {
  name: 'server-metadata',
  doing: 'Discovering the authorization server',
  after: ['resource-metadata'],
  probe: probeServer,
  checks: [found, sameIssuer, redirect, endpoints, pkce, authBasic, authNone, iss, cimd],
};
