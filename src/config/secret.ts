import type { Io } from '../cli/io.ts';
import { codeOf } from '../cli/named-files.ts';
import { shellWord, visible } from '../text.ts';
import { absolute, within } from './paths.ts';
import type { Given, Sources } from './sources.ts';
import { path, secret, ValueProblem } from './values.ts';

/** The service account's secret and where it is from. */
export interface Secret {
  /** Undefined where it is in a file that was not read: see `outside`. */
  value: string | undefined;
  /** The file outside of the working directory that a file found there names beside a server: it stays unread. */
  outside: string | undefined;
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
    return { value: secret(raw), outside: undefined, key, given };
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
    if (given.found && !(await isBelow(io.cwd, file, io))) {
      if (isServerFound(sources))
        return { value: undefined, outside: file, key: 'KC_CLIENT_SECRET_FILE', given };
      sources.warnings.push(
        `The secret in ${visible(file)} is used because ${given.origin}, in the current folder, says so. Make sure that you trust this folder.`,
      );
    }
    text = await io.files.read(file);
  } catch (error) {
    if (error instanceof ValueProblem) return complain(error.message);
    return complain(`the file can’t be read${codeOf(error)}`);
  }
  if (text === undefined) return complain(`there is no file ${visible(file)}`);
  const value = text.replace(/\r?\n$/, '');
  if (value === '') return complain(`the file ${visible(file)} is empty`);
  await warnIfReadable(file, sources, io);
  return check('KC_CLIENT_SECRET_FILE', given, value, sources.problems);
}

/** Whether a file of the working directory, that nobody named, says which server it is. */
function isServerFound({ levels }: Sources): boolean {
  return levels.find((level) => level.has('KC_SERVER'))?.get('KC_SERVER')?.found === true;
}

/** Whether a file lies in a folder or below it once all links are followed; one that isn't there lies nowhere else. */
async function isBelow(folder: string, file: string, io: Io): Promise<boolean> {
  const [root, target] = await Promise.all([io.files.realPath(folder), io.files.realPath(file)]);
  if (target === undefined) return true;
  return (
    root !== undefined &&
    target.replaceAll('\\', '/').startsWith(`${root.replaceAll('\\', '/').replace(/\/$/, '')}/`)
  );
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
 * Warns when the secret is from one folder, or from the command line, and the server that it is sent to from another: a
 * variable that was left over must not send a folder's secret unnoticed. The default server is nobody's.
 */
export function warnOfForeignServer(
  secret: Secret | undefined,
  server: Given | undefined,
  url: string,
  cwd: string,
): string[] {
  const placeOf = ({ file, folder }: Given) =>
    file === undefined ? undefined : absolute(folder === '' ? '.' : folder, cwd);
  if (!secret || !server || placeOf(secret.given) === placeOf(server)) return [];
  return [
    `The secret of ${secret.key} (${secret.given.origin}) is sent to the server that KC_SERVER (${server.origin}) names: ${visible(url)}. Make sure that they belong together.`,
  ];
}
