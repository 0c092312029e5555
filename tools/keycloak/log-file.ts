import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const KEPT_FOR = 7 * 24 * 3_600_000;

/** A new file for the log of a run. Logs are kept for a week. */
export function newLogFile(cache: string, now = new Date()): string {
  const folder = join(cache, 'logs');
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    const written = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? now.getTime();
    if (now.getTime() - written > KEPT_FOR) rmSync(file, { force: true });
  }
  const stamp = now.toISOString().replace(/[:.]/g, '-');
  return join(folder, `keycloak-${stamp}-${process.pid}-${Math.random().toString(36).slice(2, 6)}.log`);
}

/** The last lines of a log, indented. */
export function tailOf(file: string, lines = 30): string {
  try {
    const all = readFileSync(file, 'utf8').trimEnd().split('\n');
    return all
      .slice(-lines)
      .map((line) => `  | ${line}`)
      .join('\n');
  } catch {
    return '  | (no log)';
  }
}

/** Whether the server gave up since somebody else had its port. */
export function saysPortTaken(file: string): boolean {
  return /Port\(s\) already bound|Address already in use|already in use by another|BindException/i.test(
    tailOf(file, 60),
  );
}
