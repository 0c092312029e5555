import { join } from 'node:path';
import { defineConfig } from 'tsdown';
import { thirdPartyNotices } from './third-party.ts';

const ENTRY = 'src/entry.ts';

/** What the bundler knows of a module. */
interface Modules {
  getModuleInfo(id: string): { importedIds: readonly string[] } | null;
}

let start: ReadonlySet<string> | undefined;

/** The modules that are loaded before a command is: the entry and what it imports, not what it loads later. */
function modulesAtStart(modules: Modules): ReadonlySet<string> {
  const found = new Set<string>();
  const left = [join(import.meta.dirname, ENTRY)];
  for (let id = left.pop(); id !== undefined; id = left.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    left.push(...(modules.getModuleInfo(id)?.importedIds ?? []));
  }
  return found;
}

/**
 * One file for the start, one for what four commands or more share: left to itself the bundler makes a file of each set
 * of sharers, and `validate` reads 54 files instead of 8. Of the processor time of `validate`, `create-scope`, `status`,
 * `--help` that saves 23, 20, 14 and 5 ms on two cores.
 */
const FILES = {
  groups: [
    {
      name: (id: string, modules: Modules) => {
        start ??= modulesAtStart(modules);
        return start.has(id) ? 'start' : null;
      },
      debugName: 'start',
      priority: 2,
    },
    { name: 'shared', minShareCount: 4, priority: 1 },
  ],
};

export default defineConfig({
  entry: { main: ENTRY },
  format: 'esm',
  platform: 'node',
  target: 'node22.12',
  outDir: 'dist',
  dts: false,
  sourcemap: false,
  minify: false,
  fixedExtension: false,
  // Everything is in the bundle: installing mcpkc installs one package, and start-up reads few files.
  deps: { alwaysBundle: [/.*/], onlyBundle: false },
  // jsonc-parser's other form (UMD) requires files by names that no bundler follows.
  inputOptions: { resolve: { mainFields: ['module', 'main'] } },
  outputOptions: { codeSplitting: FILES },
  plugins: [thirdPartyNotices()],
});
