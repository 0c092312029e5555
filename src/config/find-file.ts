import type { Io } from '../cli/io.ts';
import { codeOf } from '../cli/named-files.ts';
import { visible } from '../text.ts';
import { isAbsolute } from './paths.ts';

/** A file of the configuration that is there. */
export interface FoundFile {
  path: string;
  text: string;
  /** Whether a flag named it. */
  asked: boolean;
}

/** The config files that are found in the working directory, the first that is there; older guides put it at the second place. */
export const CONFIG_FILES_HERE: readonly string[] = ['config.local.json', 'docs/local/config.local.json'];

/**
 * The file that a flag names, or the first of the usual ones that is there; undefined where there is none. The file of
 * a flag must be there unless it `mayBeNew`. Faults of the file are added to `problems`.
 */
export async function findFile(
  io: Io,
  problems: string[],
  flag: string,
  named: unknown,
  usual: readonly string[],
  mayBeNew = false,
): Promise<FoundFile | undefined> {
  const asked = typeof named === 'string';
  const origin = asked ? `flag --${flag}` : 'file';
  for (const path of asked ? [named] : usual) {
    try {
      const text = path === '' ? undefined : await io.files.read(path);
      if (text !== undefined) return { path, text, asked };
    } catch (error) {
      problems.push(`${origin} ${visible(path)}: it can’t be read${codeOf(error)}`);
      return undefined;
    }
  }
  if (asked && !mayBeNew) problems.push(`${origin} ${visible(named)}: there is no such file`);
  return undefined;
}

/**
 * The folder of the user's own files by the XDG Base Directory Specification, which wants relative paths ignored; undefined
 * where neither XDG_CONFIG_HOME nor HOME tells.
 */
export function userFolder({ env }: Pick<Io, 'env'>): string | undefined {
  const base = env.XDG_CONFIG_HOME;
  if (base !== undefined && isAbsolute(base)) return `${base.replace(/\/$/, '')}/mcpkc`;
  return env.HOME !== undefined && isAbsolute(env.HOME) ? `${env.HOME}/.config/mcpkc` : undefined;
}

/** The user's own config file. */
export function userConfigFiles(io: Pick<Io, 'env'>): string[] {
  const folder = userFolder(io);
  return folder === undefined ? [] : [`${folder}/config.json`];
}

/** The names that a profile may have: those of a folder, never a path. */
export const PROFILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Both files of a profile, in a folder of its name; undefined where there is no folder of the user's. */
export function profileFiles(
  io: Pick<Io, 'env'>,
  name: string,
): { config: string; credentials: string } | undefined {
  const folder = userFolder(io);
  if (folder === undefined || !PROFILE_NAME.test(name)) return undefined;
  return { config: `${folder}/${name}/config.json`, credentials: `${folder}/${name}/.keycloak-env` };
}
