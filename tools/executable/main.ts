/** `npm run executable -- <file>`: mcpkc as one Linux executable, and its checksum. */
import { buildExecutable } from './build.ts';

const [file] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write('npm run executable -- <file>\n');
  process.exitCode = 2;
} else {
  buildExecutable(file);
  process.stdout.write(`${file}\n${file}.sha256\n`);
}
