import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findDistribution } from '../../../tools/keycloak/distribution.ts';
import { assertWholeZip } from '../../../tools/keycloak/maven.ts';
import { obtainKeycloak } from '../../../tools/keycloak/obtain.ts';
import { cacheFolder, type Env, javaMajor } from '../../../tools/keycloak/tools.ts';
import { unpack, unpackers } from '../../../tools/keycloak/unpack.ts';
import { fakeJava, fakeMaven, scratch, script, serverFiles, writeTree, zipOf } from './fakes.ts';

let folder: string;
let remove: () => void;
let env: Env;

beforeEach(() => {
  ({ folder, remove } = scratch());
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const unzip = unpackers('', '', process.env)[0];
  if (unzip) script(join(bin, 'unzip'), unzipWith(unzip.command));
  env = { PATH: bin, HOME: folder, XDG_CACHE_HOME: join(folder, 'cache') };
});
afterEach(() => remove());

/** This machine's unpacker under the name and with the arguments of unzip. */
function unzipWith(command: string): string {
  const path = `PATH='${process.env.PATH}'; export PATH`;
  if (command.endsWith('python3')) return `${path}\nexec '${command}' -m zipfile -e "$3" "$5"`;
  if (command.endsWith('jar')) return `${path}\ncd "$5" && exec '${command}' xf "$3"`;
  return `exec '${command}' "$@"`;
}

function zipFile(version: string): string {
  const inside = Object.entries(serverFiles(version)).map(([name, text]) => [
    `keycloak-${version}/${name}`,
    text,
  ]);
  const file = join(folder, 'server.zip');
  writeFileSync(file, zipOf(Object.fromEntries(inside)));
  return file;
}

describe('where the server comes from', () => {
  test('KEYCLOAK_HOME goes before the cache and takes no Maven', async () => {
    fakeJava(folder);
    const home = join(folder, 'own');
    writeTree(home, serverFiles('26.4.5'));
    writeTree(join(cacheFolder(env), 'keycloak-26.7.4'), serverFiles('26.7.4'));
    expect(await findDistribution({ ...env, KEYCLOAK_HOME: home })).toMatchObject({
      home,
      version: '26.4.5',
    });
  });

  test('the cache goes before Maven', async () => {
    fakeJava(folder);
    fakeMaven(folder);
    const home = join(cacheFolder(env), 'keycloak-26.7.4');
    writeTree(home, serverFiles('26.7.4'));
    expect(await findDistribution(env)).toMatchObject({ home, version: '26.7.4', javaMajor: 17 });
    expect(existsSync(join(folder, 'calls'))).toBe(false);
  });

  test('an empty cache is filled through Maven, with the version that is asked for', async () => {
    fakeJava(folder);
    fakeMaven(folder, zipFile('26.5.6'));
    const lines: string[] = [];
    const found = await findDistribution({ ...env, MCPKC_KEYCLOAK_VERSION: '26.5.6' }, (line) =>
      lines.push(line),
    );
    expect(readFileSync(join(folder, 'calls'), 'utf8')).toBe(
      'org.keycloak keycloak-quarkus-dist 26.5.6 zip\n',
    );
    expect(found.home).toBe(join(folder, 'cache/mcpkc/keycloak-26.5.6'));
    expect(() => accessSync(join(found.home, 'bin/kc.sh'), constants.X_OK)).not.toThrow();
    expect(readdirSync(join(folder, 'cache/mcpkc'))).toEqual(['keycloak-26.5.6']);
    expect(lines).toEqual(['Fetching Keycloak 26.5.6 (177 MB, once) …', 'Unpacking …']);
  });

  test('two first runs at once fetch once and both see all of it', async () => {
    fakeJava(folder);
    fakeMaven(folder, zipFile('26.7.4'));
    const lines: string[] = [];
    const runs = [1, 2, 3].map(() => findDistribution(env, (line) => lines.push(line)));
    const homes = (await Promise.all(runs)).map(({ home }) => home);
    expect(new Set(homes).size).toBe(1);
    expect(readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n')).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith('Another run'))).toHaveLength(2);
  });

  test('MCPKC_TEST_KEYCLOAK_URL goes before starting one', async () => {
    const start = async () => {
      throw new Error('was started');
    };
    await expect(obtainKeycloak({ env: {}, start })).rejects.toThrow('was started');
    const there: Env = { MCPKC_TEST_KEYCLOAK_URL: 'http://127.0.0.1:1/auth/' };
    await expect(obtainKeycloak({ env: there, start })).rejects.toThrow('MCPKC_TEST_KEYCLOAK_ADMIN_PASSWORD');
    const complete = { ...there, MCPKC_TEST_KEYCLOAK_ADMIN_PASSWORD: 'x' };
    await expect(obtainKeycloak({ env: complete, start })).rejects.toThrow("can't be used");
  });
});

describe('what is missing or broken', () => {
  test('no Java', async () => {
    await expect(findDistribution(env)).rejects.toThrow(
      /needs Java 17 or later, and there is no java on the PATH[\s\S]*Install a JDK[\s\S]*KEYCLOAK_HOME=[\s\S]*MCPKC_TEST_KEYCLOAK_URL=/,
    );
    await expect(findDistribution({ ...env, JAVA_HOME: '/nowhere' })).rejects.toThrow(
      'JAVA_HOME (/nowhere) has no bin/java',
    );
  });

  test('an old Java', async () => {
    fakeJava(folder, '1.8.0_402');
    await expect(findDistribution(env)).rejects.toThrow(/bin\/java is Java 8\./);
    expect(javaMajor('openjdk version "21" 2023-09-19')).toBe(21);
  });

  test('no Maven', async () => {
    fakeJava(folder);
    await expect(findDistribution(env)).rejects.toThrow(
      /no mvn on the PATH[\s\S]*Install Maven[\s\S]*KEYCLOAK_HOME=[\s\S]*MCPKC_TEST/,
    );
    expect(readdirSync(join(folder, 'cache/mcpkc'))).toEqual([]);
  });

  test('Maven fails', async () => {
    fakeJava(folder);
    fakeMaven(folder);
    await expect(findDistribution(env)).rejects.toThrow(
      /could not fetch Keycloak 26\.7\.4:\n {2}\[ERROR\] Could not find artifact/,
    );
    expect(readdirSync(join(folder, 'cache/mcpkc'))).toEqual([]);
  });

  test('a zip that was cut off leaves nothing in the cache', async () => {
    fakeJava(folder);
    const zip = zipFile('26.7.4');
    await expect(assertWholeZip(zip)).resolves.toBeUndefined();
    writeFileSync(zip, readFileSync(zip).subarray(0, -30));
    fakeMaven(folder, zip);
    await expect(findDistribution(env)).rejects.toThrow(/is damaged/);
    expect(readdirSync(join(folder, 'cache/mcpkc'))).toEqual([]);
  });

  test('a zip with a flipped byte', async () => {
    fakeJava(folder);
    const zip = zipFile('26.7.4');
    const bytes = readFileSync(zip);
    bytes[bytes.indexOf('exit 1')] = 0x58;
    writeFileSync(zip, bytes);
    fakeMaven(folder, zip);
    await expect(findDistribution(env)).rejects.toThrow(/could not be unpacked/);
  });

  test('another version than was asked for', async () => {
    fakeJava(folder);
    fakeMaven(folder, zipFile('26.4.0'));
    await expect(findDistribution(env)).rejects.toThrow('was asked for Keycloak 26.7.4 and brought 26.4.0');
  });

  test('a home that is no server', async () => {
    fakeJava(folder);
    await expect(findDistribution({ ...env, KEYCLOAK_HOME: folder })).rejects.toThrow(
      /KEYCLOAK_HOME .*bin\/kc\.sh is missing/,
    );
    await expect(findDistribution({ ...env, MCPKC_KEYCLOAK_VERSION: '../x' })).rejects.toThrow(
      'is no version',
    );
  });
});

describe('unpacking', () => {
  test('goes by whatever is there, and on to the next when one fails', async () => {
    const zip = zipFile('26.7.4');
    for (const { command } of unpackers('', '', process.env)) {
      const name = basename(command);
      const to = join(folder, `by-${name}`);
      const path = join(folder, `only-${name}`);
      mkdirSync(to);
      script(join(path, name), `PATH='${process.env.PATH}' exec '${command}' "$@"`);
      await unpack(zip, to, { ...process.env, PATH: path });
      expect(readFileSync(join(to, 'keycloak-26.7.4/version.txt'), 'utf8')).toContain('26.7.4');
    }
  });

  test('without any says what to install', async () => {
    await expect(unpack('a.zip', folder, { PATH: '/nowhere' })).rejects.toThrow(/unzip, jar .* or python3/);
  });
});
