import { audiencesIn } from '../keycloak/connection/token-claims.ts';
import { OFFLINE } from '../products/scopes.ts';
import { roleLabel } from '../realm/access.ts';
import { formatCommand, listNames, visible } from '../text.ts';
import { type Check, fail, type Judgement, notRun, pass, skipped, warn } from './check.ts';
import type { ConnectorToken, ConnectorTokens } from './connector-tokens.ts';
import type { EvidenceParts, ValidationTarget } from './evidence.ts';
import { type Exchange, outcomeOf, toObject } from './exchange.ts';
import { probeToken, type TokenEvidence, tokenIn, type Unsendable } from './probes/token.ts';
import { findUntriedDocuments, LET_IT_SIGN_IN, wordsOf } from './product-ways.ts';
import { judgeBy, type Step, withoutAdmin } from './step.ts';
import { LEEWAY_S } from './verify-token.ts';

/** A judge of connectors' tokens, not run where there are none. */
function ofConnectors(
  judge: (
    tokens: readonly ConnectorToken[],
    target: ValidationTarget,
    connectors: ConnectorTokens,
  ) => Judgement,
): Check['judge'] {
  return judgeBy('token', ({ connectors }, { target }) => {
    if (connectors.tokens.length > 0) return judge(connectors.tokens, target, connectors);
    const excused = connectors.excused && !target.requireUser ? ({ excused: true } as const) : {};
    return notRun(connectors.message, connectors.fix, excused);
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
      tokens: tokens.map(({ preset, clientId, how, claims, scope, user }) => ({
        preset: preset ?? null,
        clientId,
        how,
        scope: scope ?? null,
        user: user ?? null,
        aud: audiencesIn(claims),
      })),
    };
    const isFor = ({ claims }: ConnectorToken) =>
      audiencesIn(claims).some((one) => target.accepted.includes(one));
    const bad = tokens.find((one) => !isFor(one));
    if (bad) {
      if (mayNot)
        return fail(mayNot.message, {
          facts,
          cause: `The audience takes the role ${listNames((target.inside?.roles?.gates ?? []).map(roleLabel)) || 'none'}, which ${visible(bad.user ?? 'the person')} lacks.`,
          fix: mayNot.fix,
        });
      const has = audiencesIn(bad.claims);
      const message = `${nameOf(bad)}: aud is ${has.length === 0 ? 'absent' : has.join(' ')}, not ${target.mcp}.`;
      return fail(message, { facts, ...audienceCause(bad, target) });
    }
    const [first] = tokens;
    const who = first?.user === undefined ? '' : `, for the user ${visible(first.user)}`;
    const told = `The token names the MCP server in aud, ${HOW[first?.how ?? 'example']}${who}.`;
    const other = tokens.find(({ claims }) => !audiencesIn(claims).includes(target.mcp));
    if (other) {
      return warn(
        `${told} It is ${audiencesIn(other.claims).join(' ')}, as OIDC_AUDIENCE has it, and not the URL (RFC 8707): a product that compares the two turns away.`,
        { facts },
      );
    }
    if (tokens.every(({ once }) => once)) {
      return warn(
        `${told} That is once a client was adopted; none of these products’ was yet: ${formatCommand(['onboard', target.mcp])}`,
        { facts },
      );
    }
    return pass(told, { facts });
  }),
};

function audienceCause(token: ConnectorToken, { inside, mcp }: ValidationTarget): Partial<Judgement> {
  const has = audiencesIn(token.claims);
  const fix = formatCommand(['create-scope', ['--resource', mcp]]);
  const host = new URL(mcp).host;
  const near = has.find((one) => URL.parse(one)?.host === host);
  if (near !== undefined)
    return { cause: `The audience mapper gives ${near}: MCP servers compare byte for byte.`, fix };
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
  title: 'Only who has the role gets the audience',
  severity: 'must',
  needs: ['REG-READBACK'],
  mayNeed: ['REG-PLAIN'],
  spec: 'mcpkc access; Keycloak, Server Administration, "Client scopes", role scope mappings',
  cause:
    'Another client scope, or the client itself, gives the same audience without a role, or a role that is mapped contains others.',
  fix: 'mcpkc status names the scope or the role.',
  judge: judgeBy('token', ({ connectors }, { target }) => {
    const { inside, outside } = target;
    if (!inside)
      return outside ? skipped('Takes the admin side (--outside).') : skipped('Takes the admin side.');
    if (inside.roles?.gates === undefined) return skipped('Everybody in the realm may use this server.');
    const roles = listNames(inside.roles?.gates.map(roleLabel)) || 'none';
    const { barred } = connectors;
    if (!barred) return skipped('Every user that was found has the role, so nothing was tried.');
    const facts = { roles: inside.roles?.gates.map(roleLabel), without: barred.username };
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
  fix: "Compare the token’s iss with the issuer; decode it and look at the realm’s client scope 'basic', which gives sub.",
  judge: judgeBy('token', ({ verified, skew, sendable, unsendable, connectors }, { target }) => {
    const nameless = connectors.tokens.find((token) => token.claims.sub === undefined);
    if (nameless && (!verified || verified.problem === undefined)) {
      return warn(
        `${nameOf(nameless)}: a user’s token has no sub (${HOW[nameless.how]}), so an MCP server can’t tell its users apart.`,
        {
          facts: { clientId: nameless.clientId, scope: nameless.scope ?? null },
          cause: "The client scope 'basic' is no default client scope of the realm, or lacks its sub mapper.",
          fix: 'In the admin console, Client scopes: set the assigned type of basic to Default. Products register anew.',
        },
      );
    }
    if (!verified) return withoutBearer(unsendable, target);
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

/** Nothing to judge, since no token can be had: no failure, unless the operator demands a user (`--require-user`). */
export function withoutBearer(
  { message, fix, isAsked }: Unsendable,
  { requireUser }: ValidationTarget,
): Judgement {
  return notRun(message, fix, requireUser || isAsked ? {} : { excused: true });
}

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
  judge: judgeBy('token', ({ basic: exchange }, { target, parts }) => {
    if (!exchange) {
      return withoutProbe(target, parts);
    }
    const exchanges = [exchange];
    if (exchange.status === 200)
      return pass('The token endpoint issued a token to a client with HTTP Basic.', { exchanges });
    const { error, error_description: description } = toObject(exchange.json);
    // A refusal after the client was authenticated tells of something else than Basic: client credentials, DPoP.
    if (!isBasicRefused(exchange)) {
      return pass(
        `The token endpoint takes HTTP Basic (and refuses client credentials: ${String(description ?? error)}).`,
        {
          exchanges,
        },
      );
    }
    return fail(
      `Token request with HTTP Basic: ${outcomeOf(exchange)}, ${String(error ?? 'no error code')}.`,
      { exchanges },
    );
  }),
};

/** Whether the token endpoint did not take the client's authentication, or didn't answer as one. */
function isBasicRefused(exchange: Exchange): boolean {
  const { error } = toObject(exchange.json);
  return exchange.status !== 400 || error === 'invalid_client' || error === undefined;
}

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
      (one) => !target.accepted.includes(one),
    );
    return others.length === 0
      ? pass('It is.')
      : fail(`aud also holds ${others.join(' ')}.`, { facts: { others } });
  }),
};

const userless: Check = {
  id: 'TOK-USERLESS',
  mayNeed: ['TOK-BASIC', 'ASM-ENDPOINTS'],
  title: 'Audience tokens are issued to users alone',
  severity: 'should',
  needs: ['REG-PLAIN'],
  spec: 'measured on Keycloak 26.7.4',
  cause:
    'Anybody who may register can register for client credentials, and gets a token for this MCP server without any user.',
  fix: 'mcpkc create-scope --resource <url> (Keycloak 26.7.0 or later)',
  judge: judgeBy('token', (evidence, { target, parts }) => {
    const { userless: exchange, userlessClaims } = evidence;
    if (!exchange) {
      return withoutProbe(target, parts);
    }
    const exchanges = [exchange];
    if (audiencesIn(userlessClaims).includes(target.mcp))
      return fail('A self-registered client got one.', { exchanges });
    return pass(whyHarmless(evidence), { exchanges });
  }),
};

/** No confidential client of this run: nobody wanted one, or nobody may register and no product has to. */
function withoutProbe(
  { noRegistration, client }: ValidationTarget,
  { registration }: Partial<EvidenceParts>,
): Judgement {
  if (noRegistration || client) return skipped('No client is registered (--no-registration, --client).');
  const ways = registration?.presets ?? [];
  if (ways.length > 0 && ways.every(({ way }) => way.by !== 'registration'))
    return skipped('Nobody registers here: it is refused, and no chosen product has to.');
  return notRun('No confidential client could be registered.', 'Fix REG-PLAIN first.');
}

function whyHarmless({ userless: exchange }: TokenEvidence): string {
  return tokenIn(exchange) === undefined
    ? 'A self-registered client gets no token without a user.'
    : 'A self-registered client’s own token does not name this MCP server.';
}

const code: Check = {
  id: 'TOK-CODE',
  mayNeed: ['REG-PLAIN', 'REG-SCOPE', 'AUTHZ-SCOPES'],
  title: 'The token endpoint takes each product’s request',
  severity: 'must',
  needs: ['ASM-ENDPOINTS', 'CLIENT-SETTINGS'],
  spec: 'RFC 6749 §4.1.3, §5.2; RFC 9449',
  cause:
    'The realm demands something of token requests that the product doesn’t do: a DPoP proof, a signed assertion, another way to authenticate.',
  fix: 'Take these clients out of the client policy: Realm settings, Client policies.',
  judge: judgeBy('token', ({ codes, basic: own }, { target, parts }) => {
    // TOK-BASIC reports it where Basic doesn't get through at all.
    const isLost = own !== undefined && own.status !== 200 && isBasicRefused(own);
    const asked = codes.filter(
      ({ exchange, method }) => exchange !== undefined && !(isLost && method === 'client_secret_basic'),
    );
    const exchanges = asked.map(({ exchange }) => exchange);
    if (asked.length === 0 && codes.some(({ exchange }) => exchange !== undefined))
      return skipped('HTTP Basic does not get through: TOK-BASIC tells.');
    const untried = findUntriedDocuments(parts);
    if (untried !== undefined) return notRun(untried, LET_IT_SIGN_IN, { excused: true });
    if (asked.length === 0) return noCodes(codes.length, target);
    for (const { preset, exchange, method, asked: wanted } of asked) {
      const { error, error_description: description } = toObject(exchange?.json);
      // The code is looked at last: anything else in the way would have been reported.
      if (exchange?.status === 400 && error === 'invalid_grant') continue;
      const words = [error, description].filter((one) => typeof one === 'string').join(', ');
      const message = `${preset.title}: ${exchange ? outcomeOf(exchange) : 'no answer'}${words === '' ? '' : `, ${words}`}.`;
      return fail(message, { exchanges, ...codeCause(String(description), method, wanted) });
    }
    return pass(
      `The token endpoint takes the requests as far as to the code: ${asked.map(({ preset }) => preset.title).join(', ')}.`,
      {
        exchanges,
      },
    );
  }),
};

function noCodes(ways: number, { noRegistration }: ValidationTarget): Judgement {
  if (noRegistration) return skipped('No client is registered (--no-registration).');
  if (ways > 0) return skipped('The client’s secret is not read, so its request is not tried.');
  return notRun('There is no client to send a request for.', 'Fix REG-PLAIN first.');
}

function codeCause(words: string, method: string, wanted: string): Partial<Judgement> {
  if (/DPoP/i.test(words)) {
    return {
      cause: 'A client policy demands DPoP proofs, which this product doesn’t send.',
      fix: 'Take clients that register themselves out of that policy: Realm settings, Client policies (executor dpop-bind-enforcer).',
    };
  }
  if (method !== wanted) {
    return {
      cause: `The product asked for ${wanted}, and its client authenticates with ${method}: Keycloak before 26.6 answers so.`,
      fix: 'Upgrade Keycloak to 26.6 or later, and connect the product again.',
    };
  }
  return {};
}

const offline: Check = {
  id: 'TOK-OFFLINE',
  title: 'Users may have offline access where products ask for it',
  severity: 'must',
  needs: ['ASM-ENDPOINTS'],
  mayNeed: ['AUTHZ-SCOPES'],
  spec: 'OpenID Connect Core §11; Keycloak 26.7, role offline_access',
  cause:
    'Products add offline_access where the issuer advertises it; the code of a user without that role is refused (400 not_allowed).',
  fix: "Grant the role offline_access to the users, or hide the scope: Client scopes, offline_access, 'Include in OpenID Provider Metadata' off.",
  judge: judgeBy('token', ({ offline: known }, { target, parts }) => {
    if (!target.inside) return withoutAdmin(target);
    const asking = (parts.authorization?.products ?? []).filter(({ scope }) =>
      wordsOf(scope).includes(OFFLINE),
    );
    if (asking.length === 0) return pass('No chosen product asks for it here.');
    const who = asking.map(({ preset }) => preset.title).join(', ');
    if (known === undefined) {
      return notRun(
        `${who} ask for it; the users’ roles could not be read.`,
        'The account needs view-users: mcpkc init',
      );
    }
    if (known.allowed) return pass(`${who}: ${visible(known.user)} may.`);
    return fail(`${who} ask for offline_access, and ${visible(known.user)} has no role for it.`);
  }),
};

/** The step of tokens: those that connectors would get, and the audiences that the realm adds to them. */
export const tokenStep: Step<'token'> = {
  name: 'token',
  doing: 'Asking for tokens',
  after: ['registration'],
  probe: probeToken,
  checks: [aud, role, code, offline, claims, basic, extra, userless],
};
