/** Whether a path is absolute, on POSIX or on Windows. */
export function isAbsolute(path: string): boolean {
  return /^(?:[/\\]|[A-Za-z]:[/\\])/.test(path);
}

/** The folder part of a path, '' where it has none. */
export function folderOf(path: string): string {
  const end = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'));
  return end < 0 ? '' : path.slice(0, Math.max(end, 1));
}

/** A path that is relative to a folder, seen from the working directory (folder '' is that directory). */
export function makeRelative(folder: string, path: string): string {
  if (folder === '' || isAbsolute(path)) return path;
  return `${folder.replace(/[/\\]$/, '')}/${path}`;
}

/** One spelling for each folder, so that two of them can be compared: absolute, without `.`, `..` and double slashes. */
export function makeAbsolute(path: string, cwd: string): string {
  const kept: string[] = [];
  for (const part of makeRelative(cwd, path).split(/[/\\]/)) {
    if (part === '..') kept.pop();
    else if (part !== '' && part !== '.') kept.push(part);
  }
  return `/${kept.join('/')}`;
}

/**
 * A path as it was meant: `~` and `~/…` are in the home folder. A shell expands them at a word's start alone, so not in
 * `--ca-file=~/ca.pem`, in an answer to a question, or in a file of settings.
 */
export function expandHome(path: string, env: Readonly<Record<string, string | undefined>>): string {
  const home = env.HOME || env.USERPROFILE;
  return home && /^~(?:[/\\]|$)/.test(path) ? `${home.replace(/[/\\]$/, '')}${path.slice(1)}` : path;
}
