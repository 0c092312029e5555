import type { Io } from '../cli/io.ts';
import { codeOf } from '../cli/named-files.ts';
import { shellWord, visible } from '../text.ts';
import { makeAbsolute, makeRelative } from './paths.ts';
import { parsePrivateKey } from './private-key.ts';
import type { Given, Sources } from './sources.ts';
import { path, secret, text as textOf, ValueProblem } from './values.ts';

/** The keys by which an account proves who it is; only one of them may be given on one level. */
const PROOFS = ['KC_CLIENT_SECRET', 'KC_CLIENT_SECRET_FILE', 'KC_CLIENT_KEY_FILE'] as const;

/** The service account's secret, or the private key that it has instead, and where it is from. */
export interface Secret {
  /** Undefined where it is in a file that was not read: see `outside`. */
  value: string | undefined;
  /** The file outside of the working directory that a file found there names beside a server: it stays unread. */
  outside: string | undefined;
  /** The key that gave it. */
  key: (typeof PROOFS)[number];
  given: Given;
  /** The file that holds it, where one does and was read. */
  file?: string;
}

/**
 * The secret or key of the highest level that has one; two on one level are a problem. Warns of files that others can
 * read. Neither problems nor warnings hold any of it. `newKey`: a key file that isn't there is none, since it may be
 * made.
 */
export async function readSecret(sources: Sources, io: Io, newKey = false): Promise<Secret | undefined> {
  await warnOfReadableFiles(sources, io);
  for (const level of sources.levels) {
    const all = PROOFS.flatMap((key) => {
      const given = level.get(key);
      return given ? [{ key, given }] : [];
    });
    const [first] = all;
    if (all.length > 1) {
      const origins = [...new Set(all.map(({ given }) => given.origin))].join(', ');
      const names = all.map(({ key }) => key).join(' and ');
      sources.problems.push(`${names}: only one of them may be set (${origins})`);
      return undefined;
    }
    if (first?.key === 'KC_CLIENT_SECRET')
      return check(first.key, first.given, first.given.raw, sources.problems);
    if (first) return await fromFile(first.key, first.given, sources, io, newKey);
  }
  return undefined;
}

function check(key: Secret['key'], given: Given, raw: Given['raw'], problems: string[]): Secret | undefined {
  try {
    const value = key === 'KC_CLIENT_KEY_FILE' ? privateKey(raw) : secret(raw);
    return { value, outside: undefined, key, given };
  } catch (error) {
    if (!(error instanceof ValueProblem)) throw error;
    problems.push(`${key}: ${error.message} (${given.origin})`);
    return undefined;
  }
}

/** A private key as it stands in its file. */
function privateKey(raw: Given['raw']): string {
  const pem = textOf(raw);
  parsePrivateKey(pem);
  return pem;
}

async function fromFile(
  key: Secret['key'],
  given: Given,
  sources: Sources,
  io: Io,
  newKey: boolean,
): Promise<Secret | undefined> {
  const complain = (problem: string) => {
    sources.problems.push(`${key}: ${problem} (${given.origin})`);
    return undefined;
  };
  let text: string | undefined;
  let file: string;
  try {
    file = makeRelative(given.folder, path(given.raw));
    if (given.found && !(await isBelow(io.cwd, file, io))) {
      if (isServerFound(sources)) return { value: undefined, outside: file, key, given };
      sources.warnings.push(
        `The ${key === 'KC_CLIENT_KEY_FILE' ? 'key' : 'secret'} in ${visible(file)} is used because ${given.origin}, in the current folder, names it. Make sure that you trust this folder.`,
      );
    }
    text = await io.files.read(file);
  } catch (error) {
    if (error instanceof ValueProblem) return complain(error.message);
    return complain(`the file can’t be read${codeOf(error)}`);
  }
  if (text === undefined && newKey && key === 'KC_CLIENT_KEY_FILE') return undefined;
  if (text === undefined) return complain(`there is no file ${visible(file)}`);
  const value = key === 'KC_CLIENT_KEY_FILE' ? text : text.replace(/\r?\n$/, '');
  if (value.trim() === '') return complain(`the file ${visible(file)} is empty`);
  await warnIfReadable(file, sources, io, key === 'KC_CLIENT_KEY_FILE' ? 'a private key' : 'a secret');
  const read = check(key, given, value, sources.problems);
  return read && { ...read, file };
}

/** Whether a file of the working directory, that nobody named, sets the server. */
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
  const [credentials, configFile] = sources.levels.slice(-2);
  const holders = [
    credentials?.has('KC_CLIENT_SECRET') ? sources.files.credentials : undefined,
    configFile?.has('KC_CLIENT_SECRET') ? sources.files.config : undefined,
  ];
  for (const file of holders) if (file !== undefined) await warnIfReadable(file, sources, io);
}

async function warnIfReadable(file: string, { warnings }: Sources, io: Io, what = 'a secret'): Promise<void> {
  if (io.platform === 'win32') return;
  const mode = await io.files.mode(file);
  if (mode === undefined || (mode & 0o077) === 0) return;
  const bits = mode.toString(8).padStart(3, '0');
  warnings.push(
    `${visible(file)} holds ${what} and others can read it (mode ${bits}). Run: chmod 600 ${shellWord(file)}`,
  );
}

/** The name of a secret or key at the start of a sentence: one that would be sent, or sign what is sent. */
export function nameOf({ key }: Pick<Secret, 'key'>): string {
  return key === 'KC_CLIENT_KEY_FILE' ? `A signature by the key of ${key}` : `The secret of ${key}`;
}

/**
 * Warns when the secret is from one folder, or from the command line, and the server that it is sent to from another. A
 * variable that was left over must not send a folder's secret unnoticed. The default server is nobody's. Where both name
 * the same server, as after the line that FOLDER_NOT_TRUSTED prints, there is nothing to warn of.
 */
export function warnOfForeignServer(
  secret: Secret | undefined,
  server: Given | undefined,
  url: string,
  cwd: string,
  besideUrl: string | undefined,
): string[] {
  const placeOf = ({ file, folder }: Given) =>
    file === undefined ? undefined : makeAbsolute(folder === '' ? '.' : folder, cwd);
  if (!secret || !server || placeOf(secret.given) === placeOf(server) || besideUrl === url) return [];
  return [
    `${nameOf(secret)} (${secret.given.origin}) is sent to the server that KC_SERVER (${server.origin}) names: ${visible(url)}. Make sure that they belong together.`,
  ];
}
