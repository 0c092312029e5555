import { posix } from 'node:path';
import { Writable } from 'node:stream';
import { endOfRun, type Io, type Output, type Signal } from '../../src/cli/io.ts';
import { wrapQuestion } from '../../src/text.ts';

/** What a test says about the process. */
export interface MemoryIoOptions {
  env?: Record<string, string | undefined>;
  /** Path → text, or text with permission bits, or a failure that reading throws. Relative paths start at `cwd`. */
  files?: Record<string, string | { text: string; mode?: number } | Error>;
  cwd?: string;
  platform?: string;
  /** Whether stdin, stdout and stderr are a terminal. */
  terminal?: boolean;
  /** What the person answers to prompts, in order. */
  answers?: string[];
  /** Milliseconds since the epoch when the test begins. */
  now?: number;
  /** Process ids that run on this machine. */
  alive?: number[];
}

/** An `Io` without a process: files are a map, the clock stands still but for `sleep`, output is captured. */
export interface MemoryIo extends Io {
  /** Absolute path → text and permission bits, as they are now. */
  disk: Map<string, { text: string; mode: number } | Error>;
  /** Paths of all writes, appends and removals, in order. */
  touched: string[];
  out(): string;
  err(): string;
  /** Everything that was written anywhere: both streams and all files. For searches for secrets. */
  everything(): string;
  setNow(ms: number): void;
  /** Durations that were slept, in order. */
  slept: number[];
  questions: string[];
  /** Sends a signal to anybody who listens; false where nobody does. */
  send(signal: Signal): boolean;
  /** Signals that the program raised to end itself. */
  raised: Signal[];
  opened: string[];
}

function capture(terminal: boolean): Output & { text(): string } {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  const write = (more: string) => {
    text += more;
  };
  return { write, isTerminal: terminal, columns: terminal ? 80 : undefined, stream, text: () => text };
}

function memoryFiles(
  disk: MemoryIo['disk'],
  at: (path: string) => string,
  platform: string,
  touched: string[],
) {
  const find = (path: string) => {
    const file = disk.get(at(path));
    if (file instanceof Error) throw file;
    return file;
  };
  const put = (path: string, text: string, mode: number) => {
    touched.push(at(path));
    disk.set(at(path), { text, mode });
  };
  const files: Io['files'] = {
    read: async (path) => find(path)?.text,
    exists: async (path) => disk.has(at(path)),
    list: async (path) => {
      const folder = `${at(path).replace(/\/$/, '')}/`;
      const below = [...disk.keys()].filter((one) => one.startsWith(folder));
      return [...new Set(below.map((one) => one.slice(folder.length).split('/')[0] ?? ''))].sort();
    },
    realPath: async (path) => at(path),
    mode: async (path) => (platform === 'win32' ? undefined : find(path)?.mode),
    write: async (path, text, { mode = 0o644 } = {}) => put(path, text, mode),
    append: async (path, text, { mode = 0o644 } = {}) => {
      const before = find(path);
      put(path, (before?.text ?? '') + text, before?.mode ?? mode);
    },
    remove: async (path) => {
      touched.push(at(path));
      disk.delete(at(path));
    },
  };
  return files;
}

function memoryClock(start: number) {
  let clock = start;
  const slept: number[] = [];
  return {
    slept,
    now: () => clock,
    elapsed: () => clock,
    setNow: (ms: number) => {
      clock = ms;
    },
    sleep: async (ms: number, signal?: AbortSignal) => {
      // A turn of the event loop, so that a test's own timers and sockets get theirs in a loop that only sleeps.
      await new Promise((resolve) => setImmediate(resolve));
      if (signal?.aborted) throw signal.reason;
      slept.push(ms);
      clock += ms;
    },
  };
}

function memorySignals() {
  const handlers = new Set<(signal: Signal) => void>();
  const raised: Signal[] = [];
  return {
    raised,
    onSignal: (handler: (signal: Signal) => void) => {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    send: (signal: Signal) => {
      const listeners = [...handlers];
      for (const handler of listeners) handler(signal);
      return listeners.length > 0;
    },
    raise: (signal: Signal) => void raised.push(signal),
  };
}

/** Every question that a test meets is asked at any width without a break inside of a word. */
function requireWrapped(question: string): void {
  for (const width of [40, 80, 200]) {
    const asked = wrapQuestion(question, width);
    const bad = asked.split('\n').find((line) => line.length > width && line.trim().includes(' '));
    if (bad !== undefined) throw new Error(`At ${width} columns a terminal breaks: ${bad}`);
    const words = (text: string) => text.split(/\s+/).join(' ');
    if (words(asked) !== words(question) || !asked.endsWith(' '))
      throw new Error(`Not the same question: ${asked}`);
  }
}

function memoryPerson(answers: readonly string[]) {
  const left = [...answers];
  const questions: string[] = [];
  const opened: string[] = [];
  return {
    questions,
    opened,
    prompt: async (question: string) => {
      requireWrapped(question);
      questions.push(question);
      const answer = left.shift();
      if (answer === undefined) throw new Error(`The test has no answer to: ${question}`);
      return answer;
    },
    openBrowser: async (url: string) => {
      opened.push(url);
      return false;
    },
  };
}

/** Makes one; everything has a default: no environment, no files, Linux, no terminal, the year 2026. */
export function memoryIo(options: MemoryIoOptions = {}): MemoryIo {
  const { cwd = '/here', platform = 'linux', terminal = false, alive = [] } = options;
  const at = (path: string) => posix.resolve(cwd, path);
  const disk: MemoryIo['disk'] = new Map();
  for (const [path, file] of Object.entries(options.files ?? {})) {
    const kept = typeof file === 'string' ? { text: file } : file;
    disk.set(at(path), kept instanceof Error ? kept : { mode: 0o600, ...kept });
  }
  const [stdout, stderr] = [capture(terminal), capture(terminal)];
  const touched: string[] = [];
  const onDisk = () => [...disk.values()].map((file) => (file instanceof Error ? '' : file.text));
  return {
    env: options.env ?? {},
    cwd,
    platform,
    pid: 4711,
    hostname: 'test-host',
    user: 'tester',
    stdout,
    stderr,
    stdinIsTerminal: terminal,
    disk,
    touched,
    files: memoryFiles(disk, at, platform, touched),
    out: stdout.text,
    err: stderr.text,
    everything: () => [stdout.text(), stderr.text(), ...onDisk()].join('\n'),
    ...memoryClock(options.now ?? Date.UTC(2026, 0, 1)),
    ...memoryPerson(options.answers ?? []),
    ...memorySignals(),
    ...endOfRun(),
    isAlive: (pid) => alive.includes(pid),
  };
}
