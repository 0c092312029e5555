// biome-ignore-all lint/style/noRestrictedImports: this is the Io’s part on files.
import { constants } from 'node:fs';
import {
  chmod,
  type FileHandle,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  stat,
  unlink,
} from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The file operations that mcpkc needs. Paths are absolute or relative to the working directory. */
export interface Files {
  /**
   * The file's text, or undefined where there is no such file. Other failures are thrown: also EFBIG for a file
   * without an end (a device), and ETIMEDOUT for a pipe that nothing comes from.
   */
  read(path: string): Promise<string | undefined>;
  exists(path: string): Promise<boolean>;
  /** Names of what lies in a folder, sorted; none where there is no such folder. */
  list(path: string): Promise<string[]>;
  /** Where a path leads once all links are followed, absolute; undefined where there is no such file. */
  realPath(path: string): Promise<string | undefined>;
  /** Permission bits (`0o600`), or undefined where there is no such file or the platform has no such bits. */
  mode(path: string): Promise<number | undefined>;
  /** Replaces the file in one step (temporary file, fsync, rename); folders are made as needed. */
  write(path: string, text: string, options?: { mode?: number }): Promise<void>;
  /** Appends and waits until the text is on disk. */
  append(path: string, text: string, options?: { mode?: number }): Promise<void>;
  remove(path: string): Promise<void>;
}

async function readIfThere<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** More than any backup has; less than what a text can hold. */
const LARGEST_BYTES = 256 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
/** A pipe's other end may be a person who types a passphrase. */
const SILENCE_MS = 30_000;
const PAUSE_MS = 20;

function fileError(code: string, problem: string): Error {
  return Object.assign(new Error(`${code}: ${problem}`), { code });
}

/** Opened without waiting: a pipe that nobody writes to would hold a thread, and with it the process's end, for ever. */
async function readWhole(path: string): Promise<string> {
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const { size } = await handle.stat();
    if (size > LARGEST_BYTES) throw fileError('EFBIG', 'it is too large');
    const chunks: Buffer[] = [];
    let bytes = 0;
    for (let chunk = await nextChunk(handle, size); chunk.length > 0; chunk = await nextChunk(handle, size)) {
      bytes += chunk.length;
      if (bytes > LARGEST_BYTES) throw fileError('EFBIG', 'it has no end');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  } finally {
    await handle.close();
  }
}

async function nextChunk(handle: FileHandle, size: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, Math.min(size, LARGEST_BYTES)));
  for (let waited = 0; waited < SILENCE_MS; waited += PAUSE_MS) {
    try {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
      return buffer.subarray(0, bytesRead);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await sleep(PAUSE_MS);
    }
  }
  throw fileError('ETIMEDOUT', 'nothing comes from it');
}

/** A new file and nothing else: neither one that is there already, with whatever mode, nor the target of a link. */
async function writeNew(path: string, text: string, mode: number): Promise<void> {
  await readIfThere(() => unlink(path));
  const handle = await open(path, 'wx', mode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  // The umask may have cleared bits.
  await chmod(path, mode);
}

/** The files of this machine, for a process on a platform (`process.platform`). */
export function filesFor({ pid, platform }: { pid: number; platform: string }): Files {
  return {
    read: (path) => readIfThere(() => readWhole(path)),
    exists: async (path) => (await readIfThere(() => stat(path))) !== undefined,
    list: async (path) => ((await readIfThere(() => readdir(path))) ?? []).sort(),
    realPath: (path) => readIfThere(() => realpath(path)),
    mode: async (path) => {
      if (platform === 'win32') return undefined;
      const found = await readIfThere(() => stat(path));
      return found && found.mode & 0o777;
    },
    write: async (path, text, { mode = 0o644 } = {}) => {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const temporary = `${path}.${pid}.tmp`;
      try {
        await writeNew(temporary, text, mode);
        await rename(temporary, path);
      } catch (error) {
        await unlink(temporary).catch(() => {});
        throw error;
      }
    },
    append: async (path, text, { mode = 0o644 } = {}) => {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const handle = await open(path, 'a', mode);
      try {
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
    remove: async (path) => {
      await readIfThere(() => unlink(path));
    },
  };
}
