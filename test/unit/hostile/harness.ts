import { expect, vi } from 'vitest';
import { main } from '../../../src/main.ts';
import { type MemoryIo, type MemoryIoOptions, memoryIo } from '../../support/memory-io.ts';

/** Escape sequences, other control characters, right-to-left overrides: what a terminal would obey. */
export const ESCAPE = '\u001b[31m';
export const RIGHT_TO_LEFT = '\u202e';
export const MEGABYTE = 'x'.repeat(1_000_000);

/** A bad input that must be refused before anything is done. */
export interface Bad {
  argv: readonly string[];
  env?: Record<string, string>;
  files?: NonNullable<MemoryIoOptions['files']>;
  /** What the message must name. */
  names: RegExp;
  /** 2 unless told. */
  status?: number;
}

/** A configuration with which every command would go on to talk to Keycloak. */
export const WHOLE = {
  KC_SERVER: 'http://127.0.0.1:9/auth',
  KC_REALM: 'demo',
  KC_CLIENT_ID: 'mcpkc',
  KC_CLIENT_SECRET: 'hostile-suite-secret',
};

/** What makes a terminal do anything but show letters: all controls but the line feed, bidirectional marks. */
const LIVE = /[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

/** Fails where a text is not inert on a terminal. */
export function expectInert(text: string): void {
  const at = text.search(LIVE);
  if (at === -1) return;
  const code = text.codePointAt(at)?.toString(16);
  expect.fail(`the output has U+${code} after: ${JSON.stringify(text.slice(Math.max(0, at - 80), at))}`);
}

/** Runs a command line without a network; fails where a request is sent, a file written, a program started. */
export async function runOffline(
  argv: readonly string[],
  { env = {}, files = {} }: Pick<Bad, 'env' | 'files'> = {},
): Promise<{ status: number; io: MemoryIo; said: string }> {
  const sent = vi.fn(async (..._request: unknown[]) => {
    throw new Error('a request was sent');
  });
  vi.stubGlobal('fetch', sent);
  try {
    const io = memoryIo({ env: { ...WHOLE, ...env }, files });
    const status = await main(argv, io);
    expect(sent).not.toHaveBeenCalled();
    expect(io.touched).toEqual([]);
    expect(io.opened).toEqual([]);
    expect(io.questions).toEqual([]);
    expectInert(io.out());
    expectInert(io.err());
    return { status, io, said: (io.out() + io.err()).replaceAll(/\s+/g, ' ') };
  } finally {
    vi.unstubAllGlobals();
  }
}

/** Fails unless the input is refused: the right status, the culprit named, a short message, no stack. */
export async function expectRefused({ argv, names, status = 2, ...rest }: Bad): Promise<void> {
  const ended = await runOffline(argv, rest);
  expect(ended.status, ended.said.slice(0, 500)).toBe(status);
  expect(ended.said).toMatch(names);
  expect(ended.said).not.toMatch(/A bug in mcpkc|at file:|node:internal/);
  expect(ended.said).not.toContain(WHOLE.KC_CLIENT_SECRET);
  expect(ended.said.length).toBeLessThan(4000);
}

/** A hostile text as a short name for a test. */
export function shown(text: string): string {
  const plain = JSON.stringify(text).replaceAll(
    /[^\x20-\x7e]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16)}`,
  );
  return plain.length > 60 ? `${plain.slice(0, 50)}… (${text.length} characters)` : plain;
}
