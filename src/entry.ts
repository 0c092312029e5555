/** What the bundle gives to `bin/mcpkc.js`. */
export { processIo } from './cli/io.ts';
export { main } from './main.ts';
