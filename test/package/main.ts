/** `npm run test:package`: the installed package on each supported Node, got from the npm package `node`. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMMANDS } from '../../src/commands/index.ts';
import { npm, packAndInstall } from './installed.ts';

/** The oldest that is supported, the one of development, and the newest. */
const NODES = ['22.12', '24', 'latest'];
const { version } = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8'),
);

const installed = packAndInstall(fileURLToPath(new URL('../../dist', import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), 'mcpkc-nodes-'));
try {
  for (const wanted of NODES) {
    const home = join(folder, wanted);
    mkdirSync(home);
    // The package's own script is what fetches the binary.
    writeFileSync(join(home, 'package.json'), '{"private":true,"allowScripts":{"node":true}}');
    npm(home, ['install', '--no-audit', '--no-fund', `node@${wanted}`]);
    const node = join(home, 'node_modules/node/bin/node');
    assert.equal(installed.run(['--version'], node), `${version}\n`);
    for (const { name } of COMMANDS) assert.match(installed.run([name, '--help'], node), /^Usage: mcpkc /);
    const presets = JSON.parse(installed.run(['presets', '--json'], node));
    assert.equal(presets.schema, 'mcpkc/presets/v1');
    process.stdout.write(`works on Node ${execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()}\n`);
  }
} finally {
  installed.remove();
  rmSync(folder, { recursive: true, force: true });
}
