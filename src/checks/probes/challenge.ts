import { bearerOf, type Challenge, scopesOf } from '../challenge-header.ts';
import type { Exchange } from '../exchange.ts';
import { initializeMessage } from '../json-rpc.ts';
import type { Run } from '../step.ts';

/** The MCP server's answers to clients without a good token. */
export interface ChallengeEvidence {
  /** POST without a token. */
  tokenless: Exchange;
  /** POST with a token that is none. */
  garbage: Exchange;
  /** POST with a token that is none in the query. */
  queryGarbage: Exchange;
  /** POST with a foreign `Origin` and no token. */
  foreignOrigin: Exchange;
  /** GET without a token. */
  tokenlessGet: Exchange;
  /** The Bearer challenge, where it can be read. */
  challenge: Challenge | undefined;
  scopes: readonly string[];
  /** Whether the MCP server answered anything at all. */
  answered: boolean;
}

/** A token that no issuer signs. */
const GARBAGE = 'mcpkc-no-token';
/** An Origin that is nobody's (RFC 2606). */
export const FOREIGN_ORIGIN = 'https://evil.example';

/** Knocks at the MCP server's door in all the ways that need no token, side by side. */
export async function probeChallenge({ recorder, target }: Run): Promise<ChallengeEvidence> {
  const { mcp } = target;
  const post = (headers: Record<string, string>, url = mcp) => {
    const message = initializeMessage();
    return recorder.send(url, {
      method: 'POST',
      to: 'mcp-server',
      own: true,
      headers: { ...message.headers, ...headers },
      body: message.body,
    });
  };
  const query = `${mcp}${mcp.includes('?') ? '&' : '?'}access_token=${GARBAGE}`;
  const [tokenless, garbage, queryGarbage, foreignOrigin, tokenlessGet] = await Promise.all([
    post({}),
    post({ authorization: `Bearer ${GARBAGE}` }),
    post({}, query),
    post({ origin: FOREIGN_ORIGIN }),
    recorder.send(mcp, {
      to: 'mcp-server',
      own: true,
      headers: { accept: 'text/event-stream' },
      onlyOpens: true,
    }),
  ]);
  const challenge = bearerOf(tokenless.headers.get('www-authenticate'));
  const all = [tokenless, garbage, queryGarbage, foreignOrigin, tokenlessGet];
  return {
    tokenless,
    garbage,
    queryGarbage,
    foreignOrigin,
    tokenlessGet,
    challenge,
    scopes: scopesOf(challenge),
    answered: all.some(({ status }) => status !== undefined),
  };
}
