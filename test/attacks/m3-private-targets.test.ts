import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { plantFolder, runIn, setTrap } from '../support/planted.ts';

const HOOK = pathToFileURL(`${import.meta.dirname}/../support/far-away.mjs`).href;

/** A stranger's MCP server on the public network, whose authorization server's endpoints are these. */
async function hostileServer(endpoints: Record<string, string>): Promise<string> {
  let base = '';
  const answer = ({ url = '' }: IncomingMessage): [number, object, Record<string, string>?] => {
    if (url.startsWith('/mcp')) {
      const challenge = `Bearer resource_metadata="${base}/.well-known/oauth-protected-resource/mcp"`;
      return [401, {}, { 'www-authenticate': challenge }];
    }
    if (url.includes('oauth-protected-resource'))
      return [200, { resource: `${base}/mcp`, authorization_servers: [base] }];
    if (url.includes('oauth-authorization-server') || url.includes('openid-configuration')) {
      return [200, { issuer: base, response_types_supported: ['code'], ...endpoints }];
    }
    return [404, {}];
  };
  const server = createServer((request, response) => {
    const [status, body, headers] = answer(request);
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  base = `http://mcp.far.example:${(server.address() as AddressInfo).port}`;
  return `${base}/mcp`;
}

const validate = async (url: string, args: string[] = [], env: Record<string, string> = {}) => {
  const run = await runIn(
    plantFolder({}),
    ['validate', url, '--outside', '--json', '--request-timeout', '5s', ...args],
    {
      NODE_OPTIONS: `--import ${HOOK}`,
      ...env,
    },
  );
  const document = JSON.parse(run.out) as { checks: { id: string; outcome: string; message: string }[] };
  return {
    ...run,
    failed: document.checks.filter(({ outcome }) => outcome === 'fail' || outcome === 'not-run'),
  };
};

describe.each<[string, (port: string) => string]>([
  ['127.0.0.1', (port) => `http://127.0.0.1:${port}`],
  ['localhost', (port) => `http://localhost:${port}`],
  ['an IPv4 address in IPv6 clothes', (port) => `http://[::ffff:127.0.0.1]:${port}`],
  ['a number', (port) => `http://2130706433:${port}`],
  ['a name that leads to a private address', (port) => `http://trap.near.example:${port}`],
])('a public server’s metadata that names %s', (_what, at) => {
  const endpointsAt = (base: string) => ({
    token_endpoint: `${base}/token`,
    registration_endpoint: `${base}/register`,
    authorization_endpoint: `${base}/authorize`,
    jwks_uri: `${base}/jwks`,
  });

  it('has nothing sent there, and fails', async () => {
    const trap = await setTrap();
    const port = new URL(trap.url).port;
    const run = await validate(await hostileServer(endpointsAt(at(port))));
    expect(trap.caught).toEqual([]);
    expect(run.exit).toBe(1);
    expect(run.failed.map(({ message }) => message).join('\n')).toMatch(/not asked/);
  });

  it('is asked with --allow-private, and as the configured Keycloak', async () => {
    const trap = await setTrap();
    const base = at(new URL(trap.url).port);
    await validate(await hostileServer(endpointsAt(base)), ['--allow-private']);
    expect(trap.caught.join('\n')).toContain('POST /register');
    trap.caught.length = 0;
    await validate(await hostileServer(endpointsAt(base)), [], { KC_SERVER: new URL(base).origin });
    expect(trap.caught.join('\n')).toContain('POST /register');
  });
});

it('through a proxy it is said that this can’t be checked', async () => {
  const trap = await setTrap();
  const run = await validate(await hostileServer({}), [], { HTTP_PROXY: trap.url.replace('/auth', '') });
  expect(run.err.replaceAll(/\s+/g, ' ')).toContain('can’t be checked here');
  // A proxy that closes each connection keeps no process alive.
  expect(run.exit).toBe(3);
});
