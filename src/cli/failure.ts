import type { McpkcError } from '../errors.ts';
import {
  fitToWidth,
  formatCommand,
  keepAsIs,
  visibleLines,
  withoutEndlessWords,
  withoutRunnerCommands,
  wrap,
} from '../text.ts';
import type { Style } from './style.ts';

/** A failure for a person: what happened, what to do next; the stack only for a bug. */
export function failureText(error: McpkcError, style: Style, verbose: boolean): string {
  const width = style.width;
  const lines = [`${style.red('✗')} ${wrap(lineByLine(error.message), width, '  ').trimStart()}`];
  if (error.fix !== '') lines.push(wrap(lineByLine(error.fix), width, '  '));
  const facts = `(${error.code}, exit status ${error.exitStatus}; ${formatCommand(['explain', error.code])}${traceOf(error)})`;
  lines.push(...wrap(facts, width, '  ').split('\n').map(style.dim));
  const cause = error.cause;
  if (error.code === 'BUG' || verbose) {
    const isBug = error.code === 'BUG';
    const stack = cause instanceof Error ? (isBug ? cause.stack : cause.message) : undefined;
    const text = style.dim(lineByLine(stack ?? ''));
    if (stack !== undefined) lines.push(isBug ? keepAsIs(text) : text);
  }
  return withoutRunnerCommands(fitToWidth(`${lines.join('\n')}\n`, width));
}

function lineByLine(text: string): string {
  return visibleLines(withoutEndlessWords(text));
}

/** The id to search the servers' logs for (`traceparent`, W3C Trace Context), where a request failed. */
function traceOf({ details }: McpkcError): string {
  return typeof details?.trace === 'string' ? `; trace ${details.trace}` : '';
}
