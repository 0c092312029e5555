#!/usr/bin/env node
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import * as nodeModule from 'node:module';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 12)) {
  process.stderr.write(`mcpkc needs Node.js 22.12 or newer; this is ${process.versions.node}.\n`);
  process.exitCode = 2;
} else if (process.argv.length === 3 && ['--version', '-V'].includes(process.argv[2])) {
  // Scripts ask for it at every start: nothing of the bundle is loaded.
  const { readFileSync } = process.getBuiltinModule('node:fs');
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  process.stdout.write(`${JSON.parse(manifest).version}\n`);
} else {
  const cache = cacheFolder(process.env);
  if (cache !== undefined) nodeModule.enableCompileCache(cache);
  tuneForRequests();
  const { main, processIo } = await import('../dist/main.js');
  process.exitCode = await main(process.argv.slice(2), processIo());
}

/**
 * The folder of compiled code: one that belongs to the user, who alone may write it. Node's own is in the folder for
 * temporary files, where others can put theirs first, and it runs what it finds there. Undefined without such a folder.
 */
function cacheFolder({ NODE_COMPILE_CACHE, XDG_CACHE_HOME, HOME, LOCALAPPDATA }) {
  if (NODE_COMPILE_CACHE) return NODE_COMPILE_CACHE;
  if (process.platform === 'win32') return LOCALAPPDATA && `${LOCALAPPDATA}/mcpkc/cache`;
  const { statSync } = process.getBuiltinModule('node:fs');
  const isOwn = (folder) => statSync(folder, { throwIfNoEntry: false })?.uid === process.getuid();
  if (XDG_CACHE_HOME?.startsWith('/')) return isOwn(XDG_CACHE_HOME) ? `${XDG_CACHE_HOME}/mcpkc` : undefined;
  return HOME?.startsWith('/') && isOwn(HOME) ? `${HOME}/.cache/mcpkc` : undefined;
}

/**
 * Takes memory from what talks to a server, once it does: a flag of V8 that changes before modules are loaded makes it
 * compile them anew, Node's own too. Node's fetch parses HTTP in WebAssembly; without the optimising compiler for that
 * the peak is 11 to 22 MB lower, and nothing is slower (V8 heeds neither of the two flags alone; Node 22 to 26). What runs
 * longer reads many clients, a page at a time: from then on the young generation stays as large as it is, at 10,000
 * clients 25 MB less; from the start on it would cost short commands a seventh more processor time. And the heap grows by
 * a third before it is cleaned up, where V8 would let it triple: 54 MB less for a file of 50 realms, at the same
 * processor time (Node 24).
 */
function tuneForRequests() {
  const begin = () => {
    const { setFlagsFromString } = process.getBuiltinModule('node:v8');
    unsubscribe('undici:request:create', begin);
    for (const flag of ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering', '--heap-growing-percent=33'])
      setFlagsFromString(flag);
    setTimeout(() => setFlagsFromString('--semi-space-growth-factor=1'), 400).unref();
  };
  subscribe('undici:request:create', begin);
}
