import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { lookBeside } from '../../src/plan/mcp-look.ts';
import { freePort, startFakeKeycloak } from '../support/fake-keycloak.ts';
import { type MemoryIo, memoryIo } from '../support/memory-io.ts';

/** A look at a URL, and what it warned of by the time that it is asked. */
async function look(resource: string): Promise<{ io: MemoryIo; warned: () => string[] }> {
  const io = memoryIo({ env: { KC_SERVER: 'https://auth.example.com', KC_REALM: 'tools' } });
  const config = await loadConfig({}, io);
  const warnings: string[] = [];
  const voice = { warn: (text: string) => void warnings.push(text) };
  const beside = lookBeside({ io, voice, signal: new AbortController().signal }, config, resource);
  const warned = () => {
    beside.tell();
    return warnings;
  };
  return { io, warned };
}

it('a path where no MCP server is becomes a warning, once, with the URL that the metadata names; no token is sent', async () => {
  const server = await startFakeKeycloak(({ path }) => {
    const resource = `${new URL(server.url).origin}/mcp`;
    return path === '/.well-known/oauth-protected-resource'
      ? { status: 200, json: { resource } }
      : { status: path === '/mcp' ? 401 : 404, text: 'no' };
  });
  const { origin } = new URL(server.url);
  const { warned } = await look(`${origin}/mpc`);
  await expect.poll(() => warned()[0]).toContain(`${origin}/mpc answers 404`);
  expect(warned()).toHaveLength(1);
  expect(warned()[0]).toContain(`The server’s metadata names ${origin}/mcp. If that one is meant`);
  expect(server.got.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  expect(server.got.every(({ headers }) => headers['user-agent']?.startsWith('mcpkc/'))).toBe(true);
  const good = await look(`${origin}/mcp`);
  await expect.poll(() => server.got.filter(({ path }) => path === '/mcp').length).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(good.warned()).toEqual([]);
});

it('a server that isn’t there, or asks for no token, is told with the next command', async () => {
  const nowhere = `http://127.0.0.1:${await freePort()}/mcp`;
  const absent = await look(nowhere);
  await expect.poll(() => absent.warned()[0]).toContain('nothing listens there');
  expect(absent.warned()[0]).toContain(`\nmcpkc validate ${nowhere}`);
  const open = await startFakeKeycloak(() => ({ status: 405, text: 'POST only' }));
  const { warned } = await look(`${open.url}/mcp`);
  await expect.poll(() => warned()[0]).toContain(`it isn’t protected yet`);
  expect(warned()[0]).toContain(`\nmcpkc env ${open.url}/mcp`);
});

it('nobody waits for an answer: a silent server warns of nothing, and the request ends with the run', async () => {
  let ended = false;
  const server = await startFakeKeycloak(() => (response) => {
    response.on('close', () => {
      ended = true;
    });
  });
  const { io, warned } = await look(`${server.url}/mcp`);
  await expect.poll(() => server.got.length).toBe(1);
  expect(warned()).toEqual([]);
  io.end();
  await expect.poll(() => ended).toBe(true);
  expect(warned()).toEqual([]);
});

it('names of documentation are asked nothing', async () => {
  for (const url of [
    'https://svc.example.com/mcp',
    'https://svc.team.example/mcp',
    'https://x.invalid/mcp',
  ]) {
    const { warned } = await look(url);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(warned()).toEqual([]);
  }
});
