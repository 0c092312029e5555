import type { Io } from '../cli/io.ts';
import { findNearest } from '../names/nearest.ts';
import { formatCommand, visible } from '../text.ts';
import { PROFILE_NAME, profileFiles, userFolder } from './find-file.ts';
import { ENV_KEYS } from './schema.ts';

/** Variables that count whatever profile is in use: they say how mcpkc goes about, not to which realm it talks. */
const OF_ALL: readonly string[] = ENV_KEYS.filter((key) => key.startsWith('MCPKC_'));
const PREFIX = 'MCPKC_PROFILE_';

/** A named set of both files and of variables: one realm and the account for it. */
export interface Profile {
  name: string;
  /** Where its files are; undefined where neither XDG_CONFIG_HOME nor HOME tells. */
  files: { config: string; credentials: string } | undefined;
}

/** The middle of a profile's variables: `prod-eu` is `PROD_EU`. */
export function profileVariable(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]/g, '_');
}

/** The keys that variables of a profile give (`MCPKC_PROFILE_PROD_KC_SERVER`), with the variable's name. */
export function profileVariables(
  name: string,
  { env }: Pick<Io, 'env'>,
): { key: string; variable: string; value: string }[] {
  return ENV_KEYS.flatMap((key) => {
    const variable = `${PREFIX}${profileVariable(name)}_${key}`;
    const value = env[variable];
    return value ? [{ key, variable, value }] : [];
  });
}

/** Keys of the plain environment that a profile leaves out. */
export function keysLeftOut({ env }: Pick<Io, 'env'>): string[] {
  return ENV_KEYS.filter((key) => env[key] && !OF_ALL.includes(key));
}

/**
 * The profile in use: `--profile`, else MCPKC_PROFILE; undefined where neither names one. A name that can't be one, or that
 * has neither files nor variables, is added to `problems` with those that there are; `mayBeNew`: it is about to be made.
 * With `isOfFile` among the flags a file of MCP servers named it.
 */
export async function readProfile(
  flags: Record<string, unknown>,
  io: Io,
  problems: string[],
  mayBeNew = false,
): Promise<Profile | undefined> {
  const asked = typeof flags.profile === 'string';
  const name = asked ? String(flags.profile) : io.env.MCPKC_PROFILE;
  if (name === undefined || (name === '' && !asked)) return undefined;
  const origin =
    flags.isOfFile === true ? 'profile of the file:' : asked ? 'flag --profile' : 'environment MCPKC_PROFILE';
  if (!PROFILE_NAME.test(name)) {
    problems.push(`${origin} ${visible(name)}: a profile’s name has letters, digits, '.', '_' and '-'`);
    return undefined;
  }
  const files = profileFiles(io, name);
  const isThere =
    profileVariables(name, io).length > 0 ||
    (files !== undefined && ((await isFile(io, files.config)) || (await isFile(io, files.credentials))));
  if (!isThere && !mayBeNew) problems.push(`${origin} ${name}: ${await noProfile(io, name)}`);
  return { name, files };
}

/** A file that can't be looked at is there: its reader names the reason. */
function isFile(io: Io, path: string): Promise<boolean> {
  return io.files.exists(path).catch(() => true);
}

async function noProfile(io: Io, name: string): Promise<string> {
  const there = await listProfileNames(io);
  const where = userFolder(io) ?? 'XDG_CONFIG_HOME/mcpkc';
  if (there.length === 0)
    return `there is no such profile, nor any other (${visible(where)}); ${formatCommand(['init', ['--profile', name]])} makes it`;
  const like = findNearest(name, there).key;
  return `there is no such profile; there are: ${there.map((one) => visible(one)).join(', ')}; the nearest is ${visible(like)}`;
}

/** Names of all profiles: folders with one of the files, and those that variables alone make, as these spell them. */
export async function listProfileNames(io: Io): Promise<string[]> {
  const base = userFolder(io);
  const folders = base === undefined ? [] : await io.files.list(base).catch(() => []);
  const names: string[] = [];
  for (const name of folders.filter((one) => PROFILE_NAME.test(one))) {
    const files = profileFiles(io, name);
    if (files && ((await isFile(io, files.config)) || (await isFile(io, files.credentials))))
      names.push(name);
  }
  const known = names.map(profileVariable);
  const variables = Object.keys(io.env).flatMap((variable) => {
    if (!variable.startsWith(PREFIX) || !io.env[variable]) return [];
    const key = ENV_KEYS.find((one) => variable.endsWith(`_${one}`));
    const middle = key && variable.slice(PREFIX.length, -key.length - 1);
    return middle && !known.includes(middle) ? [middle.toLowerCase().replaceAll('_', '-')] : [];
  });
  return [...new Set([...names, ...variables])].sort();
}
