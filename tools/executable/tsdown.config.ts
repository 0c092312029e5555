import { defineConfig } from 'tsdown';

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
  // It advises against CommonJS, which is what is wanted here.
  logLevel: 'error',
});
