/** Wrong challenges, and tokens that are taken though they should not be. */
import { decodeJwt, type JWTPayload } from 'jose';
import {
  bearer,
  type Fault,
  type FaultRequest,
  html,
  isEndpoint,
  json,
  type Knob,
  only,
  reheaded,
  rewritten,
  withHeaders,
} from '../fault.ts';

const OPEN = { REQUIRE_AUTH: 'false' };
/** POST alone, and not with a token in the URL: other checks look at those, and should see a host that is right there. */
const isTokenless = (request: FaultRequest) =>
  isEndpoint(request) &&
  request.method === 'POST' &&
  bearer(request) === undefined &&
  !request.query.includes('access_token');
const hasToken = (request: FaultRequest) => isEndpoint(request) && bearer(request) !== undefined;

/** Answers requests without a token in another way, unless their origin was refused already. */
const tokenless = (answer: Fault): Fault =>
  only(isTokenless, async (request, pass, facts) => {
    const response = await pass(request);
    return response.status === 401 ? answer(request, pass, facts) : response;
  });

/** Answers requests with a token that the good host refuses in another way. */
const refused = (answer: Fault): Fault =>
  only(hasToken, async (request, pass, facts) => {
    const response = await pass(request);
    return response.status === 401 ? answer(request, pass, facts) : response;
  });

/** Changes the challenge that requests without a token get. */
const challenge = (edit: (header: string) => string | undefined): Fault =>
  only(isTokenless, async (request, pass) => {
    const response = await pass(request);
    const header = response.headers.get('www-authenticate');
    return header === null ? response : reheaded(response, { 'www-authenticate': edit(header) });
  });

const scope = (header: string, value: string | undefined) => {
  const bare = header.replace(/, scope="[^"]*"/, '');
  return value === undefined ? bare : `${bare}, scope="${value}"`;
};

/** Takes a token that the good host refuses, if its claims are `good` apart from that. */
const accepting = (good: (claims: JWTPayload, issuer: string) => boolean): Fault =>
  refused((request, pass, { issuer }) => {
    const claims = claimsOf(request);
    return claims !== undefined && good(claims, issuer) ? pass(request, OPEN) : pass(request);
  });

function claimsOf(request: FaultRequest): JWTPayload | undefined {
  try {
    return decodeJwt(bearer(request) ?? '');
  } catch {
    return undefined;
  }
}

export const challengeKnobs = {
  'challenge-200': {
    message: 'It serves everybody, token or not.',
    breaks: ['CHAL-401'],
    fault: tokenless((request, pass) => pass(request, OPEN)),
  },
  'challenge-html': {
    message: 'It answers a sign-in page with 200 when there is no token.',
    breaks: ['CHAL-401'],
    fault: tokenless(() => html(200)),
  },
  'challenge-302': {
    message: 'It redirects to a sign-in page when there is no token.',
    breaks: ['CHAL-401'],
    fault: tokenless((_request, _pass, { origin }) => {
      return new Response(null, { status: 302, headers: { location: `${origin}/login` } });
    }),
  },
  'challenge-403': {
    message: 'It answers 403 when there is no token.',
    breaks: ['CHAL-401'],
    fault: tokenless(() => json(403, { error: 'forbidden' })),
  },
  'challenge-404': {
    message: 'It answers 404 when there is no token.',
    breaks: ['CHAL-401'],
    fault: tokenless(() => json(404, { error: 'not_found' })),
  },
  'challenge-500': {
    message: 'It fails when there is no token.',
    breaks: ['CHAL-401'],
    fault: tokenless(() => json(500, { error: 'server_error' })),
  },
  'challenge-missing': {
    message: 'Its 401 has no WWW-Authenticate.',
    breaks: ['CHAL-HEADER'],
    fault: challenge(() => undefined),
  },
  'challenge-basic': {
    message: 'Its 401 asks for a password.',
    breaks: ['CHAL-HEADER'],
    fault: challenge(() => 'Basic realm="mcp"'),
  },
  'challenge-unparseable': {
    message: 'Its WWW-Authenticate is broken: quotes that do not close.',
    breaks: ['CHAL-HEADER'],
    fault: challenge((header) => header.replace(/"/, '').replace(/"$/, '')),
  },
  'challenge-no-metadata': {
    message: 'Its challenge does not name the metadata.',
    breaks: ['CHAL-HEADER'],
    fault: challenge((header) => header.replace(/resource_metadata="[^"]*"/, 'realm="mcp"')),
  },
  'challenge-relative': {
    message: 'Its challenge names the metadata by a path.',
    breaks: ['CHAL-HEADER'],
    fault: challenge((header) => header.replace(/(resource_metadata=")https?:\/\/[^/]+/, '$1')),
  },
  'challenge-other-origin': {
    message: 'Its challenge names metadata on another origin.',
    breaks: ['CHAL-HEADER'],
    fault: challenge((header) =>
      header.replace(/(resource_metadata=")https?:\/\/[^/]+/, '$1https://elsewhere.example'),
    ),
  },
  'challenge-to-nowhere': {
    message: 'Its challenge names metadata where there is none; the usual places have it.',
    breaks: ['PRM-FOUND'],
    fault: challenge((header) => header.replace(/(resource_metadata="[^"]*)"/, '$1-of-old"')),
  },
  'challenge-no-scope': {
    message: 'Its challenge names no scope.',
    breaks: ['CHAL-SCOPE'],
    fault: challenge((header) => scope(header, undefined)),
  },
  'scope-offline-access': {
    message: 'Its challenge asks for offline_access.',
    breaks: ['CHAL-SCOPE'],
    fault: challenge((header) => {
      const named = /scope="([^"]*)"/.exec(header)?.[1];
      return scope(header, named === undefined ? 'offline_access' : `${named} offline_access`);
    }),
  },
  'accepts-garbage-token': {
    message: 'It takes whatever stands behind Bearer.',
    breaks: ['CHAL-BAD-TOKEN', 'CHAL-FOREIGN-AUD'],
    fault: refused((request, pass) => pass(request, OPEN)),
  },
  'garbage-token-403': {
    message: 'It answers a bad token with 403.',
    breaks: ['CHAL-BAD-TOKEN', 'CHAL-FOREIGN-AUD'],
    fault: refused(() => json(403, { error: 'forbidden' })),
  },
  'garbage-token-500': {
    message: 'It fails at a bad token.',
    breaks: ['CHAL-BAD-TOKEN', 'CHAL-FOREIGN-AUD'],
    fault: refused(() => json(500, { error: 'server_error' })),
  },
  'garbage-token-unnamed': {
    message: 'It answers a bad token with 401, but does not say invalid_token, as Quarkus does.',
    breaks: [],
    fault: refused(async (request, pass) => {
      const response = await rewritten(await pass(request), () => ({ message: 'Unauthorized' }));
      const header = response.headers.get('www-authenticate') ?? '';
      return reheaded(response, { 'www-authenticate': header.replace(/, error=.*$/, '') });
    }),
  },
  'accepts-foreign-audience': {
    message: 'It takes every good token of the realm, whatever its audience.',
    breaks: ['CHAL-FOREIGN-AUD'],
    // Another host of the same kind checks signature, issuer and expiry: one that accepts just these audiences.
    fault: refused((request, pass) => {
      const audience = [claimsOf(request)?.aud ?? []].flat().join(',');
      return pass(request, audience === '' ? {} : { OIDC_AUDIENCE: audience });
    }),
  },
  'accepts-expired-token': {
    message: 'It takes tokens that have expired.',
    breaks: [],
    fault: accepting((claims, issuer) => claims.iss === issuer && (claims.exp ?? 0) * 1000 < Date.now()),
  },
  'accepts-query-token': {
    message: 'It takes a token from the URL.',
    breaks: ['CHAL-QUERY-TOKEN'],
    fault: only(isEndpoint, (request, pass) => {
      const token = new URLSearchParams(request.query).get('access_token');
      if (token === null || bearer(request) !== undefined) return pass(request);
      return pass(withHeaders(request, { authorization: `Bearer ${token}` }));
    }),
  },
} satisfies Record<string, Knob>;
