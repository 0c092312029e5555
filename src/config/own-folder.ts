// biome-ignore-all lint/style/noRestrictedImports: a folder is known by the hash of its path.
import { createHash } from 'node:crypto';
import type { Io } from '../cli/io.ts';
import { stateFolder } from '../cli/state-files.ts';
import { makeAbsolute } from './paths.ts';

/** The settings that lead to a server: those of a folder's files, which a stranger may have written. */
export interface Leading {
  server: string;
  /** The authority's file, as it is seen from the working directory. */
  caFile: string | undefined;
  allowHttp: boolean;
}

/** The facts that are kept of a folder that `init` wrote. */
interface Kept {
  folder: string;
  server: string;
  allowHttp: boolean;
  /** SHA-256 of the authority's file, null where there is none. */
  authority: string | null;
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The place of what is kept of the working directory: outside of it, where only this user writes. */
async function placeOf(io: Io): Promise<{ path: string; folder: string } | undefined> {
  const state = stateFolder(io);
  const folder = await io.files.realPath(io.cwd).catch(() => undefined);
  if (state === undefined || folder === undefined) return undefined;
  return { path: `${state}/folders/${hashOf(folder)}.json`, folder };
}

async function keptOf(io: Io, folder: string, { server, caFile, allowHttp }: Leading): Promise<Kept> {
  const text = caFile === undefined ? undefined : await io.files.read(makeAbsolute(caFile, io.cwd));
  return { folder, server, allowHttp, authority: text === undefined ? null : hashOf(text) };
}

/**
 * Remembers that `init` wrote the files of the working directory, on the word of somebody who named the server. Where
 * nothing can be kept, the folder stays as untrusted as any other.
 */
export async function rememberFolder(io: Io, leading: Leading): Promise<void> {
  const place = await placeOf(io);
  if (place === undefined) return;
  try {
    const kept = await keptOf(io, place.folder, leading);
    await io.files.write(place.path, `${JSON.stringify(kept)}\n`, { mode: 0o600 });
  } catch {
    // A read-only home: nothing is lost but a question.
  }
}

/** Whether the working directory's files still lead to where `init` left them leading: server, authority, plain http. */
export async function isOwnFolder(io: Io, leading: Leading): Promise<boolean> {
  const place = await placeOf(io);
  if (place === undefined) return false;
  try {
    const text = await io.files.read(place.path);
    if (text === undefined) return false;
    const kept = JSON.parse(text) as Kept;
    const now = await keptOf(io, place.folder, leading);
    // A setting that is gone leads nowhere else.
    return (
      kept.folder === now.folder &&
      kept.server === now.server &&
      (now.authority === null || kept.authority === now.authority) &&
      (!now.allowHttp || kept.allowHttp)
    );
  } catch {
    return false;
  }
}
