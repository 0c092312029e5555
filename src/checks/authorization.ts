import type { Preset } from '../products/preset.ts';
import { formatCommand, typedList } from '../text.ts';
import { type Check, fail, type Judgement, notRun, pass, skipped } from './check.ts';
import type { Evidence, ValidationTarget } from './evidence.ts';
import { type Exchange, outcomeOf } from './exchange.ts';
import { type AuthorizationEvidence, probeAuthorization } from './probes/authorization.ts';
import { findUntriedDocuments, LET_IT_SIGN_IN, wordsOf } from './product-ways.ts';
import { judgeBy, type Step } from './step.ts';

/** The error that an authorization response carries, as code and description. */
function errorIn(exchange: Exchange): { code: string; description: string } | undefined {
  const location = URL.parse(exchange.headers.get('location') ?? '', exchange.url);
  const code = location?.searchParams.get('error');
  return code ? { code, description: location?.searchParams.get('error_description') ?? '' } : undefined;
}

/** Whether the answer leads to a sign-in: Keycloak's page, or a redirect to an identity provider. */
function leadsToSignIn(exchange: Exchange): boolean {
  const { status = 0 } = exchange;
  return status === 200 || (status >= 300 && status < 400 && errorIn(exchange) === undefined);
}

const refusalIn = (exchange: Exchange) => {
  const error = errorIn(exchange);
  return error ? `${error.code}: ${error.description}` : outcomeOf(exchange);
};

type Judge = (evidence: AuthorizationEvidence, target: ValidationTarget) => Judgement;

/** A judge that is not run where there is no client to ask for. */
const asking = (judge: Judge): Check['judge'] =>
  judgeBy('authorization', (evidence, { target, parts }) => {
    if (evidence.subject) return judge(evidence, target);
    if (target.noRegistration)
      return skipped('No client is registered (--no-registration), and none holds the scope.');
    return withoutClient(parts);
  });

/**
 * The judgement without a client to make a request for. It is no failure where nobody has to register and nothing else
 * could be tried.
 */
function withoutClient(parts: Evidence['parts']): Judgement {
  const untried = findUntriedDocuments(parts);
  return untried === undefined
    ? notRun('There is no client to make a request for.', 'Fix REG-PLAIN first.')
    : notRun(untried, LET_IT_SIGN_IN, { excused: true });
}

const pkce: Check = {
  id: 'AUTHZ-PKCE',
  mayNeed: ['REG-PLAIN', 'REG-READBACK', 'AUTHZ-SCOPES'],
  title: 'Requests without PKCE, or with plain, are refused',
  severity: 'should',
  needs: ['ASM-ENDPOINTS'],
  spec: 'OAuth 2.1 §4.1.1, §7.5.1; RFC 7636',
  cause: 'Keycloak makes PKCE optional by default and takes plain: a stolen code can be redeemed.',
  fix: 'mcpkc create-scope --resource <url> makes the client policy that enforces S256.',
  judge: asking(({ good, withoutPkce, plainPkce, subject }, target) => {
    const exchanges = [good, withoutPkce, plainPkce];
    if (!good || !withoutPkce || !plainPkce) return notRun('Not probed.');
    if (!leadsToSignIn(good))
      return notRun(`A right request is refused too: ${refusalIn(good)}`, 'Fix AUTHZ-SCOPES first.', {
        exchanges,
      });
    const holds = subject?.holdsScope === true || target.inside === undefined;
    if (!holds) {
      return notRun(
        'No client at hand holds the scope, and the policy is for those that do.',
        'Lending it to a probe takes the role manage-clients.',
        { exchanges },
      );
    }
    if (leadsToSignIn(withoutPkce))
      return fail('A request without PKCE leads to the sign-in.', { exchanges });
    if (leadsToSignIn(plainPkce))
      return fail('A request with code_challenge_method=plain leads to the sign-in.', { exchanges });
    return pass(`Without: ${refusalIn(withoutPkce)}. With plain: ${refusalIn(plainPkce)}.`, { exchanges });
  }),
};

const redirect: Check = {
  id: 'AUTHZ-REDIRECT',
  mayNeed: ['REG-PLAIN'],
  title: 'An unregistered redirect URI gets an error page',
  severity: 'must',
  needs: ['ASM-ENDPOINTS'],
  spec: 'OAuth 2.1 §4.1.2.1; RFC 9700 §4.11',
  cause: 'Users’ codes, or errors, go to anybody who asks: an open redirector.',
  fix: 'Look at the client’s redirect URIs for wildcards, and for a proxy that rewrites redirects.',
  judge: asking(({ badRedirect }) => {
    if (!badRedirect) return notRun('Not probed.');
    const exchanges = [badRedirect];
    const { status = 0 } = badRedirect;
    if (status >= 400 && status < 500)
      return pass(`${status} with an error page, no redirect.`, { exchanges });
    return fail(`A request that leads to https://evil.example/cb: ${outcomeOf(badRedirect)}.`, { exchanges });
  }),
};

const scopes: Check = {
  id: 'AUTHZ-SCOPES',
  mayNeed: ['REG-PLAIN', 'REG-SCOPE'],
  title: 'Each product’s sign-in begins, with the scopes that it asks for here',
  severity: 'must',
  needs: ['ASM-ENDPOINTS', 'CLIENT-SETTINGS'],
  spec: 'RFC 6749 §3.3; MCP 2026-07-28, Authorization',
  cause:
    'A product asks for a scope that its client may not have, or the realm demands something of sign-ins that products don’t do.',
  fix: 'Have the MCP server name its own scope, and hide what clients may not have: mcpkc status',
  judge: judgeBy('authorization', ({ products, productScopes, good }, { target, parts }) => {
    const exchanges = [...products, ...productScopes].map(({ exchange }) => exchange);
    for (const { preset, scope, exchange } of products) {
      if (leadsToSignIn(exchange)) continue;
      const asked = scope === undefined ? 'naming no scope' : `asking for ${scope}`;
      return fail(`${preset.title}, ${asked}: ${refusalIn(exchange)}.`, {
        exchanges,
        ...refusedCause(refusalIn(exchange), scope, preset, target),
      });
    }
    for (const { title, scopes: asked, exchange } of productScopes) {
      if (leadsToSignIn(exchange)) continue;
      const lists = target.inside?.realmLists;
      const missing = lists ? asked.filter((name) => !lists.includes(name)) : [];
      const which = missing.length > 0 ? ` Missing in the realm: ${missing.join(', ')}.` : '';
      return fail(`${title} asks for ${asked.join(' ')}: ${refusalIn(exchange)}.${which}`, {
        exchanges,
        cause:
          'The product was seen to ask for these scopes, whatever the MCP server names; one that is no default or optional client scope ends the sign-in.',
        fix: 'Add the missing scopes to the realm’s optional client scopes (Client scopes → Assigned type).',
      });
    }
    if (products.length === 0 && productScopes.length === 0) {
      if (good && !leadsToSignIn(good))
        return fail(`A plain request is refused: ${refusalIn(good)}`, { exchanges: [good] });
      if (good) return pass('A plain request leads to the sign-in.', { exchanges: [good] });
      if (target.noRegistration) return skipped('No client is registered (--no-registration).');
      return withoutClient(parts);
    }
    const told = products.map(({ preset, scope }) => `${preset.title}: ${scope ?? 'no scope'}`);
    return pass(`${told.join('; ')}.`, { exchanges });
  }),
};

/** The reason for which Keycloak refuses a product's authorization request (26.4 to 26.7). */
function refusedCause(
  words: string,
  scope: string | undefined,
  { cimdUrl, title, name }: Preset,
  { inside, mcp }: ValidationTarget,
): Partial<Judgement> {
  if (/invalid_scope/.test(words)) {
    const barred = inside
      ? wordsOf(scope).filter((name) => name !== 'openid' && !inside.realmLists.includes(name))
      : [];
    const which = barred.length === 0 ? 'one of these scopes' : barred.join(', ');
    return {
      cause: `Its client may not have ${which}: neither a default nor an optional client scope.`,
      fix: `Have the MCP server name its own scope in the challenge, or hide the scope from the issuer’s metadata: ${formatCommand(['create-scope', ['--resource', mcp]])}`,
    };
  }
  if (/invalid_target/.test(words)) {
    return {
      cause: 'The feature resource-indicators is on, and no client of the realm stands for this resource.',
      fix: formatCommand(['create-scope', ['--resource', mcp], '--resource-client']),
    };
  }
  if (cimdUrl !== undefined && /400|with a page/.test(words)) {
    return {
      cause: `The issuer advertises metadata documents, so ${title} uses ${cimdUrl} as its client id, and the realm has no way for it.`,
      fix: formatCommand(['allow', mcp, ['--preset', typedList([name])]]),
    };
  }
  return {};
}

/** The authorization endpoint, as far as it goes without a person. */
export const authorizationStep: Step<'authorization'> = {
  name: 'authorization',
  doing: 'Asking for authorization without a person',
  after: ['registration', 'token'],
  probe: probeAuthorization,
  checks: [pkce, redirect, scopes],
};
