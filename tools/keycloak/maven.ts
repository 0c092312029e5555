import { spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Env, findMaven, type Progress } from './tools.ts';

const ARTIFACT = 'keycloak-quarkus-dist';
const ABOUT_MB = 177;
const LIMIT = 20 * 60_000;

/** Lets Maven fetch the server's zip into `folder` and returns the file. Maven verifies the checksum as it comes. */
export async function fetchZip(
  version: string,
  folder: string,
  env: Env,
  progress: Progress,
): Promise<string> {
  const mvn = findMaven(env);
  progress(`Fetching Keycloak ${version} (${ABOUT_MB} MB, once) …`);
  const args = [
    '--batch-mode',
    '--strict-checksums',
    'dependency:copy',
    `-Dartifact=org.keycloak:${ARTIFACT}:${version}:zip`,
    `-DoutputDirectory=${folder}`,
  ];
  const watch = watchDownload(version, env, progress);
  const output = await run(mvn, args, folder, env).finally(() => clearInterval(watch));
  const zip = join(folder, `${ARTIFACT}-${version}.zip`);
  if (output.status !== 0) throw new Error(mavenFailure(version, args, output.text));
  await assertWholeZip(zip);
  return zip;
}

/** A zip ends in a directory of its files; one that was cut off does not. */
export async function assertWholeZip(zip: string): Promise<void> {
  const damaged = `The zip ${zip} is damaged; remove Maven's copy of ${ARTIFACT} from its local repository and try again`;
  const file = await open(zip);
  try {
    const { size } = await file.stat();
    const tail = Buffer.alloc(Math.min(size, 65_557));
    await file.read(tail, 0, tail.length, size - tail.length);
    const end = tail.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
    if (end < 0 || end + 22 > tail.length) throw new Error(`${damaged} (it has no directory).`);
    const directory = tail.readUInt32LE(end + 12) + tail.readUInt32LE(end + 16);
    if (directory !== size - tail.length + end) throw new Error(`${damaged} (its parts don't add up).`);
  } finally {
    await file.close();
  }
}

function mavenFailure(version: string, args: string[], output: string): string {
  const lines = output.split('\n').filter((line) => line.includes('[ERROR]'));
  return [
    `Maven could not fetch Keycloak ${version}:`,
    ...(lines.length > 0 ? lines : output.trimEnd().split('\n')).slice(0, 6).map((line) => `  ${line}`),
    `To see all of it: mvn ${args.join(' ')}`,
    'Is the machine online, and the version right (MCPKC_KEYCLOAK_VERSION)? KEYCLOAK_HOME names a server that is unpacked already.',
  ].join('\n');
}

/** Maven's folder is neutral ground: no project there, whose settings would count. */
function run(
  command: string,
  args: string[],
  cwd: string,
  env: Env,
): Promise<{ status: number | null; text: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: LIMIT });
    let text = '';
    const add = (chunk: string) => {
      text += chunk;
    };
    child.stdout.setEncoding('utf8').on('data', add);
    child.stderr.setEncoding('utf8').on('data', add);
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, text }));
  });
}

/** Says every tenth how far it is, by the size of the file that Maven is writing in its usual place. */
function watchDownload(version: string, env: Env, progress: Progress): NodeJS.Timeout {
  const folder = join(env.HOME || homedir(), '.m2/repository/org/keycloak', ARTIFACT, version);
  const before = largestZip(folder);
  let told = 0;
  return setInterval(() => {
    const size = largestZip(folder);
    const tenth = Math.min(10, Math.floor(((size / 1e6 + 1) / ABOUT_MB) * 10));
    if (size === before || tenth <= told) return;
    told = tenth;
    progress(`  ${Math.round(size / 1e6)} of about ${ABOUT_MB} MB (${tenth * 10} %)`);
  }, 500);
}

function largestZip(folder: string): number {
  try {
    const sizes = readdirSync(folder).map((name) =>
      name.includes('.zip') ? statSync(join(folder, name)).size : 0,
    );
    return Math.max(0, ...sizes);
  } catch {
    return 0;
  }
}
