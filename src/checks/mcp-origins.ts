import { type Check, fail, notRun, pass } from './check.ts';
import { type Exchange, outcomeOf } from './exchange.ts';
import { judgeBy } from './step.ts';

const TRANSPORT = 'MCP 2026-07-28 and 2025-11-25, Transports (Security Warning)';

export const originForeign: Check = {
  id: 'MCP-ORIGIN-FOREIGN',
  title: 'A foreign Origin is 403, before anything else',
  severity: 'should',
  needs: ['CHAL-401'],
  spec: TRANSPORT,
  cause: 'Web pages of strangers can talk to the MCP server from a user’s browser (DNS rebinding).',
  fix: 'Compare Origin with a list before authentication, and answer 403 (ALLOWED_ORIGINS in the example server; allowedOrigins with the SDK).',
  judge: judgeBy('mcp', ({ foreignOrigin: withToken }, { parts }) => {
    const { challenge } = parts;
    if (!challenge) return notRun('The MCP server was not asked.');
    const exchanges = [challenge.foreignOrigin, withToken];
    const message = (exchange: Exchange, how: string) =>
      `Origin: https://evil.example ${how} a token: ${outcomeOf(exchange)}.`;
    if (challenge.foreignOrigin.status !== 403) {
      const late = withToken?.status === 403;
      const cause = late ? 'The MCP server looks at Origin only after the token.' : undefined;
      return fail(message(challenge.foreignOrigin, 'without'), { exchanges, ...(cause && { cause }) });
    }
    if (withToken && withToken.status !== 403) return fail(message(withToken, 'with'), { exchanges });
    return pass(withToken ? '403, with a token and without.' : '403 without a token.', { exchanges });
  }),
};

const WANTED = ['authorization', 'content-type'];

function preflightProblem(exchange: Exchange, origin: string): string | undefined {
  const { status, headers } = exchange;
  if (status === undefined || status >= 300) return `the preflight is ${outcomeOf(exchange)}`;
  const list = (name: string) => (headers.get(name) ?? '').toLowerCase().split(/\s*,\s*/);
  const allowed = headers.get('access-control-allow-origin');
  if (allowed !== origin && allowed !== '*') return 'the preflight does not allow the origin';
  const methods = list('access-control-allow-methods');
  // POST needs no permission (Fetch, "CORS-safelisted method").
  if (methods.some((one) => one !== '') && !methods.includes('post') && !methods.includes('*'))
    return 'the preflight does not allow POST';
  const names = list('access-control-allow-headers');
  // `*` does not cover Authorization (Fetch, "CORS non-wildcard request-header name").
  const missing = WANTED.filter(
    (name) => !names.includes(name) && !(names.includes('*') && name !== 'authorization'),
  );
  return missing.length === 0 ? undefined : `the preflight does not allow the header ${missing.join(', ')}`;
}

export const originAllowed: Check = {
  id: 'MCP-ORIGIN-ALLOWED',
  title: 'The products’ origins pass, preflight included',
  severity: 'should',
  needs: ['CHAL-401'],
  spec: 'Fetch, CORS protocol; ALLOWED_ORIGINS',
  cause: 'Clients that run in a browser are turned away; a preflight never carries a token.',
  fix: 'Answer the preflight before authentication, with Access-Control-Allow-Origin, -Methods and -Headers (Authorization, Content-Type, Mcp-Session-Id, MCP-Protocol-Version).',
  judge: judgeBy('mcp', ({ allowedOrigins }) => {
    const exchanges = allowedOrigins.flatMap(({ request, preflight }) => [request, preflight]);
    if (allowedOrigins.length === 0) return notRun('The MCP server was not asked.');
    for (const { origin, request, preflight } of allowedOrigins) {
      if (request.status !== 401 && request.status !== 200)
        return fail(`Origin: ${origin}: ${outcomeOf(request)}.`, { exchanges });
      const problem = preflightProblem(preflight, origin);
      if (problem !== undefined) return fail(`Origin: ${origin}: ${problem}.`, { exchanges });
    }
    return pass(allowedOrigins.map(({ origin }) => origin).join(' '), { exchanges });
  }),
};
