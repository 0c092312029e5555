import type { Check, Judgement } from './check.ts';
import type { Evidence } from './evidence.ts';
import { outcomeOf } from './exchange.ts';
import type { Asked } from './mcp-opening.ts';
import type { McpEvidence } from './probes/mcp.ts';
import { judgeBy } from './step.ts';
import { withoutBearer } from './token.ts';

/** A judge of requests that were sent with a token; not run, with the ways out, where there is none. */
export function withToken(judge: (evidence: McpEvidence, all: Evidence) => Judgement): Check['judge'] {
  return judgeBy('mcp', (evidence, all) => {
    const { token } = all.parts;
    if (evidence.unproven) return withoutBearer(evidence.unproven, all.target);
    if (token?.sendable) return judge(evidence, all);
    return withoutBearer(token?.unsendable ?? { message: 'There is no token to send.', fix: '' }, all.target);
  });
}

/** The answer in words: a JSON-RPC error, a page, nothing. */
export function answerWords({ exchange, answer }: Asked): string {
  if (answer?.error)
    return `${exchange.status}, JSON-RPC error ${answer.error.code ?? ''}: ${answer.error.message}`;
  if (answer && !answer.ours) return `${exchange.status}, with the id of another request`;
  if (exchange.status === 200 && exchange.text.trim() === '') return '200 with nothing';
  return outcomeOf(exchange);
}
