/** `npm run executable -- <file>`: mcpkc as one Linux executable, its checksum, licences and bill of materials. */
import { buildExecutable } from './build.ts';

const [file] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write('npm run executable -- <file>\n');
  process.exitCode = 2;
} else {
  buildExecutable(file);
  for (const end of ['', '.sha256', '.THIRD-PARTY.md', '.cdx.json']) process.stdout.write(`${file}${end}\n`);
}
