import { askText } from '../../cli/ask.ts';
import type { Context } from '../../cli/command.ts';
import { CONFIG_FILES_HERE } from '../../config/find-file.ts';
import type { Config } from '../../config/load.ts';
import { mergeConfigFile, mergeEnvFile, type WantedFile } from '../../config/merge-files.ts';
import { folderOf, makeAbsolute } from '../../config/paths.ts';
import { baseUrl } from '../../config/values.ts';
import { McpkcError } from '../../errors.ts';
import type { DesiredAccount } from '../../plan/account/desired.ts';
import { visible } from '../../text.ts';

/** A file that `init` writes, and its fate. */
export interface FilePlan {
  path: string;
  action: 'create' | 'update' | 'none';
  /** Keys that have another value in it now; values are never shown. */
  keys: string[];
  text: string;
  mode: number;
}

/** A stand-in for a secret that Keycloak has yet to make: equal to none that a file can hold. */
const UNKNOWN = 'still to be made by Keycloak';

/** The credential of the account: its secret (undefined where Keycloak has yet to make it), or the key in a file. */
export type Proof = { secret: string | undefined } | { key: KeyFile };

/** A private key, and the file that holds it or is to hold it. */
export interface KeyFile {
  /** The path as it is seen from the working directory. */
  path: string;
  /** The key itself: never print it. */
  pem: string;
  /** Whether it is made by this run. */
  isNew: boolean;
}

/** The file of the private key that `init` makes: beside the credentials file, and by its name. */
export function keyPathOf({ named }: Pick<Context, 'named'>): string {
  return `${named.credentials ?? USUAL_CREDENTIALS}.key`;
}

const USUAL_CREDENTIALS = '.keycloak-env';

/** The files' new texts. Reads, writes nothing. */
export async function planFiles(
  { io, named }: Context,
  config: Config,
  account: DesiredAccount,
  proof: Proof,
): Promise<FilePlan[]> {
  const envPath = named.credentials ?? USUAL_CREDENTIALS;
  // A second file would hide the rest of the one that was read.
  const read = CONFIG_FILES_HERE.find((path) => path === config.files.config);
  const configPath = named.config ?? read ?? 'config.local.json';
  const place = placeKeys(config, account);
  const envText = await io.files.read(envPath);
  const configText = await io.files.read(configPath);
  const env = mergeEnvFile(envText ?? '', {
    KC_CLIENT_ID: account.clientId,
    ...proofKeys(proof, envPath, io.cwd),
    // A secret goes to the server that stands with it in the same file, by the authority that does, too.
    ...authority(config, io.cwd, place),
  });
  const wanted = { ...authority(config, io.cwd, place), ...learnedKeys(config) };
  const json = mergeConfigFile(configText ?? '', wanted, (key, value) => isSame(key, value, wanted[key]));
  const plan = (path: string, before: string | undefined, merged: typeof env, mode: number): FilePlan => ({
    path,
    action: before === undefined ? 'create' : merged.changed.length > 0 ? 'update' : 'none',
    keys: merged.changed,
    text: merged.text,
    mode,
  });
  return [
    ...(await keyFilePlan(io, proof)),
    plan(envPath, envText, env, 0o600),
    plan(configPath, configText, json, (await io.files.mode(configPath)) ?? 0o644),
  ];
}

/**
 * One of the three keys may stand: beside the secret itself a file that holds it, or a key, would be a contradiction.
 */
function proofKeys(proof: Proof, envPath: string, cwd: string): WantedFile {
  if ('secret' in proof) {
    const secret = proof.secret ?? UNKNOWN;
    return { KC_CLIENT_SECRET: secret, KC_CLIENT_SECRET_FILE: null, KC_CLIENT_KEY_FILE: null };
  }
  // A path in a file starts from the file's folder.
  const named = besideOf(makeAbsolute(envPath, cwd), makeAbsolute(proof.key.path, cwd));
  return { KC_CLIENT_KEY_FILE: named, KC_CLIENT_SECRET: null, KC_CLIENT_SECRET_FILE: null };
}

/** A file as one that lies in the same folder or above it names it. */
export function besideOf(file: string, path: string): string {
  const folder = folderOf(file);
  if (folder === '') return path;
  const base = folder.endsWith('/') ? folder : `${folder}/`;
  return path.startsWith(base) ? path.slice(base.length) : path;
}

const ROTATED_KEY = 'the private key';

/** The file of a key that is made by this run: written before the one that names it. */
async function keyFilePlan({ files }: Context['io'], proof: Proof): Promise<FilePlan[]> {
  if (!('key' in proof) || !proof.key.isNew) return [];
  const { path, pem } = proof.key;
  const action = (await files.exists(path)) ? 'update' : 'create';
  return [{ path, action, keys: [ROTATED_KEY], text: pem, mode: 0o600 }];
}

/** The origin of a value that somebody typed. */
export const FROM_PROMPT = 'the prompt';

/** The keys of server and realm, and of the realm where the account lives. */
function placeKeys({ server }: Config, { target, realm }: DesiredAccount): WantedFile {
  return { KC_SERVER: server, KC_REALM: target, KC_ADMIN_REALM: realm === target ? null : realm };
}

/** Values that were learned beside, so that no later command has to be told: the MCP server and the public issuer. */
function learnedKeys(config: Config): WantedFile {
  const isLearned = (key: string) => config.originOf(key) === FROM_PROMPT;
  const { transportUrl, issuer } = config;
  return {
    ...(isLearned('MCP_TRANSPORT_URL') && transportUrl !== undefined
      ? { MCP_TRANSPORT_URL: transportUrl }
      : {}),
    ...(isLearned('KC_ISSUER') && issuer !== undefined ? { KC_ISSUER: issuer } : {}),
  };
}

/**
 * The certificate authority that a flag or the environment named, by its absolute path. It goes into the file, since it
 * is needed every time, also by a cron job without that environment.
 */
function authority(config: Config, cwd: string, place: WantedFile): WantedFile {
  const origin = config.originOf('MCPKC_CA_FILE') ?? '';
  const isPassing = origin.startsWith('flag') || origin.startsWith('environment') || origin === FROM_PROMPT;
  if (!isPassing || config.caFile === undefined) return place;
  return { ...place, MCPKC_CA_FILE: makeAbsolute(config.caFile, cwd) };
}

function isSame(key: string, value: unknown, wanted: string | null | undefined): boolean {
  if (value === wanted) return true;
  if (key !== 'KC_SERVER' || typeof value !== 'string') return false;
  try {
    return baseUrl(value) === wanted;
  } catch {
    return false;
  }
}

/**
 * Files that change though nobody asked for it. Left out is the account's own credentials file, where nothing changes
 * in it but the secret that the plan makes anew. Left out as well is the file of its key, which `--rotate-secret` makes
 * anew.
 */
export async function listUnaskedFiles(
  { io }: Context,
  files: readonly FilePlan[],
  oldSecret: string | undefined,
  isKeyRotated = false,
): Promise<FilePlan[]> {
  const holds = await Promise.all(
    files.map(async ({ path, keys }) => {
      if (isKeyRotated && keys.join() === ROTATED_KEY) return true;
      if (oldSecret === undefined || keys.join() !== 'KC_CLIENT_SECRET') return false;
      const text = (await io.files.read(path)) ?? '';
      return mergeEnvFile(text, { KC_CLIENT_SECRET: oldSecret }).changed.length === 0;
    }),
  );
  return files.filter((_file, index) => holds[index] !== true);
}

/**
 * Asks, at a terminal, whether files that are there may be changed; elsewhere `--force` agrees. FILE_EXISTS (exit
 * status 5) otherwise, before anything is written anywhere.
 */
export async function requireFilesConsent(
  { io, settings, signal }: Context,
  files: readonly FilePlan[],
  force: boolean,
): Promise<void> {
  const changed = files.filter(({ action }) => action === 'update');
  if (force || changed.length === 0) return;
  const list = changed.map(({ path, keys }) => `${visible(path)} (${keys.join(', ')})`).join(' and ');
  if (settings.input) {
    const answer = await askText({ io, signal }, `Change ${list}, keeping everything else in it? [y/N] `);
    if (/^y(es)?$/i.test(answer)) return;
  }
  throw new McpkcError(
    'FILE_EXISTS',
    `There is a file already that would change: ${list}. Nothing was written.`,
    'To change these keys in it: --force. To write elsewhere: --credentials and --config.',
    { details: { files: changed.map(({ path, keys }) => ({ path, keys })) } },
  );
}

/** Writes the files that differ. FILE_NOT_WRITTEN (exit status 2) shows how to go on: the account is there by then. */
export async function writeFiles({ io }: Context, files: readonly FilePlan[]): Promise<void> {
  for (const { path, action, text, mode } of files) {
    if (action === 'none') continue;
    try {
      await io.files.write(path, text, { mode });
    } catch (error) {
      const code = (error as { code?: unknown }).code;
      throw new McpkcError(
        'FILE_NOT_WRITTEN',
        `${visible(path)} can’t be written${typeof code === 'string' ? ` (${code})` : ''}; the account in Keycloak is ready.`,
        'Run the command again where it can be written, or name another place: --credentials, --config. Without --rotate-secret it takes the secret that is there; a key it makes anew.',
        { cause: error },
      );
    }
  }
}
