import { inputError, McpkcError } from '../errors.ts';
import { brief } from '../text.ts';
import type { Io } from './io.ts';

const LONGEST_PATH = 300;

/** The operating system's code of a failure in brackets, '' where it isn't its own; its message could quote too much. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^E[A-Z0-9_]+$/.test(code) ? ` (${code})` : '';
}

/**
 * The text of a file that an option or a key names, undefined where there is none. A file that can't be read is
 * INPUT_INVALID, naming the option, and no bug of mcpkc. Such files are a folder, a loop of links, a device without an
 * end.
 */
export async function readNamed(io: Io, option: string, path: string): Promise<string | undefined> {
  try {
    return await io.files.read(path);
  } catch (error) {
    const code = codeOf(error);
    if (code === '') throw error;
    const problem = `${brief(path, LONGEST_PATH)} can’t be read${code}`;
    const fix = 'Name a file that can be.';
    // An answer to a question has no option.
    if (option === '') throw new McpkcError('INPUT_INVALID', `${problem}.`, fix);
    throw inputError(option, problem, fix);
  }
}

/** Writes to a file that an option names; FILE_NOT_WRITTEN (exit status 2), naming the option, where that fails. */
export async function writeNamed(option: string, path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    const code = codeOf(error);
    if (code === '') throw error;
    throw new McpkcError(
      'FILE_NOT_WRITTEN',
      `${option}: ${brief(path, LONGEST_PATH)} can’t be written${code}.`,
      'Name another file, in a folder that may be written to.',
      { cause: error, details: { culprit: option } },
    );
  }
}
