import { errorOf } from './challenge.ts';
import { type Check, fail, notRun, pass, skipped } from './check.ts';
import { outcomeOf } from './exchange.ts';
import { judgeBy } from './step.ts';

export const foreignAudience: Check = {
  id: 'CHAL-FOREIGN-AUD',
  title: 'A token for somebody else is refused',
  severity: 'must',
  needs: ['CHAL-401'],
  mayNeed: ['ASM-FOUND', 'ASM-ENDPOINTS', 'REG-PLAIN', 'TOK-BASIC'],
  spec: 'MCP 2026-07-28, Authorization (Access Token Usage); RFC 8707 §2',
  cause:
    'The MCP server takes every good token of the realm: anybody who gets a token for another service may use it here.',
  fix: 'Verify that the token’s aud holds this MCP server’s URL (OIDC_AUDIENCE), and answer 401 otherwise.',
  judge: judgeBy('mcp', ({ strangersToken }, { target, parts }) => {
    if (!strangersToken) {
      if (target.noRegistration) return skipped('Takes a probe registration (--no-registration).');
      const others = parts.token?.strangersOthers ?? [];
      if (others.length > 0) {
        return notRun(
          `The only token of another client that could be had is good for ${others.join(' ')}, so it is not sent to this MCP server.`,
          'With an account that may make clients (mcpkc init) the token is nobody’s.',
          target.outside ? { excused: true } : {},
        );
      }
      return notRun(
        'A genuine token of this realm that lacks this audience could not be had.',
        'Fix REG-PLAIN; in a realm whose default scope has the audience, every client gets it.',
        target.outside ? { excused: true } : {},
      );
    }
    const exchanges = [strangersToken];
    const names = parts.token?.strangersAudience.join(' ') || 'none';
    const facts = { audience: parts.token?.strangersAudience };
    if (strangersToken.status === 401) return pass(`401 (its audience: ${names}).`, { exchanges, facts });
    return fail(`A genuine token with audience ${names}: ${outcomeOf(strangersToken)}.`, {
      exchanges,
      facts,
    });
  }),
};

export const queryToken: Check = {
  id: 'CHAL-QUERY-TOKEN',
  title: 'A token in the URL is not taken',
  severity: 'should',
  needs: ['CHAL-401'],
  spec: 'OAuth 2.1 §5.1.1; MCP 2026-07-28, Authorization',
  cause: 'URLs stand in logs, histories and Referer headers; a token there is a token lost.',
  fix: 'Read the token from the Authorization header alone.',
  judge: judgeBy('mcp', ({ queryToken: genuine }, { parts }) => {
    const { challenge } = parts;
    if (!challenge) return notRun('The MCP server was not asked.');
    const { queryGarbage, tokenless } = challenge;
    const exchanges = [genuine ?? queryGarbage, tokenless];
    if (genuine && genuine.status !== 401)
      return fail(`?access_token=…: ${outcomeOf(genuine)}.`, { exchanges });
    if (queryGarbage.status !== 401)
      return fail(`?access_token= with garbage: ${outcomeOf(queryGarbage)}.`, { exchanges });
    // Without a token the challenge has no error; one about the token shows that it was read.
    if (errorOf(queryGarbage) !== errorOf(tokenless) || header(queryGarbage) !== header(tokenless)) {
      return fail('The MCP server looks at a token in the URL: garbage there changes its challenge.', {
        exchanges,
      });
    }
    return pass(
      genuine ? '401, as without a token.' : 'Garbage there changes nothing (a person’s token is not tried).',
      { exchanges },
    );
  }),
};

const header = ({ headers }: { headers: Headers }) =>
  /error="[^"]*"/.exec(headers.get('www-authenticate') ?? '')?.[0];
