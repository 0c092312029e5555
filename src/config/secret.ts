import type { Io } from '../cli/io.ts';
import { codeOf } from '../cli/named-files.ts';
import { shellWord, visible } from '../text.ts';
import { absolute, folderOf, within } from './paths.ts';
import type { Given, Sources } from './sources.ts';
import { path, secret, ValueProblem } from './values.ts';

/** The service account's secret and where it is from. */
export interface Secret {
  value: string;
  /** The key that gave it: KC_CLIENT_SECRET or KC_CLIENT_SECRET_FILE. */
  key: string;
  given: Given;
}

/**
 * The secret of the highest level that gives one, by value or by file; both on one level are a problem. Warns of files
 * that others can read. Neither problems nor warnings hold any of it.
 */
export async function readSecret(sources: Sources, io: Io): Promise<Secret | undefined> {
  await warnOfReadableFiles(sources, io);
  for (const level of sources.levels) {
    const [byValue, byFile] = [level.get('KC_CLIENT_SECRET'), level.get('KC_CLIENT_SECRET_FILE')];
    if (byValue && byFile) {
      const origins =
        byValue.origin === byFile.origin ? byValue.origin : `${byValue.origin}, ${byFile.origin}`;
      sources.problems.push(
        `KC_CLIENT_SECRET and KC_CLIENT_SECRET_FILE: only one of them may be given (${origins})`,
      );
      return undefined;
    }
    if (byValue) return check('KC_CLIENT_SECRET', byValue, byValue.raw, sources.problems);
    if (byFile) return await fromFile(byFile, sources, io);
  }
  return undefined;
}

function check(key: string, given: Given, raw: Given['raw'], problems: string[]): Secret | undefined {
  try {
    return { value: secret(raw), key, given };
  } catch (error) {
    if (!(error instanceof ValueProblem)) throw error;
    problems.push(`${key}: ${error.message} (${given.origin})`);
    return undefined;
  }
}

async function fromFile(given: Given, sources: Sources, io: Io): Promise<Secret | undefined> {
  const complain = (problem: string) => {
    sources.problems.push(`KC_CLIENT_SECRET_FILE: ${problem} (${given.origin})`);
    return undefined;
  };
  let text: string | undefined;
  let file: string;
  try {
    file = within(given.folder, path(given.raw));
    text = await io.files.read(file);
  } catch (error) {
    if (error instanceof ValueProblem) return complain(error.message);
    return complain(`the file can’t be read${codeOf(error)}`);
  }
  if (text === undefined) return complain(`there is no file ${visible(file)}`);
  const value = text.replace(/\r?\n$/, '');
  if (value === '') return complain(`the file ${visible(file)} is empty`);
  await warnIfReadable(file, sources, io);
  if (given.found && absolute(folderOf(file) || '.', io.cwd) !== given.place) {
    sources.warnings.push(
      `The secret in ${visible(file)} is used because ${given.origin}, in the current folder, says so. Make sure that you trust this folder.`,
    );
  }
  return check('KC_CLIENT_SECRET_FILE', given, value, sources.problems);
}

/** The files that hold a secret as a value, whether it is the one that counts or not. */
async function warnOfReadableFiles(sources: Sources, io: Io): Promise<void> {
  const [, , credentials, configFile] = sources.levels;
  const holders = [
    credentials?.has('KC_CLIENT_SECRET') ? sources.files.credentials : undefined,
    configFile?.has('KC_CLIENT_SECRET') ? sources.files.config : undefined,
  ];
  for (const file of holders) if (file !== undefined) await warnIfReadable(file, sources, io);
}

async function warnIfReadable(file: string, { warnings }: Sources, io: Io): Promise<void> {
  if (io.platform === 'win32') return;
  const mode = await io.files.mode(file);
  if (mode === undefined || (mode & 0o077) === 0) return;
  const bits = mode.toString(8).padStart(3, '0');
  warnings.push(
    `${visible(file)} holds a secret and others can read it (mode ${bits}). Run: chmod 600 ${shellWord(file)}`,
  );
}

/**
 * Warns when the secret is from one place and the server that it is sent to was named by another: a file that lies in
 * a folder must not send a secret of the person elsewhere, nor a variable that was left over send a folder's. The default
 * server is nobody's.
 */
export function warnOfForeignServer(
  secret: Secret | undefined,
  server: Given | undefined,
  url: string,
): string[] {
  if (!secret || !server || secret.given.place === server.place) return [];
  return [
    `The secret of ${secret.key} (${secret.given.origin}) is sent to the server that KC_SERVER (${server.origin}) names: ${visible(url)}. Make sure that they belong together.`,
  ];
}
