/**
 * `npm run suite -- executable`: mcpkc as one Linux executable does the demo's main job in a chroot that has the shared
 * libraries which `ldd` names, and nothing else: no Node, no /etc, no certificates. Takes root, as chroot does.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { COMMANDS } from '../../src/commands/index.ts';
import { buildExecutable } from '../../tools/executable/build.ts';
import { billProblems } from '../support/software-bill-schema.ts';

/** Coreutils' own place on Debian, Ubuntu and Fedora. */
const CHROOT = '/usr/sbin/chroot';
const ROOT = resolve(import.meta.dirname, '../..');
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

const folder = mkdtempSync(join(tmpdir(), 'mcpkc-chroot-'));
try {
  const made = join(folder, 'mcpkc');
  buildExecutable(made);
  const [sum, name] = readFileSync(`${made}.sha256`, 'utf8').trim().split('  ');
  assert.equal(name, 'mcpkc');
  assert.equal(sum, createHash('sha256').update(readFileSync(made)).digest('hex'));
  const bill = JSON.parse(readFileSync(`${made}.cdx.json`, 'utf8'));
  assert.equal(billProblems(bill), undefined);
  const notices = readFileSync(`${made}.THIRD-PARTY.md`, 'utf8');
  const inFile = execFileSync(join(ROOT, 'node_modules/node/bin/node'), ['--version'], { encoding: 'utf8' });
  const node = bill.components.find(({ purl }: { purl: string }) => purl.startsWith('pkg:generic/node@'));
  assert.equal(`v${node?.version}\n`, inFile, 'the bill names the Node that is in the executable');
  assert.match(notices, /Node\.js is licensed for use as follows/);
  for (const { group, name } of bill.components)
    assert.ok(
      notices.includes(`- ${group === undefined ? '' : `${group}/`}${name} `),
      `no licence of ${name}`,
    );
  for (const beside of ['sha256', 'cdx.json', 'THIRD-PARTY.md']) rmSync(`${made}.${beside}`);
  const libraries = [...execFileSync('ldd', [made], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)];
  for (const [, library = ''] of libraries) {
    mkdirSync(join(folder, dirname(library)), { recursive: true });
    copyFileSync(library, join(folder, library));
  }
  const inside = (...args: string[]) => {
    const ran = spawnSync(CHROOT, [folder, '/mcpkc', ...args], { encoding: 'utf8', env: {} });
    assert.equal(ran.status, 0, `mcpkc ${args.join(' ')}: ${ran.error ?? ran.stderr}`);
    assert.equal(ran.stderr, '');
    return ran.stdout;
  };
  assert.equal(inside('--version'), `${version}\n`);
  for (const { name: command } of COMMANDS) assert.match(inside(command, '--help'), /^Usage: mcpkc /);
  assert.equal(JSON.parse(inside('presets', '--json')).schema, 'mcpkc/presets/v1');
  process.stdout.write(
    `alone in a chroot with ${libraries.length} libraries: ${readdirSync(folder).join(' ')}\n`,
  );
  const demo = spawnSync(process.execPath, [join(ROOT, 'examples/demo/main.ts')], {
    stdio: 'inherit',
    env: { ...process.env, MCPKC_DEMO_COMMAND: JSON.stringify([CHROOT, folder, '/mcpkc']) },
  });
  assert.equal(demo.status, 0, 'the demo failed');
  process.stdout.write('The executable did the demo’s main job in the chroot.\n');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
