import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { rememberFolder } from '../../../src/config/own-folder.ts';
import { type MemoryIo, memoryIo } from '../../support/memory-io.ts';

const SERVER = 'https://kc.example.com/auth';
const OTHER = 'https://evil.example.com/auth';
const files = {
  '.keycloak-env': `KC_SERVER=${SERVER}\nKC_CLIENT_SECRET=x\nMCPKC_CA_FILE=ca.pem\nMCPKC_ALLOW_HTTP=true\n`,
  'ca.pem': 'an authority',
};
const HOME = { HOME: '/home/op' };

/** Whether an administrator's password may go where the folder's files lead. */
async function isTrusted(io: MemoryIo): Promise<boolean> {
  const { refusals } = await loadConfig({}, io);
  return refusals.administrator === undefined && refusals.account === undefined;
}

/** A folder that `init` wrote, and then what somebody did to it. */
async function afterInit(change: (io: MemoryIo) => void, env: Record<string, string> = HOME) {
  const io = memoryIo({ files, env });
  await rememberFolder(io, { server: SERVER, caFile: 'ca.pem', allowHttp: true });
  change(io);
  return io;
}

const put = (path: string, text: string) => (io: MemoryIo) => void io.disk.set(path, { text, mode: 0o600 });

describe('a folder that init wrote', () => {
  it('is trusted as it was left, and as little as any other before', async () => {
    expect(await isTrusted(memoryIo({ files, env: HOME }))).toBe(false);
    expect(await isTrusted(await afterInit(() => {}))).toBe(true);
  });

  it('is trusted with less in it: no authority of its own, no plain http', async () => {
    const less = put('/here/.keycloak-env', `KC_SERVER=${SERVER}\nKC_CLIENT_SECRET=x\n`);
    expect(await isTrusted(await afterInit(less))).toBe(true);
  });

  it.each([
    ['another server', put('/here/.keycloak-env', files['.keycloak-env'].replace(SERVER, OTHER))],
    [
      'another server in the other file',
      (io: MemoryIo) => {
        put('/here/.keycloak-env', 'KC_REALM=x\n')(io);
        put('/here/config.local.json', JSON.stringify({ KC_SERVER: OTHER }))(io);
      },
    ],
    ['another authority', put('/here/ca.pem', 'an authority of a stranger')],
    [
      'what is kept is no JSON',
      (io: MemoryIo) => {
        for (const path of io.disk.keys()) if (path.includes('/folders/')) put(path, '{')(io);
      },
    ],
  ])('is not trusted after a change: %s', async (_what, change) => {
    expect(await isTrusted(await afterInit(change))).toBe(false);
  });

  it('is not trusted elsewhere, nor where nothing can be kept', async () => {
    const io = await afterInit(() => {});
    const moved = memoryIo({
      files: Object.fromEntries([...io.disk].filter(([path]) => path.startsWith('/home'))),
      cwd: '/there',
      env: HOME,
    });
    for (const [name, text] of Object.entries(files)) put(`/there/${name}`, text)(moved);
    expect(await isTrusted(moved)).toBe(false);
    expect(await isTrusted(await afterInit(() => {}, {}))).toBe(false);
  });
});

it('nothing is warned of where the environment names the server that stands beside the secret', async () => {
  const server = { '.keycloak-env': `KC_SERVER=${SERVER}/\nKC_CLIENT_SECRET=x\n` };
  expect((await loadConfig({}, memoryIo({ files: server, env: { KC_SERVER: SERVER } }))).warnings).toEqual(
    [],
  );
  expect(
    (await loadConfig({}, memoryIo({ files: server, env: { KC_SERVER: OTHER } }))).warnings,
  ).toHaveLength(1);
});
