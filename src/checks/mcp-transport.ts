import { type Check, fail, notRun, pass, skipped } from './check.ts';
import { isPage, outcomeOf } from './exchange.ts';
import { answerWords, withToken } from './mcp-judging.ts';

const TRANSPORT = 'MCP 2025-11-25, Transports (Streamable HTTP)';

export const accept: Check = {
  id: 'MCP-ACCEPT',
  title: 'A request without the right Accept is refused with an explanation',
  severity: 'should',
  needs: ['MCP-OPEN'],
  spec: TRANSPORT,
  cause:
    'A client with a wrong Accept header would get a stream that it can’t read, and nobody would know why.',
  fix: 'Answer 406 with a sentence: "Accept: application/json, text/event-stream" is needed.',
  judge: withToken(({ narrowAccept }) => {
    if (!narrowAccept) return skipped('The MCP server does not speak the legacy era.');
    const { exchange } = narrowAccept;
    const exchanges = [exchange];
    if (exchange.status !== 406 && exchange.status !== 400)
      return fail(`Accept: application/json: ${outcomeOf(exchange)}.`, { exchanges });
    if (exchange.text.trim() === '' || isPage(exchange))
      return fail(`${exchange.status}, without an explanation.`, { exchanges });
    return pass(answerWords(narrowAccept), { exchanges });
  }),
};

export const get: Check = {
  id: 'MCP-GET',
  title: 'GET is answered as the transport demands',
  severity: 'should',
  needs: ['MCP-OPEN'],
  spec: TRANSPORT,
  cause: 'Clients open GET to listen for events; a page or a server error ends their connection.',
  fix: 'Answer an event stream or 405, and 401 without a token.',
  judge: withToken(({ get: exchange, eras }, { parts }) => {
    const { tokenlessGet } = parts.challenge ?? {};
    if (!exchange || !tokenlessGet) return notRun('The MCP server was not asked.');
    const exchanges = [exchange, tokenlessGet];
    if (tokenlessGet.status !== 401)
      return fail(`Without a token: ${outcomeOf(tokenlessGet)}.`, { exchanges });
    const { status = 0 } = exchange;
    const streams =
      status === 200 && exchange.headers.get('content-type')?.startsWith('text/event-stream') === true;
    const sessions = eras.some(({ session: id }) => id !== undefined);
    const refuses = status === 405 || (sessions && [400, 404, 406].includes(status));
    if ((streams || refuses) && !isPage(exchange))
      return pass(streams ? 'An event stream.' : `${status}.`, { exchanges });
    return fail(`With a token: ${outcomeOf(exchange)}.`, { exchanges });
  }),
};

/** JSON-RPC codes for a revision that the server doesn't speak: legacy SDKs, 2026-07-28, and a bad request in general. */
const VERSION_CODES = [-32000, -32022, -32602];

export const version: Check = {
  id: 'MCP-VERSION-HEADER',
  title: 'An unknown protocol version is refused',
  severity: 'should',
  needs: ['MCP-OPEN'],
  spec: `${TRANSPORT} (Protocol Version Header); MCP 2026-07-28`,
  cause: 'A client of a future revision would be misunderstood instead of told to fall back.',
  fix: 'Answer 400 where MCP-Protocol-Version names a revision that the MCP server does not speak.',
  judge: withToken(({ eras }) => {
    const asked = eras.flatMap(({ era, oddVersion }) => (oddVersion ? [{ era, odd: oddVersion }] : []));
    const exchanges = asked.map(({ odd }) => odd.exchange);
    if (asked.length === 0) return notRun('No session was opened.');
    for (const { era, odd } of asked) {
      const code = odd.answer?.error?.code;
      const right = odd.exchange.status === 400 && (code === undefined || VERSION_CODES.includes(code));
      if (!right) return fail(`In the ${era} era: ${answerWords(odd)}.`, { exchanges });
    }
    return pass(
      asked.map(({ era, odd }) => `${era}: 400 ${odd.answer?.error?.code ?? ''}`.trim()).join('; '),
      { exchanges },
    );
  }),
};

export const session: Check = {
  id: 'MCP-SESSION',
  title: 'Sessions are kept apart and can be ended',
  severity: 'should',
  needs: ['MCP-OPEN'],
  spec: `${TRANSPORT} (Session Management)`,
  cause:
    'An MCP server that takes any session id can’t tell its clients apart; one that keeps ended sessions leaks them.',
  fix: 'Answer 404 to unknown and ended sessions; answer DELETE with 200, 204 or 405.',
  judge: withToken(({ eras, unknownSession, deleted, afterDelete }) => {
    const issued = eras.some(({ session: id }) => id !== undefined);
    if (!issued) return skipped('The MCP server issues no session id, which is allowed.');
    if (!unknownSession || !deleted) return notRun('The MCP server was not asked.');
    const exchanges = [unknownSession.exchange, deleted, afterDelete?.exchange];
    const refused = (status = 0) => status >= 400 && status < 500;
    if (!refused(unknownSession.exchange.status))
      return fail(`An unknown session id: ${answerWords(unknownSession)}.`, { exchanges });
    const ended = deleted.status !== undefined && deleted.status < 300;
    if (!ended && deleted.status !== 405) return fail(`DELETE: ${outcomeOf(deleted)}.`, { exchanges });
    if (ended && !refused(afterDelete?.exchange.status)) {
      return fail(
        `The session goes on after DELETE: ${afterDelete ? answerWords(afterDelete) : 'not asked'}.`,
        { exchanges },
      );
    }
    return pass(`Unknown: ${unknownSession.exchange.status}. DELETE: ${deleted.status}.`, { exchanges });
  }),
};
