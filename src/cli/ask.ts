import type { Context } from './command.ts';

/** How often somebody may answer with neither. */
const TRIES = 6;

/** Asks for yes or no at the terminal; Enter is `byDefault`, and no answer that is one is no. */
export async function askYes(
  { io, voice, signal }: Pick<Context, 'io' | 'voice' | 'signal'>,
  question: string,
  byDefault: boolean,
): Promise<boolean> {
  for (let round = 0; round < TRIES; round++) {
    const answer = await io.prompt(`${question} ${byDefault ? '[Y/n]' : '[y/N]'} `, { signal });
    if (answer === '') return byDefault;
    if (/^y(es)?$/i.test(answer)) return true;
    if (/^no?$/i.test(answer)) return false;
    voice.warn('Answer y or n.');
  }
  return false;
}
