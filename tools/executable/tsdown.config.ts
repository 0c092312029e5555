import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { defineConfig } from 'tsdown';
import { thirdPartyNotices } from '../../third-party.ts';

/** The package that the executable's Node is from: it has the licences of Node and of all that is compiled into it. */
const NODE = dirname(
  createRequire(createRequire(import.meta.url).resolve('node/package.json')).resolve(
    `node-linux-${process.arch}/package.json`,
  ),
);

/** One CommonJS file: what a single executable of Node 24 takes. */
export default defineConfig({
  entry: { entry: 'entry.ts' },
  format: 'cjs',
  platform: 'node',
  target: 'node24',
  dts: false,
  sourcemap: false,
  minify: false,
  deps: { alwaysBundle: [/.*/], onlyBundle: false },
  inputOptions: { resolve: { mainFields: ['module', 'main'] } },
  outputOptions: { codeSplitting: false },
  plugins: [thirdPartyNotices(NODE)],
  // It advises against CommonJS, which is what is wanted here.
  logLevel: 'error',
});
