import { describe, expect, it } from 'vitest';
import { bearerOf, parseChallenges, scopesOf } from '../../../src/checks/challenge-header.ts';
import type { Check } from '../../../src/checks/check.ts';
import {
  forbiddenAddress,
  isPublic,
  judgeTarget,
  type LookUp,
  privateAddress,
} from '../../../src/checks/guard.ts';
import { CHECKS, STEPS } from '../../../src/checks/index.ts';
import { answerIn, hasAnswer } from '../../../src/checks/json-rpc.ts';
import { judgeAll } from '../../../src/checks/judge.ts';
import { Secrets } from '../../../src/checks/mask.ts';
import { select } from '../../../src/checks/select.ts';
import { isOver, runMark } from '../../../src/products/probe-mark.ts';

describe('the guard', () => {
  it.each([
    '169.254.169.254',
    '169.254.0.1',
    '[fe80::1]',
    'febf::1',
    '[::ffff:169.254.169.254]',
    '::ffff:a9fe:a9fe',
    '100.100.100.200',
    '[fd00:ec2::254]',
  ])('refuses %s', (address) => {
    expect(forbiddenAddress(address)).toBeTypeOf('string');
  });

  it.each(['127.0.0.1', '10.0.0.1', '169.253.1.1', '::1', 'fd00::1', '93.184.216.34'])(
    'asks %s',
    (address) => {
      expect(forbiddenAddress(address)).toBeUndefined();
    },
  );

  const nobody = async () => [];
  const forbiddenUrl = async (url: string, lookUp: LookUp) => (await judgeTarget(url, lookUp)).why;

  it.each([
    '127.0.0.1',
    '127.9.9.9',
    '0.0.0.0',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    '100.127.255.255',
    '169.254.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '[::1]',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '::ffff:10.0.0.1',
    '::ffff:7f00:1',
    '::7f00:1',
    '64:ff9b::10.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '2002:7f00:1::',
    '2002:c0a8:101::1',
  ])('%s is not public', (address) => {
    expect(privateAddress(address)).toBeTypeOf('string');
  });

  it.each([
    '93.184.216.34',
    '172.32.0.1',
    '100.63.0.1',
    '100.128.0.1',
    '192.0.1.1',
    '2606:2800:220:1::1',
    '64:ff9b::5db8:d822',
    '2002:5db8:d822::1',
    '::ffff:93.184.216.34',
  ])('%s is public', (address) => {
    expect(privateAddress(address)).toBeUndefined();
  });

  it('keeps a public server’s documents to public targets, by one look-up whose addresses are used', async () => {
    let asked = 0;
    const lookUp = async (name: string) => {
      asked += 1;
      return name === 'far.example' ? ['93.184.216.34', '2606:2800:220:1::1'] : ['93.184.216.34', '10.0.0.5'];
    };
    const strict = { publicOnly: true };
    expect(await judgeTarget('https://far.example/x', lookUp, strict)).toEqual({
      why: undefined,
      addresses: ['93.184.216.34', '2606:2800:220:1::1'],
    });
    expect((await judgeTarget('https://near.example/x', lookUp, strict)).why).toMatch(
      /10\.0\.0\.5 is a private/,
    );
    expect(asked).toBe(2);
    for (const url of [
      'http://localhost:1/',
      'http://x.localhost/',
      'http://[64:ff9b::5db8:d822]/',
      'http://2130706433/',
      'http://0x7f.1/',
    ]) {
      expect((await judgeTarget(url, lookUp, strict)).why, url).toBeTypeOf('string');
      expect((await judgeTarget(url, lookUp)).why, url).toBeUndefined();
    }
    // Through a proxy names are not looked up here; addresses are judged all the same.
    expect(await judgeTarget('https://near.example/x', undefined, strict)).toEqual({
      why: undefined,
      addresses: [],
    });
    expect((await judgeTarget('https://10.0.0.5/x', undefined, strict)).why).toBeTypeOf('string');
    expect(await isPublic('https://near.example/mcp', lookUp)).toBe(false);
    expect(await isPublic('https://far.example/mcp', lookUp)).toBe(true);
  });
  it.each([
    ['file:///etc/passwd', /scheme is file/],
    ['gopher://x.example/', /scheme/],
    ['not a url', /not a URL/],
    ['https://user:pass@x.example/', /credentials/],
    ['http://metadata.google.internal/computeMetadata/v1/', /metadata service/],
    ['http://2852039166/', /link-local/],
    ['http://0xa9fea9fe/', /link-local/],
    ['http://169.254.169.254./', /link-local/],
  ])('does not fetch %s', async (url, why) => {
    expect(await forbiddenUrl(url, nobody)).toMatch(why);
  });

  it('looks at where a name leads', async () => {
    expect(await forbiddenUrl('https://lure.example/', async () => ['10.1.1.1', '169.254.169.254'])).toMatch(
      /lure\.example leads/,
    );
    expect(await forbiddenUrl('https://good.example/', async () => ['10.1.1.1'])).toBeUndefined();
    expect(
      await forbiddenUrl('https://gone.example/', () => Promise.reject(new Error('ENOTFOUND'))),
    ).toBeUndefined();
  });
});

describe('challenges', () => {
  it('are read, several in a header too', () => {
    const header =
      'Basic realm="a, b", Bearer resource_metadata="https://x/y", scope="a b", error=invalid_token';
    expect(parseChallenges(header)).toHaveLength(2);
    const bearer = bearerOf(header);
    expect(bearer?.params.resource_metadata).toBe('https://x/y');
    expect(scopesOf(bearer)).toEqual(['a', 'b']);
    expect(bearer?.params.error).toBe('invalid_token');
    expect(parseChallenges('Negotiate abc==, Bearer')).toHaveLength(2);
    expect(bearerOf('bearer realm="q\\"uote"')?.params.realm).toBe('q"uote');
    expect(bearerOf('Bearer realm="x" , scope = "y"')?.params.scope).toBe('y');
  });

  it.each(['Bearer resource_metadata=http://x/y", scope="z', 'Bearer realm="open', '=', 'Bearer a=b c=d'])(
    '%s is none',
    (header) => {
      expect(parseChallenges(header)).toBeUndefined();
    },
  );

  it('two Bearer challenges are none that a client can use', () => {
    expect(bearerOf('Bearer realm="a", Bearer realm="b"')).toBeUndefined();
    expect(bearerOf(null)).toBeUndefined();
    expect(scopesOf(undefined)).toEqual([]);
  });
});

describe('answers', () => {
  it('are found in JSON and in events, by their id', () => {
    expect(answerIn('{"jsonrpc":"2.0","id":3,"result":{"a":1}}', 3)).toMatchObject({
      ours: true,
      result: { a: 1 },
    });
    const stream =
      'data: {"jsonrpc":"2.0","method":"note"}\n\nevent: message\r\ndata: {"jsonrpc":"2.0","id":3,\r\ndata: "error":{"code":-1,"message":"no"}}\r\n\r\n';
    expect(answerIn(stream, 3)).toMatchObject({ ours: true, error: { code: -1, message: 'no' } });
    expect(answerIn('{"jsonrpc":"2.0","id":"4","result":{}}', 3)?.ours).toBe(false);
    expect(answerIn('<html>', 3)).toBeUndefined();
  });

  it('end the reading of a stream once they are whole', () => {
    const enough = hasAnswer(7);
    expect(enough('data: {"jsonrpc":"2.0","id":7,"result":{}}')).toBe(false);
    expect(enough('data: {"jsonrpc":"2.0","id":7,"result":{}}\n\n')).toBe(true);
    expect(enough('data: {"jsonrpc":"2.0","id":77,"result":{}}\n\n')).toBe(false);
  });
});

describe('secrets', () => {
  it('are masked wherever they stand, and control characters made visible', () => {
    const secrets = new Secrets();
    secrets.keep('s3cret/with+signs');
    secrets.keep('short');
    expect(secrets.clean('x s3cret/with+signs y s3cret%2Fwith%2Bsigns')).toBe('x *** y ***');
    expect(secrets.clean('short')).toBe('short');
    expect(secrets.clean('Bearer eyJhbGciOi.eyJzdWIi.abc-_')).toBe('Bearer ***');
    expect(secrets.clean('{"client_secret" : "abc", "access_token":"opaque"}')).toBe(
      '{"client_secret" : "***", "access_token":"***"}',
    );
    expect(secrets.clean('https://x/cb?code=abc.def&state=1')).toBe('https://x/cb?code=***&state=1');
    expect(secrets.clean('\u001b[2J\u202e')).toBe('\\u{1b}[2J\\u{202e}');
  });
});

describe('marks of runs', () => {
  const io = {
    hostname: 'here',
    pid: 100,
    now: () => 1_800_000_000_000,
    isAlive: (pid: number) => pid === 200,
  };
  const markOf = (other: Partial<typeof io>) =>
    runMark({ ...io, ...other })
      .tosUri.split('/')
      .at(-1) ?? '';
  const own = runMark(io);

  it.each([
    ['one’s own', () => own.tosUri.split('/').at(-1) ?? '', false],
    ['a living process here', () => markOf({ pid: 200 }), false],
    ['a dead process here', () => markOf({ pid: 300 }), true],
    ['an earlier process with the same id', () => markOf({}), true],
    ['another machine', () => markOf({ hostname: 'there', pid: 300 }), false],
    [
      'another machine, long ago',
      () => markOf({ hostname: 'there', now: () => io.now() - 31 * 60_000 }),
      true,
    ],
    ['a living process id, long ago', () => markOf({ pid: 200, now: () => io.now() - 31 * 60_000 }), true],
    ['nobody who can be known', () => 'r1', true],
  ])('%s', (_what, mark, over) => {
    expect(isOver(mark(), own, io)).toBe(over);
  });

  it('do not tell the machine’s name', () => {
    expect(runMark({ ...io, hostname: 'secret-host' }).tosUri).not.toContain('secret');
  });
});

describe('the catalogue', () => {
  it('has each id once, needs what it has, and words for everything', () => {
    const ids = CHECKS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(STEPS.flatMap(({ checks }) => checks)).toHaveLength(ids.length);
    for (const { id, needs, mayNeed = [], title, cause, fix, spec } of CHECKS) {
      expect(ids).toEqual(expect.arrayContaining([...needs, ...mayNeed]));
      for (const words of [title, cause, fix, spec]) expect(words.length, id).toBeGreaterThan(3);
    }
  });

  it('is not run, all of it, where nothing was probed', () => {
    const target = { mcp: 'https://x.example/mcp', presets: [], allowedOrigins: [], outside: false } as never;
    const results = judgeAll(CHECKS, { target, parts: {} }, new Set(CHECKS.map(({ id }) => id)));
    expect(results.filter(({ outcome }) => outcome !== 'not-run').map(({ check }) => check.id)).toEqual([]);
  });

  it('chooses steps by what the chosen checks take', () => {
    expect([...select(STEPS, CHECKS, { only: ['chal-401'], skip: [] }).steps]).toEqual(['challenge']);
    expect(select(STEPS, CHECKS, { only: ['MCP'], skip: ['MCP-GET'] }).wanted).not.toContain('MCP-GET');
    expect(select(STEPS, CHECKS, { only: [], skip: ['LOG'] }).steps).not.toContain('log-correlation');
    expect(() => select(STEPS, CHECKS, { only: ['nonsense'], skip: [] })).toThrow(/nonsense/);
  });
});

describe('what hangs on what', () => {
  const check = (
    id: string,
    outcome: 'pass' | 'fail' | 'not-run',
    needs: string[] = [],
    mayNeed: string[] = [],
  ): Check => ({
    id,
    title: id,
    severity: 'must',
    needs,
    mayNeed,
    spec: '',
    cause: '',
    fix: '',
    judge: () => ({ outcome, message: '' }),
  });
  const outcomes = (checks: Check[]) =>
    judgeAll(checks, { target: {} as never, parts: {} }, new Set(checks.map(({ id }) => id))).map(
      ({ outcome }) => outcome,
    );

  it('is not run through a chain', () => {
    expect(outcomes([check('A', 'fail'), check('B', 'pass', ['A']), check('C', 'pass', ['B'])])).toEqual([
      'fail',
      'not-run',
      'not-run',
    ]);
  });
  it('is not, where the need merely could not be judged', () => {
    expect(outcomes([check('A', 'not-run'), check('B', 'pass', ['A'])])).toEqual(['not-run', 'pass']);
  });
  it('may be judged all the same', () => {
    expect(
      outcomes([
        check('A', 'fail'),
        check('B', 'pass', [], ['A']),
        check('C', 'not-run', [], ['A']),
        check('D', 'pass', ['C']),
      ]),
    ).toEqual(['fail', 'pass', 'not-run', 'not-run']);
  });
});
