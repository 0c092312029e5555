/** The exports of the bundle for `bin/mcpkc.js`. */
export { processIo } from './cli/io.ts';
export { main } from './main.ts';
