/** What the executable runs: the program of `bin/mcpkc.js`, on the Node that it brings. */
import { main, processIo } from '../../src/entry.ts';

void main(process.argv.slice(2), processIo()).then((status) => {
  process.exitCode = status;
});
