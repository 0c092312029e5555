#!/usr/bin/env node
import * as nodeModule from 'node:module';
import { setFlagsFromString } from 'node:v8';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 12)) {
  process.stderr.write(`mcpkc needs Node.js 22.12 or newer; this is ${process.versions.node}.\n`);
  process.exitCode = 2;
} else {
  nodeModule.enableCompileCache();
  // V8 would give what is short-lived 48 MB, and mcpkc holds a page of clients at a time: at 10,000 clients its peak is
  // a quarter lower with less, and it is no slower.
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--max-semi-space-size=4');
  const { main, processIo } = await import('../dist/main.js');
  process.exitCode = await main(process.argv.slice(2), processIo());
}
