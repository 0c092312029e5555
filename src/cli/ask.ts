import { McpkcError } from '../errors.ts';
import type { Context } from './command.ts';

type Asking = Pick<Context, 'io' | 'signal'>;

/** The state in which a question finds realm and files, as a sentence: nearly all come before the first write. */
const NOTHING_WRITTEN = 'Nothing was written.';

/**
 * Asks at the terminal; a secret is not echoed. An interruption (exit status above 128) tells what is written by then
 * (`state`, a sentence), since there is nothing to finish.
 */
export async function askText(
  { io, signal }: Asking,
  question: string,
  { secret = false, state = NOTHING_WRITTEN }: { secret?: boolean; state?: string } = {},
): Promise<string> {
  try {
    return await io.prompt(question, { secret, signal });
  } catch (error) {
    if (!(error instanceof McpkcError) || error.exitStatus <= 128) throw error;
    const message = `${error.message} ${state}`;
    throw new McpkcError(error.code, message, 'Run the command again.', { cause: error });
  }
}

/** How often somebody may answer with neither. */
const TRIES = 6;

/** Asks for yes or no at the terminal; Enter is `byDefault`, and no answer that is one is no. `state` as in `askText`. */
export async function askYes(
  context: Asking & Pick<Context, 'voice'>,
  question: string,
  byDefault: boolean,
  how: { state?: string } = {},
): Promise<boolean> {
  for (let round = 0; round < TRIES; round++) {
    const answer = await askText(context, `${question} ${byDefault ? '[Y/n]' : '[y/N]'} `, how);
    if (answer === '') return byDefault;
    if (/^y(es)?$/i.test(answer)) return true;
    if (/^no?$/i.test(answer)) return false;
    context.voice.warn('Answer y or n.');
  }
  return false;
}
