import type { Io } from '../cli/io.ts';
import { findNearest } from '../names/nearest.ts';
import type { Result } from '../result.ts';
import { visible } from '../text.ts';
import { parseEnvFile } from './env-file.ts';
import { CONFIG_FILES_HERE, type FoundFile, findFile, userConfigFiles } from './find-file.ts';
import { readJsonObject } from './json-text.ts';
import { expandHome, folderOf, isAbsolute } from './paths.ts';
import { keysLeftOut, type Profile, profileVariables, readProfile } from './profile.ts';
import { CONFIG_KEYS, type ConfigKey, ENV_KEYS, KEY_NAMES } from './schema.ts';
import type { Raw } from './values.ts';

/** A value and where it is from. */
export interface Given {
  raw: Raw;
  /** For people: "flag --realm", "environment", "file .keycloak-env line 3". */
  origin: string;
  /** Folder of the file that it stands in, which paths in it start from; '' is the working directory. */
  folder: string;
  /** The file that it stands in; undefined for flags and environment. */
  file: string | undefined;
  /** Whether that file lies in the working directory and no flag named it: anybody who made the folder may have written it. */
  found: boolean;
}

/** One level of precedence: the values that it holds. */
export type Level = Map<string, Given>;

/** The values of flags, environment and files, before any is judged. */
export interface Sources {
  /** Highest precedence first. */
  levels: readonly Level[];
  presets: unknown[];
  protect: string[];
  problems: string[];
  warnings: string[];
  files: { config: string | undefined; credentials: string | undefined };
  /** Name of the profile in use. */
  profile: string | undefined;
}

type Flags = Record<string, unknown>;
type Complaints = Pick<Sources, 'problems' | 'warnings'>;

/** Reads every source; faults of the files themselves are in `problems`. Never throws for their content. */
export async function gather(flags: Flags, io: Io, newFiles = false): Promise<Sources> {
  const told: Complaints = { problems: [], warnings: [] };
  const find = (flag: string, named: unknown, usual: readonly string[]) =>
    findFile(io, told.problems, flag, named, usual, newFiles);
  const profile = await readProfile(flags, io, told.problems, newFiles);
  // A profile is a whole set: nothing of the working directory is mixed into it.
  const usual = profile
    ? { credentials: own(profile.files?.credentials), config: own(profile.files?.config) }
    : { credentials: ['.keycloak-env'], config: [...CONFIG_FILES_HERE, ...userConfigFiles(io)] };
  const credentials = await find('credentials', flags.credentials, usual.credentials);
  const config = await find('config', flags.config, usual.config);
  const envLevel: Level = credentials ? fromEnvFile(credentials, told) : new Map();
  const file = config ? fromConfigFile(config, told) : { level: new Map(), presets: [], protect: [] };
  const levels = [fromFlags(flags), fromEnvironment(io, profile, told), envLevel, file.level];
  return {
    levels: levels.map((level) => withHome(level, io)),
    presets: file.presets,
    protect: file.protect,
    ...told,
    files: { config: config?.path, credentials: credentials?.path },
    profile: profile?.name,
  };
}

/** The keys that hold a path. */
const PATH_KEYS: readonly string[] = ['KC_CLIENT_SECRET_FILE', 'KC_CLIENT_KEY_FILE', 'MCPKC_CA_FILE'];

function withHome(level: Level, { env }: Io): Level {
  const expand = (key: string, given: Given): Given =>
    PATH_KEYS.includes(key) && typeof given.raw === 'string'
      ? { ...given, raw: expandHome(given.raw, env) }
      : given;
  return new Map([...level].map(([key, given]) => [key, expand(key, given)]));
}

function own(path: string | undefined): string[] {
  return path === undefined ? [] : [path];
}

function fromFlags(flags: Flags): Level {
  const level: Level = new Map();
  const give = (key: string, flag: string, raw: Raw) =>
    level.set(key, { raw, origin: `flag --${flag}`, folder: '', file: undefined, found: false });
  if (typeof flags.server === 'string') give('KC_SERVER', 'server', flags.server);
  if (typeof flags.realm === 'string') give('KC_REALM', 'realm', flags.realm);
  if (typeof flags.caFile === 'string') give('MCPKC_CA_FILE', 'ca-file', flags.caFile);
  if (flags.allowHttp === true) give('MCPKC_ALLOW_HTTP', 'allow-http', 'true');
  if (typeof flags.requestTimeout === 'number') {
    give('MCPKC_REQUEST_TIMEOUT', 'request-timeout', `${flags.requestTimeout}ms`);
  }
  return level;
}

/**
 * An empty variable counts as none: compose files and CI write `KC_REALM=` for what isn't set. With a profile its own
 * variables count, and of the plain ones those alone that name no realm and no account.
 */
function fromEnvironment({ env }: Io, profile: Profile | undefined, { warnings }: Complaints): Level {
  const level: Level = new Map();
  const give = (key: string, raw: string, origin: string) =>
    level.set(key, { raw, origin, folder: '', file: undefined, found: false });
  const left = profile === undefined ? [] : keysLeftOut({ env });
  for (const key of ENV_KEYS) {
    const raw = env[key];
    if (raw && !left.includes(key)) give(key, raw, 'environment');
  }
  if (profile === undefined) return level;
  for (const { key, variable, value } of profileVariables(profile.name, { env }))
    give(key, value, `environment ${variable}`);
  if (left.length > 0)
    warnings.push(
      `The profile '${profile.name}' is in use: ${left.join(', ')} of the environment ${left.length === 1 ? 'does' : 'do'} not count.`,
    );
  return level;
}

function placeOf({ path, asked }: FoundFile): Pick<Given, 'folder' | 'file' | 'found'> {
  return { folder: folderOf(path), file: path, found: !asked && !isAbsolute(path) };
}

function fromEnvFile(file: FoundFile, told: Complaints): Level {
  const read = parseEnvFile(file.text, file.path);
  told.problems.push(...read.problems);
  told.warnings.push(...read.warnings);
  const level: Level = new Map();
  for (const key of ENV_KEYS) {
    const one = read.values.get(key);
    if (!one?.value) continue;
    const origin = `file ${visible(file.path)} line ${one.line}`;
    level.set(key, { raw: one.value, origin, ...placeOf(file) });
  }
  return level;
}

function fromConfigFile(file: FoundFile, { problems, warnings }: Complaints) {
  const answer: { level: Level } & Pick<Sources, 'presets' | 'protect'> = {
    level: new Map(),
    presets: [],
    protect: [],
  };
  const origin = `file ${visible(file.path)}`;
  const read = readJsonObject(file.text);
  if ('problem' in read) {
    problems.push(`${origin} line ${read.line} column ${read.column}: ${read.problem}`);
    return answer;
  }
  for (const name of read.value.twice)
    warnings.push(`${visible(name)} stands there twice; the later one counts (${origin})`);
  for (const [name, value] of read.value.members) {
    if (isComment(name) || value === null || value === '') continue;
    const key = CONFIG_KEYS.find((one) => one.key === name);
    if (!key) {
      problems.push(
        `${visible(name)}: no such key; the nearest is ${findNearest(name, KEY_NAMES).key} (${origin})`,
      );
      continue;
    }
    const shaped = shape(key, value);
    if ('problem' in shaped) problems.push(`${name}: ${shaped.problem} (${origin})`);
    else if (name === 'presets') answer.presets = value as unknown[];
    else if (name === 'protect') answer.protect = value as string[];
    else answer.level.set(name, { raw: shaped.value, origin, ...placeOf(file) });
  }
  return answer;
}

function isComment(name: string): boolean {
  return name === '$schema' || name.startsWith('//') || /^_(?!_)/.test(name);
}

/** The value as text or list, or the shape that it should have had. */
function shape(key: ConfigKey, value: unknown): Result<Raw, { problem: string }> {
  const read = key.shape.safeParse(value);
  if (!read.success) return { problem: read.error.issues[0]?.message ?? 'it has the wrong shape' };
  return { value: typeof value === 'boolean' ? String(value) : (value as Raw) };
}
