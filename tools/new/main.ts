/** `npm run new -- <what> <name>`: the stub of a new product, finding, check, kind or command, its test, and the lines in the lists. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Edits } from './edits.ts';
import { STUBS } from './stubs.ts';

const USAGE = `npm run new -- product <name>            a client product: src/products/<name>.ts
npm run new -- finding <group>/<CODE>    a rule of status in src/findings/<group>.ts
npm run new -- check <file>/<ID>         a check of validate in src/checks/<file>.ts
npm run new -- kind <name>               a kind of thing that is written: src/plan/kinds/<name>.ts and its writer
npm run new -- command <name>            a command: src/commands/<name>/`;

const ROOT = join(import.meta.dirname, '../..');
const [what = '', name = '', ...rest] = process.argv.slice(2);
const stub = STUBS[what];
if (stub === undefined || rest.length > 0 || !stub.name.test(name)) {
  if (stub !== undefined && name !== '')
    process.stderr.write(`'${name}' is not a name for a ${what}: ${stub.like}\n\n`);
  process.stderr.write(`${USAGE}\n`);
  process.exit(2);
}
const edits = new Edits(ROOT);
const todo = stub.make(edits, name);
const problem = edits.problem();
if (problem !== undefined) {
  process.stderr.write(`${problem} Nothing was written.\n`);
  process.exit(1);
}
edits.write();
const biome = join(ROOT, 'node_modules/.bin/biome');
if (existsSync(biome)) spawnSync(biome, ['check', '--write', ...edits.paths], { cwd: ROOT, stdio: 'ignore' });
process.stdout.write(`Written:\n${edits.paths.map((path) => `  ${path}`).join('\n')}\n`);
process.stdout.write(
  `\nTo do; \`npm run typecheck\` names each TODO, the tests the rest:\n${todo.map((one) => `  - ${one}`).join('\n')}\n`,
);
