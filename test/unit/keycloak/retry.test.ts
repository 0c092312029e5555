import { describe, expect, it } from 'vitest';
import { McpkcError } from '../../../src/errors.ts';
import { type Repeatable, withRetries } from '../../../src/keycloak/connection/retry.ts';

const ALL: readonly Repeatable[] = ['read', 'replace', 'create'];

function fakeClock(signal: AbortSignal = new AbortController().signal, chance = 0) {
  const slept: number[] = [];
  let time = Date.UTC(2026, 0, 1);
  const sleep = async (ms: number) => {
    if (signal.aborted) throw signal.reason;
    slept.push(ms);
    time += ms;
  };
  return { slept, waiting: { now: () => time, sleep, signal, random: () => chance } };
}

const answered = (status: number, retryAfter?: string) =>
  Object.assign(new Error(String(status)), {
    response: { status, headers: new Headers(retryAfter === undefined ? {} : { 'retry-after': retryAfter }) },
  });
const cut = (code: string) =>
  Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error(code), { code }) });

/** Fails so often with this error, then gives 'well'. */
async function attempts(how: Repeatable, error: unknown, failures: number, chance = 0) {
  const { slept, waiting } = fakeClock(undefined, chance);
  let sent = 0;
  const send = async () => {
    sent += 1;
    if (sent <= failures) throw error;
    return 'well';
  };
  const outcome = await withRetries(how, send, waiting).catch((thrown: unknown) => thrown);
  return { outcome, sent, slept };
}

describe('what is sent again', () => {
  it.each(ALL)('%s: whatever never reached the server, and 429', async (how) => {
    for (const error of [cut('ECONNREFUSED'), cut('EAI_AGAIN'), cut('EHOSTUNREACH'), answered(429)]) {
      expect(await attempts(how, error, 2)).toEqual({ outcome: 'well', sent: 3, slept: [200, 400] });
    }
  });

  it.each(['read', 'replace'] as const)('%s: a cut line and a gateway’s 502 to 504', async (how) => {
    for (const error of [
      cut('ECONNRESET'),
      cut('UND_ERR_SOCKET'),
      cut('EPIPE'),
      answered(502),
      answered(503),
      answered(504),
    ]) {
      expect((await attempts(how, error, 1)).outcome).toBe('well');
    }
  });

  it('create: not what may have been done', async () => {
    for (const error of [
      cut('ECONNRESET'),
      cut('UND_ERR_SOCKET'),
      answered(502),
      answered(503),
      answered(504),
    ]) {
      expect(await attempts('create', error, 1)).toEqual({ outcome: error, sent: 1, slept: [] });
    }
  });

  it('read: a 500, three times at most; a write never, as it may have been half done', async () => {
    expect(await attempts('read', answered(500), 2)).toEqual({ outcome: 'well', sent: 3, slept: [200, 400] });
    const error = answered(500);
    expect(await attempts('read', error, 3)).toEqual({ outcome: error, sent: 3, slept: [200, 400] });
    for (const how of ['replace', 'create'] as const) {
      expect(await attempts(how, error, 1), how).toEqual({ outcome: error, sent: 1, slept: [] });
    }
  });

  it.each(ALL)('%s: never what won’t pass', async (how) => {
    const named = new McpkcError('WRONG_SECRET', 'wrong', 'fix');
    const timeout = new DOMException('too long', 'TimeoutError');
    const errors = [
      answered(400),
      answered(401),
      answered(403),
      answered(404),
      answered(409),
      cut('ENOTFOUND'),
      cut('DEPTH_ZERO_SELF_SIGNED_CERT'),
      timeout,
      named,
      new SyntaxError('no JSON'),
    ];
    for (const error of errors)
      expect(await attempts(how, error, 1)).toEqual({ outcome: error, sent: 1, slept: [] });
  });
});

describe('how long', () => {
  it('five attempts, twice as long each time', async () => {
    const error = cut('ECONNREFUSED');
    expect(await attempts('read', error, 99)).toEqual({
      outcome: error,
      sent: 5,
      slept: [200, 400, 800, 1600],
    });
  });

  it.each([
    ['7', 7000],
    ['0', 0],
    [new Date(Date.UTC(2026, 0, 1) + 5000).toUTCString(), 5000],
    ['soon', 200],
    ['-5', 200],
    [new Date(0).toUTCString(), 200],
  ])('Retry-After: %s', async (text, ms) => {
    expect((await attempts('create', answered(429, text), 1)).slept).toEqual([ms]);
  });

  it('not longer than 20 s at a time: then it fails at once', async () => {
    const error = answered(503, '21');
    expect(await attempts('read', error, 1)).toEqual({ outcome: error, sent: 1, slept: [] });
  });
});

describe('many runs that were refused together', () => {
  it('don’t come back together: a wait is spread by chance, never shorter than it was asked for', async () => {
    const { slept } = await attempts('read', cut('ECONNREFUSED'), 99, 1);
    expect(slept).toEqual([300, 600, 1200, 2400]);
    expect((await attempts('create', answered(429, '4'), 1, 0.5)).slept).toEqual([5000]);
  });

  it('give up after a minute, whatever Retry-After says', async () => {
    const error = answered(503, '20');
    expect(await attempts('read', error, 99)).toEqual({
      outcome: error,
      sent: 4,
      slept: [20_000, 20_000, 20_000],
    });
    expect(await attempts('read', error, 99, 1)).toEqual({
      outcome: error,
      sent: 3,
      slept: [30_000, 30_000],
    });
  });
});

describe('an interruption', () => {
  it('ends it with the signal’s own reason, whatever the request failed with', async () => {
    const stop = new AbortController();
    const { waiting } = fakeClock(stop.signal);
    const reason = new McpkcError('INTERRUPTED', 'Stopped (Ctrl-C).', 'again');
    const send = async () => {
      stop.abort(reason);
      throw cut('ECONNRESET');
    };
    await expect(withRetries('read', send, waiting)).rejects.toBe(reason);
  });
});
