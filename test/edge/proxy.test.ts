import { createServer, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeCertificates } from '../support/certificates.ts';
import { expectCli, runCli, spawnCli } from '../support/cli.ts';
import { envFor, startFakeKeycloak } from '../support/fake-keycloak.ts';

const certificates = makeCertificates();
const files = { 'ca.pem': certificates.ca };
const LIST = ['trusted-hosts', '--json'];

/** A forward proxy that notes what it was asked for and leads every name to this machine. */
async function startForwardProxy(): Promise<{ url: string; asked: string[]; authorizations: string[] }> {
  const asked: string[] = [];
  const authorizations: string[] = [];
  const note = ({ method, url, headers }: IncomingMessage) => {
    asked.push(`${method} ${url}`);
    authorizations.push(headers['proxy-authorization'] ?? '');
  };
  const server = createServer((incoming, response) => {
    note(incoming);
    const { port, pathname, search } = new URL(incoming.url ?? '');
    const onward = request(
      {
        host: '127.0.0.1',
        port,
        path: pathname + search,
        method: incoming.method,
        headers: incoming.headers,
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(response);
      },
    );
    incoming.pipe(onward);
  });
  const sockets = new Set<Socket>();
  server.on('connect', (incoming: IncomingMessage, socket: Socket) => {
    note(incoming);
    const port = Number(incoming.url?.split(':').at(-1));
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket);
      socket.pipe(onward);
    });
    for (const one of [socket, onward]) {
      sockets.add(one);
      one.on('error', () => {});
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, authorizations };
}

/** The stand-in under a name that isn't this machine's; only the proxy finds it. */
const named = (url: string) => url.replace('127.0.0.1', 'keycloak.internal.example');

describe('HTTPS_PROXY and HTTP_PROXY', () => {
  it.each([
    ['HTTPS_PROXY', 'https'],
    ['https_proxy', 'https'],
  ])('%s carries https by CONNECT', async (name) => {
    const server = await startFakeKeycloak(undefined, { ...certificates.good });
    const proxy = await startForwardProxy();
    const env = envFor(named(server.url), { [name]: proxy.url });
    const ran = await runCli([...LIST, '--ca-file', 'ca.pem'], { env, files });
    // Through the proxy the name is another one than the certificate's: the handshake took place behind it.
    expect(ran.json).toMatchObject({
      code: 'TLS_FAILED',
      message: expect.stringContaining('for another name'),
    });
    expect(proxy.asked[0]).toBe(`CONNECT keycloak.internal.example:${server.port}`);
  });

  it.each(['HTTP_PROXY', 'http_proxy'])('%s carries http', async (name) => {
    const server = await startFakeKeycloak();
    const proxy = await startForwardProxy();
    const env = envFor(named(server.url), { [name]: proxy.url.replace('http://', 'http://user:pass@') });
    const ran = await expectCli(0, [...LIST, '--allow-http'], { env });
    expect(ran.json.ok).toBe(true);
    expect(proxy.asked.length).toBeGreaterThan(0);
    expect(proxy.authorizations[0]).toBe(`Basic ${btoa('user:pass')}`);
  });

  it('works in a child process, where undici is the bundled one', async () => {
    const server = await startFakeKeycloak();
    const proxy = await startForwardProxy();
    const env = envFor(named(server.url), { HTTP_PROXY: proxy.url });
    expect(await spawnCli([...LIST, '--allow-http'], env).done).toMatchObject({ exit: 0, err: '' });
    expect(proxy.asked.length).toBeGreaterThan(0);
  });
});

describe('what doesn’t take the proxy', () => {
  it.each([
    'keycloak.internal.example',
    '.internal.example',
    '*.internal.example',
    '*',
    'other.example, keycloak.internal.example',
  ])('NO_PROXY=%s', async (none) => {
    const server = await startFakeKeycloak();
    const proxy = await startForwardProxy();
    const env = envFor(named(server.url), { HTTP_PROXY: proxy.url, NO_PROXY: none });
    const ran = await runCli([...LIST, '--allow-http'], { env, clock: 'virtual' });
    expect(ran.json.code).toBe('KEYCLOAK_UNREACHABLE');
    expect(proxy.asked).toEqual([]);
  });

  it('this machine: the secret would go in the clear to the proxy’s', async () => {
    const server = await startFakeKeycloak();
    const proxy = await startForwardProxy();
    for (const host of ['127.0.0.1', 'localhost']) {
      const env = envFor(server.url.replace('127.0.0.1', host), {
        HTTP_PROXY: proxy.url,
        HTTPS_PROXY: proxy.url,
      });
      await runCli(LIST, { env, clock: 'virtual' });
    }
    expect(proxy.asked).toEqual([]);
    expect(server.got.length).toBeGreaterThan(5);
  });
});

it('a proxy that is no URL is named, and its value is not shown', async () => {
  const env = envFor('https://127.0.0.1:9', { HTTPS_PROXY: 'user:pass@proxy:3128' });
  const ran = await expectCli(2, LIST, { env });
  expect(ran.json).toMatchObject({
    code: 'CONFIG_INVALID',
    message: 'HTTPS_PROXY: this is not a URL of a proxy (environment).',
    fix: 'Write it as http://host:port, or unset HTTPS_PROXY.',
  });
  expect(ran.err).not.toContain('user:pass');
});

describe('a proxy that can’t be reached', () => {
  // A port of this machine that nobody listens at; the servers' names lead nowhere, so only the proxy is ever asked.
  const dead = 'http://127.0.0.1:9';

  it.each([
    ['https://auth.example.com/auth', { HTTPS_PROXY: dead }],
    ['http://auth.example.com/auth', { HTTP_PROXY: dead, MCPKC_ALLOW_HTTP: 'true' }],
  ])('is named as the proxy, not as the server: %s', async (server, env) => {
    const ran = await expectCli(3, LIST, { env: envFor(server, env), clock: 'virtual' });
    expect(ran.json).toMatchObject({
      code: 'KEYCLOAK_UNREACHABLE',
      message: `The proxy ${dead} can’t be reached, on the way to ${server}: nothing listens there (connection refused).`,
      fix: expect.stringContaining('NO_PROXY'),
    });
  });

  it('is not blamed for a server on this machine, which is asked directly', async () => {
    const ran = await expectCli(3, LIST, {
      env: envFor('http://127.0.0.1:4/auth', { HTTP_PROXY: 'http://127.0.0.1:10' }),
      clock: 'virtual',
    });
    expect(ran.json.message).toMatch(/^Keycloak can’t be reached at/);
  });

  it('its password is not printed', async () => {
    const env = envFor('https://auth.example.com/auth', { HTTPS_PROXY: 'http://me:hunter2@127.0.0.1:9' });
    const ran = await expectCli(3, LIST, { env, clock: 'virtual' });
    expect(ran.out + ran.err).not.toContain('hunter2');
  });
});
