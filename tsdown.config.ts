import { defineConfig } from 'tsdown';
import { thirdPartyNotices } from './third-party.ts';

export default defineConfig({
  entry: { main: 'src/entry.ts' },
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
  plugins: [thirdPartyNotices()],
});
