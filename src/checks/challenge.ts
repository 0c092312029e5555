import { parseChallenges } from './challenge-header.ts';
import { type Check, fail, type Judgement, pass, warn } from './check.ts';
import type { Evidence, ValidationTarget } from './evidence.ts';
import { certificateFix, type Exchange, outcomeOf, toObject } from './exchange.ts';
import { type ChallengeEvidence, probeChallenge } from './probes/challenge.ts';
import { judgeBy, type Step } from './step.ts';

const SPEC = 'MCP 2026-07-28, Authorization';

/** The `error` of a refused token: in the challenge, else in the body. */
export function errorOf(exchange: Exchange): string | undefined {
  const header = exchange.headers.get('www-authenticate') ?? '';
  const named = (parseChallenges(header) ?? [])
    .map(({ params }) => params.error)
    .find((one) => one !== undefined);
  const { error } = toObject(exchange.json);
  return named ?? (typeof error === 'string' ? error : undefined);
}

function why401({ tokenless }: ChallengeEvidence, { target, parts }: Evidence): Partial<Judgement> {
  const { status, problem } = tokenless;
  if (status === undefined) return whySilent(problem?.kind, target);
  if (status < 300) {
    const cause =
      'The endpoint answers without a token: clients see no reason to sign in, and everybody may call it.';
    return {
      cause,
      fix: 'Put the bearer check in front of the endpoint (REQUIRE_AUTH=true in the example server).',
    };
  }
  const [typed, led] = [new URL(target.mcp), URL.parse(tokenless.headers.get('location') ?? '', target.mcp)];
  if (status < 400 && led?.protocol === 'https:' && typed.protocol === 'http:' && led.host === typed.host) {
    const cause = `The URL begins with http://, and the MCP server is at ${led.href}: products don’t follow it with their request.`;
    return { cause, fix: `Type ${led.href} in the product, and provision that.` };
  }
  if (status < 400) {
    const cause =
      'Something in front sends clients to a page for people; no MCP client follows it to a sign-in.';
    return { cause, fix: 'Take the endpoint and /.well-known/ out of the proxy’s own sign-in.' };
  }
  if (status === 404 || status === 405) {
    const named = parts['resource-metadata']?.document.resource;
    const other = URL.parse(typeof named === 'string' ? named : '');
    if (other?.origin === typed.origin && other.pathname !== typed.pathname) {
      const cause = `There is no endpoint at this path: the server’s metadata names ${other.href}.`;
      return { cause, fix: `Type ${other.href} in the product.`, facts: { endpoint: other.href } };
    }
    const cause = 'There is no endpoint for POST at this path, or a proxy in front does not pass it on.';
    return { cause, fix: 'Type the URL of the Streamable HTTP endpoint, or correct the proxy’s route.' };
  }
  if (status >= 500) {
    const cause = 'The MCP server, or a proxy in front of it, fails before it looks at tokens.';
    return { cause, fix: 'The MCP server’s log shows why; search it for the request id.' };
  }
  return {
    cause: 'Only a 401 with a challenge makes a client sign in.',
    fix: 'Answer 401 with WWW-Authenticate where there is no token; 403 is for tokens that lack a scope.',
  };
}

/** The reason why nobody answered. */
function whySilent(kind: string | undefined, { isProxied }: ValidationTarget): Partial<Judgement> {
  const cause = 'The MCP server can’t be reached, so no client can connect.';
  if (kind === 'tls') {
    return {
      cause: `${cause} Its certificate is not trusted here.`,
      fix: certificateFix('the MCP server’s certificate'),
    };
  }
  if (isProxied && kind === 'network') {
    return {
      cause: `${cause} Requests from here go through the proxy of HTTPS_PROXY or HTTP_PROXY, which may be what doesn’t answer.`,
      fix: 'Start the proxy, remove the variable, or add the MCP server’s host to NO_PROXY.',
    };
  }
  return { cause, fix: 'Start the MCP server, or correct the URL.' };
}

const challenge401: Check = {
  id: 'CHAL-401',
  title: 'Without a token the endpoint answers 401',
  severity: 'must',
  needs: [],
  spec: SPEC,
  cause: 'Only a 401 makes a client sign in.',
  fix: 'Put the bearer check in front of the endpoint.',
  judge: judgeBy('challenge', (evidence, all) => {
    const { tokenless } = evidence;
    const exchanges = [tokenless];
    if (tokenless.status === 401) return pass('401.', { exchanges });
    return fail(`POST without a token: ${outcomeOf(tokenless)}.`, { exchanges, ...why401(evidence, all) });
  }),
};

/** The fault of the challenge as a pointer to the metadata. */
function headerProblem({ tokenless, challenge }: ChallengeEvidence, mcp: string): string | undefined {
  const header = tokenless.headers.get('www-authenticate');
  if (header === null) return 'The 401 has no WWW-Authenticate header.';
  const challenges = parseChallenges(header);
  if (challenges === undefined) return `The WWW-Authenticate header can’t be parsed: ${header}`;
  if (!challenge) return `There is no Bearer challenge, or more than one: ${header}`;
  const metadata = challenge.params.resource_metadata;
  if (metadata === undefined) return `The challenge names no resource_metadata: ${header}`;
  const url = URL.parse(metadata);
  if (!url || !/^https?:$/.test(url.protocol))
    return `resource_metadata is no absolute http(s) URL: ${metadata}`;
  if (url.origin !== new URL(mcp).origin) return `resource_metadata is on another origin: ${metadata}`;
  return undefined;
}

const header: Check = {
  id: 'CHAL-HEADER',
  title: 'The challenge names the metadata',
  severity: 'should',
  needs: ['CHAL-401'],
  spec: 'RFC 9728 §5.1; RFC 6750 §3',
  cause:
    'Without a readable pointer on their own origin clients have to guess the well-known place, and some don’t.',
  fix: 'WWW-Authenticate: Bearer resource_metadata="<mcp-origin>/.well-known/oauth-protected-resource<mcp-path>". Behind a proxy the MCP server has to know its public URL (MCP_PUBLIC_BASE_URL, or trusted X-Forwarded-Proto and -Host).',
  judge: judgeBy('challenge', (evidence, { target }) => {
    const problem = headerProblem(evidence, target.mcp);
    const exchanges = [evidence.tokenless];
    if (problem !== undefined) return fail(problem, { exchanges });
    return pass(`The challenge names ${evidence.challenge?.params.resource_metadata}.`, { exchanges });
  }),
};

const scope: Check = {
  id: 'CHAL-SCOPE',
  title: 'The challenge names the scope',
  severity: 'should',
  needs: ['CHAL-HEADER'],
  spec: `${SPEC}; RFC 6750 §3`,
  cause:
    'Clients ask for what the challenge names; offline_access is between client and issuer, never a resource’s.',
  fix: 'Add scope="<scope>" to the challenge (MCP_SCOPE_NAME in the example server; requiredScopes with the SDK).',
  judge: judgeBy('challenge', ({ tokenless, scopes }, { target }) => {
    const exchanges = [tokenless];
    const wanted = target.inside?.scopes.named ? target.inside.scope : undefined;
    if (scopes.includes('offline_access'))
      return fail('The challenge asks for offline_access.', { exchanges });
    if (scopes.length === 0) return fail('The challenge names no scope.', { exchanges });
    if (wanted === undefined) return pass(`The challenge names ${scopes.join(' ')}.`, { exchanges });
    if (scopes.includes(wanted)) return pass(`The challenge names ${scopes.join(' ')}.`, { exchanges });
    return fail(`The challenge names ${scopes.join(' ')}, not '${wanted}'.`, {
      exchanges,
      cause: `The realm’s scope for this MCP server is '${wanted}'; clients ask for another one.`,
      fix: `Set the MCP server’s scope to '${wanted}' (MCP_SCOPE_NAME).`,
    });
  }),
};

const badToken: Check = {
  id: 'CHAL-BAD-TOKEN',
  title: 'A garbage token is refused as invalid_token',
  severity: 'must',
  needs: ['CHAL-401'],
  spec: 'RFC 6750 §3.1',
  cause:
    'Clients renew their token on 401 invalid_token; on anything else they give up, or the MCP server takes any token.',
  fix: 'Verify the token’s signature, and answer 401 with error="invalid_token" where that fails.',
  judge: judgeBy('challenge', ({ garbage }) => {
    const exchanges = [garbage];
    if (garbage.status !== 401) {
      const taken = garbage.status !== undefined && garbage.status < 300;
      const cause = taken ? 'The MCP server does not verify tokens: anybody gets in.' : undefined;
      return fail(`With a token that is none: ${outcomeOf(garbage)}.`, {
        exchanges,
        ...(cause && { cause }),
      });
    }
    if (errorOf(garbage) === 'invalid_token') return pass('401 invalid_token.', { exchanges });
    return warn(
      'The 401 names no error invalid_token: a product that looks for it does not renew its token.',
      { exchanges },
    );
  }),
};

/** The step of the door: the MCP server's answers without a good token. */
export const challengeStep: Step<'challenge'> = {
  name: 'challenge',
  doing: 'Knocking at the MCP server without a token',
  after: [],
  probe: probeChallenge,
  checks: [challenge401, header, scope, badToken],
};
