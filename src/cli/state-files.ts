import { inputError } from '../errors.ts';
import type { Io } from './io.ts';

/** A realm and its server, as the name of a file needs them. */
export interface RealmPlace {
  server: string;
  realm: string;
}

/**
 * The folder of files that mcpkc keeps from run to run (XDG Base Directory Specification; on Windows LOCALAPPDATA);
 * undefined where the environment names none.
 */
export function stateFolder({ env, platform }: Pick<Io, 'env' | 'platform'>): string | undefined {
  const { XDG_STATE_HOME: state, HOME: home, LOCALAPPDATA: local } = env;
  const given = state?.startsWith('/') ? state : platform === 'win32' ? local : undefined;
  const folder = given ?? (home === undefined || home === '' ? undefined : `${home}/.local/state`);
  return folder === undefined ? undefined : `${folder}/mcpkc`;
}

/** The same; INPUT_INVALID, which names the option that names a file instead, where there is none. */
export function requireStateFolder(io: Pick<Io, 'env' | 'platform'>, option: string): string {
  const folder = stateFolder(io);
  if (folder !== undefined) return folder;
  throw inputError(option, 'neither XDG_STATE_HOME nor HOME is set', `Name a file with ${option} <file>.`);
}

/** A server's host in the name of a file. */
function hostInFileName(server: string): string {
  return new URL(server).host.replaceAll(':', '_');
}

/** A realm and its server's host in the name of a file. */
export function realmInFileName({ server, realm }: RealmPlace): string {
  return `${hostInFileName(server)}-${encodeURIComponent(realm)}`;
}

/** The place of the backup of a realm's deleted clients, unless `--backup` names another. */
export function defaultBackup(io: Pick<Io, 'env' | 'platform'>, place: RealmPlace): string {
  return `${requireStateFolder(io, '--backup')}/pruned-${realmInFileName(place)}.jsonl`;
}
