import { audiencesIn } from '../keycloak/connection/token-claims.ts';
import { roleLabel } from '../realm/access.ts';
import { formatCommand, listNames } from '../text.ts';
import { type Check, fail, type Judgement, notRun, pass, skipped, warn } from './check.ts';
import type { ConnectorToken, ConnectorTokens } from './connector-tokens.ts';
import type { Target } from './evidence.ts';
import { outcomeOf, record } from './exchange.ts';
import { withoutToken } from './mcp-judging.ts';
import { probeToken, type TokenEvidence, tokenIn } from './probes/token.ts';
import { judging, type Step } from './step.ts';
import { LEEWAY_S } from './verify-token.ts';

/** A judge of connectors' tokens, not run where there are none. */
function ofConnectors(
  judge: (tokens: readonly ConnectorToken[], target: Target, connectors: ConnectorTokens) => Judgement,
): Check['judge'] {
  return judging('token', ({ connectors }, { target }) => {
    if (connectors.tokens.length > 0) return judge(connectors.tokens, target, connectors);
    if (target.outside) return skipped(`${connectors.message} (--outside)`);
    return notRun(connectors.message, connectors.fix);
  });
}

const nameOf = ({ preset, clientId }: ConnectorToken) =>
  preset === undefined ? clientId : `${preset} (${clientId})`;
const HOW = {
  example: 'as Keycloak would issue it (an example: claims without a signature)',
  issued: 'as it was issued to a client of this run',
};

const aud: Check = {
  id: 'TOK-AUD',
  title: 'A connector’s token names the MCP server in aud',
  severity: 'must',
  needs: ['REG-READBACK'],
  mayNeed: ['ASM-FOUND', 'ASM-ENDPOINTS', 'REG-PLAIN', 'TOK-BASIC'],
  spec: 'RFC 8707 §2; MCP 2026-07-28, Authorization',
  cause:
    'The access token is missing the MCP audience: products show a generic connection error after consent.',
  fix: 'Ensure that the audience scope exists and is attached: mcpkc create-scope --resource <url>',
  judge: ofConnectors((tokens, target, { mayNot }) => {
    const facts = {
      tokens: tokens.map(({ preset, clientId, how, claims }) => ({
        preset: preset ?? null,
        clientId,
        how,
        aud: audiencesIn(claims),
      })),
    };
    const bad = tokens.find(({ claims }) => !audiencesIn(claims).includes(target.mcp));
    if (!bad)
      return pass(`The token names the MCP server in aud, ${HOW[tokens[0]?.how ?? 'example']}.`, { facts });
    if (mayNot)
      return fail(mayNot.message, {
        facts,
        cause: 'The person has none of the server’s roles.',
        fix: mayNot.fix,
      });
    const has = audiencesIn(bad.claims);
    const message = `${nameOf(bad)}: aud is ${has.length === 0 ? 'absent' : has.join(' ')}, not ${target.mcp}.`;
    return fail(message, { facts, ...audienceCause(has, target) });
  }),
};

function audienceCause(has: readonly string[], { inside, mcp }: Target): Partial<Judgement> {
  const fix = formatCommand(['create-scope', ['--resource', mcp]]);
  const host = new URL(mcp).host;
  const near = has.find((one) => URL.parse(one)?.host === host);
  if (near !== undefined)
    return { cause: `The audience mapper gives ${near}: hosts compare byte for byte.`, fix };
  if (inside && !inside.audiences.includes(mcp)) {
    const gives = inside.audiences.length === 0 ? 'no audience' : inside.audiences.join(' ');
    return {
      cause: `The scope '${inside.scope}' gives ${gives}: its audience mapper is missing or wrong.`,
      fix,
    };
  }
  return {};
}

const role: Check = {
  id: 'TOK-ROLE',
  title: 'Nobody without the role gets the audience',
  severity: 'must',
  needs: ['REG-READBACK'],
  mayNeed: ['REG-PLAIN'],
  spec: 'mcpkc access; Keycloak, Server Administration, "Client scopes", role scope mappings',
  cause:
    'Another client scope, or the client itself, gives the same audience without a role, or a role that is mapped contains others.',
  fix: 'mcpkc status names the scope or the role.',
  judge: judging('token', ({ connectors }, { target }) => {
    const { inside, outside } = target;
    if (!inside)
      return outside ? skipped('Takes the admin side (--outside).') : skipped('Takes the admin side.');
    if (inside.gates === undefined) return skipped('Everybody in the realm may use this server.');
    const roles = listNames(inside.gates.map(roleLabel)) || 'none';
    const { barred } = connectors;
    if (!barred) return skipped('Nobody without the role was found, so nothing was tried.');
    const facts = { roles: inside.gates.map(roleLabel), without: barred.username };
    const bad = barred.tokens.find(({ claims: has }) => audiencesIn(has).includes(target.mcp));
    if (bad)
      return fail(
        `${barred.username} has none of the roles (${roles}), and gets the audience with ${nameOf(bad)}.`,
        { facts },
      );
    return pass(
      `The audience takes the role ${roles}: a token of ${barred.username}, which lacks it, has no such audience.`,
      { facts },
    );
  }),
};

const claims: Check = {
  id: 'TOK-CLAIMS',
  mayNeed: ['REG-PLAIN', 'TOK-BASIC'],
  title: 'Tokens are signed and complete',
  severity: 'must',
  needs: ['ASM-ENDPOINTS'],
  spec: 'RFC 9068 §2; RFC 7519',
  cause: 'An MCP server that verifies tokens, as it must, refuses this one.',
  fix: 'Compare the token’s iss with the issuer; decode it and look at the realm’s client scope ‘basic’, which gives sub.',
  judge: judging('token', ({ verified, skew, sendable, unsendable }, { target }) => {
    if (!verified) return withoutToken(unsendable, target);
    const source = sendable?.source ?? 'client-credentials';
    const facts = {
      algorithm: verified.algorithm,
      source,
      leewaySeconds: LEEWAY_S,
      clockSkewSeconds: skew ?? null,
    };
    const missing = ['iss', 'exp', 'sub', 'azp'].filter((name) => verified.claims[name] === undefined);
    if (verified.problem !== undefined) {
      const apart = skew !== undefined && Math.abs(skew) > LEEWAY_S;
      const cause = apart ? `Keycloak’s clock is ${skewWords(skew)}.` : undefined;
      return fail(`The token is no good: ${verified.problem}.`, {
        facts,
        ...(cause && { cause, fix: 'Set the clocks (NTP).' }),
      });
    }
    if (missing.length > 0) return fail(`The token lacks ${missing.join(', ')}.`, { facts });
    const message = `${verified.algorithm}, with iss, exp, sub and azp (leeway ${LEEWAY_S} s).`;
    if (skew !== undefined && Math.abs(skew) > 5)
      return warn(`${message} Keycloak’s clock is ${skewWords(skew)}.`, { facts });
    return pass(message, { facts });
  }),
};

const skewWords = (seconds: number) =>
  `${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} this machine’s`;

const basic: Check = {
  id: 'TOK-BASIC',
  mayNeed: ['REG-PLAIN'],
  title: 'The token endpoint takes HTTP Basic',
  severity: 'must',
  needs: ['ASM-ENDPOINTS'],
  spec: 'RFC 6749 §2.3.1',
  cause:
    '/token responds 401: Basic auth is disabled (a client policy, or a proxy that drops the Authorization header), or the client secret mismatches.',
  fix: 'Keep client_secret_basic enabled, and let the proxy pass Authorization on to /token.',
  judge: judging('token', ({ basic: exchange }, { target }) => {
    if (!exchange) {
      return target.noRegistration
        ? skipped('No client is registered (--no-registration).')
        : notRun('No confidential client could be registered.', 'Fix REG-PLAIN first.');
    }
    const exchanges = [exchange];
    if (exchange.status === 200)
      return pass('The token endpoint issued a token to a client with HTTP Basic.', { exchanges });
    const { error, error_description: description } = record(exchange.json);
    // "Request not allowed" comes after the client was authenticated: a policy against userless tokens.
    if (exchange.status === 400 && /not allowed/i.test(String(description))) {
      return pass(
        'The token endpoint takes HTTP Basic (and refuses client credentials, as a policy wants).',
        { exchanges },
      );
    }
    return fail(
      `Token request with HTTP Basic: ${outcomeOf(exchange)}, ${String(error ?? 'no error code')}.`,
      { exchanges },
    );
  }),
};

const extra: Check = {
  id: 'TOK-EXTRA-AUD',
  title: 'A connector’s token is for this MCP server alone',
  severity: 'should',
  needs: ['TOK-AUD'],
  spec: 'RFC 8707 §3; MCP 2026-07-28, Authorization',
  cause: 'The token works elsewhere too: anybody who gets hold of it at one host can use it at the others.',
  fix: 'One audience scope per host: adopted mode for the others (mcpkc create-scope --attach none), and no audience mappers in further default scopes.',
  judge: ofConnectors((tokens, target) => {
    const others = [...new Set(tokens.flatMap((one) => audiencesIn(one.claims)))].filter(
      (one) => one !== target.mcp,
    );
    return others.length === 0
      ? pass('It is.')
      : fail(`aud also holds ${others.join(' ')}.`, { facts: { others } });
  }),
};

const userless: Check = {
  id: 'TOK-USERLESS',
  mayNeed: ['TOK-BASIC', 'ASM-ENDPOINTS'],
  title: 'Nobody gets an audience token without a user',
  severity: 'should',
  needs: ['REG-PLAIN'],
  spec: 'measured on Keycloak 26.7.3',
  cause:
    'Anybody who may register can register for client credentials, and gets a token for this MCP server without any user.',
  fix: 'mcpkc create-scope --resource <url> (Keycloak 26.7.0 or later)',
  judge: judging('token', (evidence, { target }) => {
    const { userless: exchange, userlessClaims } = evidence;
    if (!exchange) {
      return target.noRegistration
        ? skipped('No client is registered (--no-registration).')
        : notRun('No confidential client could be registered.', 'Fix REG-PLAIN first.');
    }
    const exchanges = [exchange];
    if (audiencesIn(userlessClaims).includes(target.mcp))
      return fail('A self-registered client got one.', { exchanges });
    return pass(whyHarmless(evidence), { exchanges });
  }),
};

function whyHarmless({ userless: exchange }: TokenEvidence): string {
  return tokenIn(exchange) === undefined
    ? 'A self-registered client gets no token without a user.'
    : 'A self-registered client’s own token does not name this MCP server.';
}

/** Tokens: what a connector's would hold, and what the realm gives to whom. */
export const tokenStep: Step<'token'> = {
  name: 'token',
  doing: 'Asking for tokens',
  after: ['registration'],
  probe: probeToken,
  checks: [aud, role, claims, basic, extra, userless],
};
