import { audiencesIn } from '../keycloak/connection/token-claims.ts';
import { visible } from '../text.ts';
import { bearerOf } from './challenge-header.ts';
import { type Check, fail, type Judgement, notRun, pass, skipped, warn } from './check.ts';
import type { Evidence } from './evidence.ts';
import { type Exchange, outcomeOf, toObject } from './exchange.ts';
import { answerWords, withToken } from './mcp-judging.ts';
import type { EraEvidence } from './mcp-opening.ts';
import { originAllowed, originForeign } from './mcp-origins.ts';
import { foreignAudience, queryToken } from './mcp-tokens.ts';
import { accept, get, session, version } from './mcp-transport.ts';
import { probeMcp } from './probes/mcp.ts';
import { judgeBy, type Step } from './step.ts';
import { withoutBearer } from './token.ts';

const LIFECYCLE = 'MCP 2026-07-28, server/discover; MCP 2025-11-25, Lifecycle';

const SOURCE = {
  login: 'the token of a sign-in',
  'token-file': 'the token of --token-file',
  'client-credentials': 'a probe’s token by client credentials',
};

const open: Check = {
  id: 'MCP-OPEN',
  title: 'The MCP server opens with the token',
  severity: 'must',
  needs: ['CHAL-401'],
  mayNeed: ['ASM-FOUND', 'ASM-ENDPOINTS', 'REG-PLAIN', 'TOK-BASIC', 'REG-READBACK', 'TOK-AUD'],
  spec: LIFECYCLE,
  cause: 'The MCP server refuses or fails at the first request of every client.',
  fix: 'The MCP server’s log shows why; search it for the request id.',
  judge: withToken(({ eras }, evidence) => {
    const { target, parts } = evidence;
    const exchanges = eras.map(({ open: one }) => one.exchange);
    const sendable = parts.token?.sendable;
    const spoken = eras.filter((era) => era.spoken);
    const facts = {
      eras: spoken.map(({ era, revision, session: id }) => ({
        era,
        revision: revision ?? null,
        session: id !== undefined,
      })),
      token: sendable?.source,
    };
    if (spoken.length === 0) {
      const seen = eras.map((era) => `${era.era}: ${answerWords(era.open)}`).join('; ');
      const lacking = target.outside ? lackingScopes(evidence) : [];
      if (lacking.length > 0) {
        return withoutBearer(
          {
            message: `The only token that can be had from outside lacks ${lacking.join(' ')}, which the MCP server demands; with it: ${seen}.`,
            fix: 'Sign in (--login), or configure the service account (mcpkc init).',
          },
          target,
        );
      }
      return fail(`With ${SOURCE[sendable?.source ?? 'login']}: ${seen}.`, {
        exchanges,
        facts,
        ...whyClosed(eras, sendable?.claims ?? {}, target.mcp),
      });
    }
    const [only] = spoken;
    const id = spoken.some(({ session: one }) => one !== undefined) ? 'with sessions' : 'without sessions';
    const message = spoken
      .map(({ era, revision }) => `${era} era, ${revision ?? 'no revision named'}`)
      .join('; ');
    if (spoken.length === 1) {
      const lost =
        only?.era === 'modern'
          ? 'clients that open with initialize (most, today) fail'
          : 'it speaks no 2026-07-28 yet';
      return warn(`${message}, ${id}; ${lost}.`, { exchanges, facts });
    }
    return pass(`${message}; ${id}. Sent: ${SOURCE[sendable?.source ?? 'login']}.`, { exchanges, facts });
  }),
};

/** Scopes of the challenge that a token of this run lacks. */
function lackingScopes({ parts: { challenge, token } }: Evidence): string[] {
  const { sendable } = token ?? {};
  if (sendable?.source !== 'client-credentials') return [];
  const has = String(sendable.claims.scope ?? '').split(' ');
  return (challenge?.scopes ?? []).filter((name) => !has.includes(name));
}

/** The reason why no era was opened, as far as the answers tell. */
function whyClosed(
  eras: readonly EraEvidence[],
  claims: Readonly<Record<string, unknown>>,
  mcp: string,
): Partial<Judgement> {
  const refused = eras.find(({ open: one }) => one.exchange.status === 401)?.open.exchange;
  if (refused) {
    const aud = audiencesIn(claims).join(' ') || 'none';
    const own = ownWords(refused);
    return {
      cause: `The MCP server refuses a token with aud ${aud} and iss ${String(claims.iss ?? 'none')}: it accepts another audience or issuer than these.${own === undefined ? '' : ` Its own words: ${own}`}`,
      fix: `Set the MCP server’s accepted audience to ${mcp} (OIDC_AUDIENCE), and its issuer to ${String(claims.iss ?? 'the realm’s')} (OIDC_ISSUER).`,
    };
  }
  const held = eras.find(
    ({ open: { exchange } }) =>
      exchange.problem?.kind === 'timeout' && exchange.status === 200 && exchange.text === '',
  );
  if (held) {
    return {
      cause:
        'The answer began and nothing of it arrived: a proxy in front holds event streams back (buffering).',
      fix: 'Switch buffering off for the endpoint (proxy_buffering off in nginx): docs/reverse-proxies.md.',
    };
  }
  return {};
}

/** The refusal in the server's own words: of the challenge, else of the body. */
function ownWords({ headers, json }: Exchange): string | undefined {
  const { error, error_description: told } = bearerOf(headers.get('www-authenticate'))?.params ?? {};
  const { error_description: body, message } = toObject(json);
  const words = told ?? [body, message].find((one): one is string => typeof one === 'string') ?? error;
  return words === undefined ? undefined : visible(words);
}

const tools: Check = {
  id: 'MCP-TOOLS',
  title: 'The MCP server lists its tools',
  severity: 'must',
  needs: ['MCP-OPEN'],
  spec: 'MCP 2026-07-28 and 2025-11-25, Tools',
  cause: 'The connection opens, and the product shows no tools.',
  fix: 'The MCP server’s log shows why; search it for the request id.',
  judge: withToken(({ eras }) => {
    const asked = eras.flatMap(({ era, tools: one }) => (one ? [{ era, one }] : []));
    const exchanges = asked.map(({ one }) => one.exchange);
    if (asked.length === 0) return notRun('No session was opened.');
    for (const { era, one } of asked) {
      const list = one.answer?.ours ? one.answer.result?.tools : undefined;
      if (!Array.isArray(list))
        return fail(`tools/list in the ${era} era: ${answerWords(one)}.`, { exchanges });
    }
    const counts = asked.map(
      ({ era, one }) => `${[one.answer?.result?.tools].flat().length} in the ${era} era`,
    );
    return pass(`Tools: ${counts.join(', ')}. None was called.`, { exchanges });
  }),
};

const scopes: Check = {
  id: 'MCP-SCOPES',
  title: 'Products’ tokens have the scopes that the MCP server demands',
  severity: 'must',
  needs: ['CHAL-401', 'TOK-AUD'],
  spec: 'RFC 6750 §3.1; MCP 2026-07-28, Authorization',
  cause:
    'The MCP server refuses tokens without the scopes of its challenge, and the product doesn’t ask for them.',
  fix: 'Name the same scopes in the challenge and in scopes_supported, or let the MCP server look at the audience alone.',
  judge: judgeBy('mcp', ({ bare }, { parts, target }) => {
    const wanted = parts.challenge?.scopes ?? [];
    if (wanted.length === 0) return skipped('Its challenge demands none.');
    const tokens = (parts.token?.connectors.tokens ?? []).filter(({ how }) => how === 'example');
    const exchanges = [bare?.exchange];
    const lacking = tokens.flatMap((token) => {
      const has = String(token.claims.scope ?? '').split(' ');
      const missing = wanted.filter((name) => !has.includes(name));
      return missing.length === 0 ? [] : [{ token, missing }];
    });
    const [first] = lacking;
    if (tokens.length === 0)
      return withoutBearer({ message: 'No product’s token is known.', fix: 'Sign in: --login' }, target);
    if (first === undefined) return pass(`Products’ tokens have ${wanted.join(' ')}.`, { exchanges });
    const who = `${first.token.preset ?? first.token.clientId}: the token lacks ${first.missing.join(' ')}`;
    const status = bare?.exchange.status;
    if (status === 401 || status === 403) {
      return fail(
        `${who}, and without it the MCP server answers ${bare === undefined ? 'nothing' : outcomeOf(bare.exchange)}.`,
        { exchanges },
      );
    }
    if (status === undefined)
      return warn(`${who}; whether the MCP server refuses it was not tried.`, { exchanges });
    return pass(`${who}, and the MCP server takes it all the same (${status}).`, { exchanges });
  }),
};

/** The endpoint with a token. */
export const mcpStep: Step<'mcp'> = {
  name: 'mcp',
  doing: 'Talking to the MCP server',
  after: ['token'],
  probe: probeMcp,
  checks: [
    foreignAudience,
    queryToken,
    open,
    scopes,
    tools,
    accept,
    originForeign,
    originAllowed,
    get,
    version,
    session,
  ],
};
