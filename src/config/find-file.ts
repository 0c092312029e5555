import type { Io } from '../cli/io.ts';
import { codeOf } from '../cli/named-files.ts';
import { visible } from '../text.ts';
import { isAbsolute } from './paths.ts';

/** A file of the configuration that is there. */
export interface Found {
  path: string;
  text: string;
  /** Whether a flag named it. */
  asked: boolean;
}

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
): Promise<Found | undefined> {
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

/** The user's own config file by the XDG Base Directory Specification, which wants relative paths ignored. */
export function userConfigFiles({ env }: Pick<Io, 'env'>): string[] {
  const base = env.XDG_CONFIG_HOME;
  if (base !== undefined && isAbsolute(base)) return [`${base.replace(/\/$/, '')}/mcpkc/config.json`];
  return env.HOME !== undefined && isAbsolute(env.HOME) ? [`${env.HOME}/.config/mcpkc/config.json`] : [];
}
