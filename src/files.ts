import { chmod, mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The file operations that mcpkc needs. Paths are absolute or relative to the working directory. */
export interface Files {
  /** The file's text, or undefined where there is no such file. Other failures are thrown. */
  read(path: string): Promise<string | undefined>;
  exists(path: string): Promise<boolean>;
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

/** A new file and nothing else: neither one that is there already, with whatever mode, nor what a link points to. */
async function writeNew(path: string, text: string, mode: number): Promise<void> {
  await readIfThere(() => unlink(path));
  const handle = await open(path, 'wx', mode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  // The umask may have taken bits away.
  await chmod(path, mode);
}

/** The files of this machine, for a process on a platform (`process.platform`). */
export function filesFor({ pid, platform }: { pid: number; platform: string }): Files {
  return {
    read: (path) => readIfThere(() => readFile(path, 'utf8')),
    exists: async (path) => (await readIfThere(() => stat(path))) !== undefined,
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
