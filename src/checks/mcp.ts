import { type Check, fail, notRun, pass, warn } from './check.ts';
import { answerWords, withToken } from './mcp-judging.ts';
import { originAllowed, originForeign } from './mcp-origins.ts';
import { foreignAudience, queryToken } from './mcp-tokens.ts';
import { accept, get, session, version } from './mcp-transport.ts';
import { probeMcp } from './probes/mcp.ts';
import type { Step } from './step.ts';

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
  judge: withToken(({ eras }, { target, parts }) => {
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
      const refused = eras.some(({ open: one }) => one.exchange.status === 401);
      const cause = refused
        ? `The token audience is wrong for this MCP server, or its issuer is not the MCP server’s: the MCP server accepts other values than ${target.mcp}.`
        : undefined;
      const fix =
        'Decode the token to confirm aud, and set the MCP server’s accepted audience (OIDC_AUDIENCE) and OIDC_ISSUER accordingly.';
      return fail(`With ${SOURCE[sendable?.source ?? 'login']}: ${seen}.`, {
        exchanges,
        facts,
        ...(cause && { cause, fix }),
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
    tools,
    accept,
    originForeign,
    originAllowed,
    get,
    version,
    session,
  ],
};
