import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { schemaUrn } from '../../src/schema-urn.ts';
import { expectCli, runCli, spawnCli, until } from '../support/cli.ts';
import {
  type Behave,
  emptyRealm,
  envFor,
  freePort,
  type Got,
  listen,
  startFakeKeycloak,
} from '../support/fake-keycloak.ts';

const LIST = ['trusted-hosts', '--json'];
const isToken = ({ path }: Got) => path.includes('/protocol/openid-connect/token');
const isComponents = ({ path }: Got) => path.includes('/components');
const HTML = {
  status: 200,
  text: '<html><body>Sign in to the hotel network</body></html>',
  headers: { 'content-type': 'text/html' },
};

async function failing(behave: Behave, exit: number, ...args: string[]) {
  const server = await startFakeKeycloak(behave);
  const ran = await expectCli(exit, [...LIST, ...args], { env: envFor(server.url), clock: 'virtual' });
  return { ran, server };
}

/** Waits are spread by chance: each is as long as asked for, up to half as long again. */
function expectSpread(slept: readonly number[], least: readonly number[]): void {
  expect(slept.length).toBe(least.length);
  for (const [index, ms] of least.entries()) {
    expect(slept[index]).toBeGreaterThanOrEqual(ms);
    expect(slept[index]).toBeLessThanOrEqual(ms * 1.5);
  }
}

describe('a server that isn’t there', () => {
  it('connection refused: what, why, what next; after five attempts', async () => {
    const server = `http://127.0.0.1:${await freePort()}/auth`;
    const ran = await expectCli(3, LIST, { env: envFor(server), clock: 'virtual' });
    expect(ran.json).toEqual({
      $schema: schemaUrn('error'),
      schema: 'mcpkc/error/v1',
      ok: false,
      exitStatus: 3,
      server,
      realm: 'demo',
      code: 'KEYCLOAK_UNREACHABLE',
      message: `Keycloak can’t be reached at ${server}: nothing listens there (connection refused).`,
      fix: 'Is it running, and is KC_SERVER right? --wait 60s waits for one that is still starting.',
      details: { network: 'ECONNREFUSED', trace: expect.stringMatching(/^[\da-f]{32}$/) },
    });
    expectSpread(ran.io.slept, [200, 400, 800, 1600]);
  });

  it('no such host', async () => {
    const ran = await expectCli(3, LIST, { env: envFor('https://nowhere.invalid'), clock: 'virtual' });
    expect(ran.json.code).toBe('KEYCLOAK_UNREACHABLE');
    expect(ran.json.message).toMatch(
      /^Keycloak can’t be reached at https:\/\/nowhere\.invalid: (there is no such host|the host’s name can’t be looked up now)\.$/,
    );
  });

  it('a port that fetch refuses', async () => {
    const ran = await expectCli(3, LIST, { env: envFor('http://127.0.0.1:6000/auth') });
    expect(ran.json).toMatchObject({
      code: 'PORT_BLOCKED',
      message: 'http://127.0.0.1:6000/auth: Node’s fetch refuses this port (WHATWG Fetch, port blocking).',
      fix: 'Start Keycloak on another port, such as 8080.',
    });
  });

  it('plain http to another machine is refused before anything is sent', async () => {
    const ran = await expectCli(5, LIST, { env: envFor('http://keycloak.example.com/auth') });
    expect(ran.json).toMatchObject({
      code: 'PLAIN_HTTP',
      message:
        'http://keycloak.example.com/auth is plain http to another machine: anybody who is on the way could read the secret.',
      fix: 'Use https or a tunnel to 127.0.0.1; --allow-http sends it all the same.',
    });
    const allowed = await expectCli(3, [...LIST, '--allow-http'], {
      env: envFor('http://nowhere.invalid/auth'),
      clock: 'virtual',
    });
    expect(allowed.json.code).toBe('KEYCLOAK_UNREACHABLE');
  });

  it('one that takes the connection and says nothing: the time-out', async () => {
    const mute = createServer(() => {});
    const port = await listen(mute as never);
    const ran = await expectCli(3, [...LIST, '--request-timeout', '200ms'], {
      env: envFor(`http://127.0.0.1:${port}`),
    });
    mute.close();
    expect(ran.json).toMatchObject({
      code: 'KEYCLOAK_TIMEOUT',
      message: `http://127.0.0.1:${port} did not answer in time.`,
      fix: 'Is it overloaded? --request-timeout 60s waits longer.',
    });
  });

  it('one that stops in the middle of a body: the time-out, too', async () => {
    const { ran } = await failing(
      (got) => (isComponents(got) ? (response) => response.writeHead(200).write('[') : undefined),
      3,
      '--request-timeout',
      '300ms',
    );
    expect(ran.json.code).toBe('KEYCLOAK_TIMEOUT');
  });
});

describe('what passes is tried again', () => {
  it.each([502, 503, 504])('%i, then well', async (status) => {
    const { ran, server } = await failing(
      (got, index) =>
        index < 2 || (isComponents(got) && index < 12 && index % 2 === 0) ? { status } : undefined,
      0,
    );
    expect(ran.json.ok).toBe(true);
    expect(server.got.filter(isToken).length).toBe(3);
    expectSpread(ran.io.slept.slice(0, 2), [200, 400]);
  });

  it('429 after what Retry-After says, in seconds or as a date', async () => {
    let left = 2;
    const { ran } = await failing((got) => {
      if (!isComponents(got) || left-- <= 0) return undefined;
      const date = new Date(Date.now() + 9_000).toUTCString();
      return { status: 429, headers: { 'retry-after': left === 1 ? '7' : date } };
    }, 0);
    expectSpread(ran.io.slept.slice(0, 1), [7000]);
    expect(ran.io.slept[1]).toBeLessThanOrEqual(9000 * 1.5);
  });

  it('429 for longer than we wait, or for ever, is said', async () => {
    const long = await failing(
      (got) => (isComponents(got) ? { status: 429, headers: { 'retry-after': '3600' } } : undefined),
      3,
    );
    expect(long.ran.json).toMatchObject({
      code: 'KEYCLOAK_BUSY',
      message:
        'Keycloak or a proxy in front of it refuses more requests (429), to read the client registration policies.',
      fix: 'Try again later.',
    });
    expect(long.ran.io.slept).toEqual([]);
    const token = await failing((got) => (isToken(got) ? { status: 429 } : undefined), 3);
    expect(token.ran.json).toMatchObject({ code: 'KEYCLOAK_BUSY' });
    expect(token.server.got).toHaveLength(5);
  });

  it('a read’s 500 is, twice: then it says so and ends with 3', async () => {
    const { ran, server } = await failing(
      (got) => (isComponents(got) ? { status: 500, json: { error: 'unknown_error' } } : undefined),
      3,
    );
    expect(ran.json).toMatchObject({
      code: 'KEYCLOAK_ERROR',
      message: 'Keycloak answered 500 to read the client registration policies: unknown_error.',
      fix: 'Keycloak’s log shows more; the command can be run again.',
    });
    expect(server.got.filter(isComponents)).toHaveLength(3);
  });

  it('a GET whose line is cut', async () => {
    let left = 2;
    const { server } = await failing(
      (got) =>
        isComponents(got) && left-- > 0 ? (response) => response.socket?.resetAndDestroy() : undefined,
      0,
    );
    expect(server.got.filter(isComponents)).toHaveLength(3);
  });

  it('a POST whose line is cut is not, where its repetition would make a second thing', async () => {
    // The lock is a role, the record of how the realm was a role and a client: they are kept.
    const kept = new Map<string, object>();
    const server = await startFakeKeycloak((got) => {
      if (got.method === 'GET' && isComponents(got)) return { status: 200, json: [] };
      if (got.method === 'POST' && isComponents(got)) return (response) => response.socket?.resetAndDestroy();
      const made = /\/(roles|clients)\/?$/.exec(got.path)?.[1];
      if (got.method === 'POST' && made !== undefined) {
        const body = JSON.parse(got.body) as { id?: string; name?: string };
        const key = body.id ?? body.name ?? '';
        kept.set(key, { id: key, ...body });
        return { status: 201, headers: { location: `/${made}/${key}` } };
      }
      if (got.method === 'PUT') return { status: 204 };
      const there = kept.get(got.path.split('/').at(-1) ?? '');
      return there && got.method === 'GET' ? { status: 200, json: there } : undefined;
    });
    const ran = await expectCli(
      3,
      ['trusted-hosts', '--add', 'x.example.com', '--no-harden', '--yes', '--json'],
      {
        env: envFor(server.url),
      },
    );
    expect(ran.json).toMatchObject({
      code: 'KEYCLOAK_UNREACHABLE',
      message: `Keycloak can’t be reached at ${server.url}: the connection was cut.`,
    });
    expect(server.got.filter((got) => got.method === 'POST' && isComponents(got))).toHaveLength(1);
    expect(server.got.at(-1)).toMatchObject({
      method: 'DELETE',
      path: expect.stringContaining('/roles-by-id/mcpkc-lock'),
    });
  });
});

describe('answers that aren’t Keycloak’s', () => {
  it('an HTML page with 200 instead of a token', async () => {
    const { ran, server } = await failing((got) => (isToken(got) ? HTML : undefined), 3);
    expect(ran.json).toMatchObject({
      code: 'KEYCLOAK_ERROR',
      message: `${server.url} answered the token request with something that is not a token.`,
      fix: 'Is KC_SERVER a Keycloak, and is a proxy in between?',
    });
  });

  it.each([
    ['an HTML page', HTML],
    ['half a JSON', { status: 200, text: '[{"id":"p1","na' }],
  ])('%s with 200 instead of a list', async (_what, reply) => {
    const { ran, server } = await failing((got) => (isComponents(got) ? reply : undefined), 3);
    expect(ran.json).toMatchObject({
      code: 'KEYCLOAK_ERROR',
      message: `Keycloak’s answer could not be read (to read the client registration policies at ${server.url}).`,
      fix: 'Is a proxy in between cutting answers short?',
    });
  });

  it.each([
    ['nothing', { status: 200, text: '' }],
    ['another object', { status: 200, json: { status: 'maintenance' } }],
  ])('%s with 200 instead of a list is not taken for an empty realm', async (_what, reply) => {
    for (const path of [
      '/components',
      '/client-policies/policies',
      '/client-policies/profiles',
      '/client-scopes',
      '/default-default-client-scopes',
    ]) {
      const { ran } = await failing((got) => (got.path.includes(path) ? reply : undefined), 3);
      expect(ran.json, path).toMatchObject({
        code: 'KEYCLOAK_ERROR',
        message: expect.stringMatching(/^The answer is not Keycloak’s \(to read /),
      });
    }
  });

  it('an HTML page to a POST', async () => {
    const server = await startFakeKeycloak((got) =>
      got.method === 'POST' && got.path.endsWith('/roles') ? HTML : undefined,
    );
    const ran = await expectCli(3, ['trusted-hosts', '--add', 'x.example.com', '--json'], {
      env: envFor(server.url),
    });
    expect(ran.json).toMatchObject({
      code: 'KEYCLOAK_ERROR',
      message: expect.stringContaining('could not be read'),
    });
  });

  it('a redirect is not followed with a secret or a token', async () => {
    const elsewhere = await startFakeKeycloak();
    for (const status of [301, 302, 307, 308]) {
      const headers = { location: `${elsewhere.url}/realms/demo/protocol/openid-connect/token` };
      const { ran, server } = await failing((got) => (isToken(got) ? { status, headers } : undefined), 3);
      expect(ran.json).toMatchObject({
        code: 'KEYCLOAK_ERROR',
        message: `${server.url} redirects the token request (${status}) to ${headers.location}; mcpkc sends no secret after it.`,
        fix: expect.not.stringContaining(elsewhere.url),
      });
      const admin = await failing(
        (got) =>
          isComponents(got) ? { status, headers: { location: `${elsewhere.url}/admin` } } : undefined,
        3,
      );
      expect(admin.ran.json).toMatchObject({
        code: 'KEYCLOAK_ERROR',
        message: expect.stringContaining('mcpkc sends no token after it'),
      });
    }
    expect(elsewhere.got).toEqual([]);
  });
});

describe('a wrong place', () => {
  const notHere = { status: 404, text: '<html>nothing</html>', headers: { 'content-type': 'text/html' } };

  it.each([
    ['/auth is missing', '', '/auth'],
    ['/auth is one too many', '/auth', ''],
  ])('%s: says which address answers', async (_what, given, right) => {
    const server = await startFakeKeycloak((got) => {
      if (!got.path.startsWith(`${right}/realms/`) || got.path.startsWith(`${right}/auth/`)) return notHere;
      return got.method === 'GET' ? { status: 200, json: { realm: 'demo', public_key: 'x' } } : undefined;
    });
    const base = server.url.replace(/\/auth$/, '');
    const ran = await expectCli(2, LIST, { env: envFor(base + given) });
    expect(ran.json).toMatchObject({
      code: 'WRONG_SERVER_PATH',
      message: `Keycloak answers at ${base + right}, not at ${base + given}: the relative path is wrong (KC_SERVER).`,
      fix: `Use KC_SERVER=${base + right} (or --server ${base + right}).`,
    });
  });

  it.each([404, 405])('neither with nor without /auth (%i)', async (status) => {
    const server = await startFakeKeycloak(() => ({ ...notHere, status }));
    const ran = await expectCli(3, LIST, { env: envFor(server.url) });
    const other = server.url.replace(/\/auth$/, '');
    expect(ran.json).toMatchObject({
      code: 'KEYCLOAK_ERROR',
      message: `No Keycloak answers at ${server.url}, nor at ${other} (KC_SERVER): an HTML page or plain text, not Keycloak’s JSON.`,
      fix: 'Name the base URL, with the relative path if there is one: https://host/auth',
    });
  });

  it('another program that answers JSON is no Keycloak', async () => {
    const server = await startFakeKeycloak((got) =>
      got.method === 'GET' ? { status: 200, json: { realm: 'other' } } : { ...notHere },
    );
    const ran = await expectCli(3, LIST, { env: envFor(server.url) });
    expect(ran.json).toMatchObject({
      code: 'KEYCLOAK_ERROR',
      message: expect.stringContaining('No Keycloak answers'),
    });
  });

  it('"HTTPS required"', async () => {
    const { ran, server } = await failing(
      (got) =>
        isToken(got)
          ? { status: 403, json: { error: 'invalid_request', error_description: 'HTTPS required' } }
          : undefined,
      4,
    );
    expect(ran.json).toMatchObject({
      code: 'NOT_AUTHORISED',
      message: `${server.url} answers 'HTTPS required'.`,
      fix: expect.stringContaining('X-Forwarded-Proto'),
    });
  });
});

describe('a Keycloak that is still starting', () => {
  it.each([502, 503, 504])('%i all the time is said to be that', async (status) => {
    const { ran, server } = await failing((got) => (isToken(got) ? { status } : undefined), 3);
    expect(ran.json).toMatchObject({
      code: 'KEYCLOAK_STARTING',
      message: `${server.url} answers ${status}: Keycloak is still starting, or its proxy has no server behind it.`,
      fix: '--wait 60s waits for it.',
    });
  });

  it.each([502, 503, 504])('--wait waits for one whose proxy says %i', async (status) => {
    const { ran, server } = await failing(
      (got, index) => (isToken(got) && index < 12 ? { status } : undefined),
      0,
      '--wait',
      '60s',
    );
    expect(ran.json.ok).toBe(true);
    expect(server.got.filter(isToken)).toHaveLength(13);
  });

  it('--wait waits for one that doesn’t listen yet', async () => {
    const port = await freePort();
    const late = setTimeout(() => void startLate(port), 1500);
    const ran = await runCli([...LIST, '--wait', '40s'], { env: envFor(`http://127.0.0.1:${port}`) });
    clearTimeout(late);
    await stopLate?.();
    expect(ran.exit, ran.err).toBe(0);
  });

  let stopLate: (() => Promise<unknown>) | undefined;
  async function startLate(port: number): Promise<void> {
    const { createServer: http } = await import('node:http');
    const server = http((request, response) => {
      const reply = emptyRealm({ method: '', path: request.url ?? '', headers: {}, body: '' });
      if (typeof reply !== 'function')
        response
          .writeHead(reply.status, { 'content-type': 'application/json' })
          .end(JSON.stringify(reply.json));
    });
    await listen(server, port);
    stopLate = async () => {
      server.closeAllConnections();
      server.close();
    };
  }

  it('--wait ends, with the reason', async () => {
    const server = `http://127.0.0.1:${await freePort()}`;
    const ran = await expectCli(3, [...LIST, '--wait', '30s'], { env: envFor(server), clock: 'virtual' });
    expect(ran.json.code).toBe('KEYCLOAK_UNREACHABLE');
    const waited = ran.io.slept.reduce((sum, ms) => sum + ms, 0);
    expect(waited).toBeGreaterThan(30_000);
    expect(waited).toBeLessThan(40_000);
  });

  it('--wait doesn’t wait for a wrong secret', async () => {
    const { ran } = await failing(
      (got) =>
        isToken(got)
          ? {
              status: 401,
              json: {
                error: 'unauthorized_client',
                error_description: 'Invalid client or Invalid client credentials',
              },
            }
          : undefined,
      4,
      '--wait',
      '30s',
    );
    expect(ran.json.code).toBe('WRONG_SECRET');
    expect(ran.io.slept).toEqual([]);
  });
});

it('Ctrl-C ends a wait at once', async () => {
  const server = await startFakeKeycloak(() => ({ status: 503 }));
  const child = spawnCli([...LIST, '--wait', '10m'], envFor(server.url));
  await until('the server was asked', () => server.got.length > 0);
  child.kill('SIGINT');
  const ran = await child.done;
  expect(ran.exit).toBe(130);
  expect(ran.json).toMatchObject({ code: 'INTERRUPTED', message: 'Stopped (Ctrl-C).' });
});
