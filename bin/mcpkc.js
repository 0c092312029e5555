#!/usr/bin/env node
import * as nodeModule from 'node:module';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 12)) {
  process.stderr.write(`mcpkc needs Node.js 22.12 or newer; this is ${process.versions.node}.\n`);
  process.exitCode = 2;
} else {
  nodeModule.enableCompileCache();
  const { main, processIo } = await import('../dist/main.js');
  process.exitCode = await main(process.argv.slice(2), processIo());
}
