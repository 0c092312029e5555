/** `npm run docs`: writes the generated parts of README.md and docs/, and schemas/; `-- --no-screens` needs no Keycloak. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { COMMANDS } from '../src/commands/index.ts';
import { jsonSchemas } from '../src/schemas/index.ts';
import { obtainKeycloak } from '../tools/keycloak/obtain.ts';
import { referencePages } from './reference.ts';
import { captureScreens, type Screens } from './screens.ts';
import { BLOCKS, screenBlock, withBlocks } from './tables.ts';

const ROOT = resolve(import.meta.dirname, '..');

async function screens(): Promise<Screens> {
  const keycloak = await obtainKeycloak({ progress: (line) => process.stderr.write(`${line}\n`) });
  try {
    return await captureScreens(keycloak, join(ROOT, 'bin/mcpkc.js'));
  } finally {
    await keycloak.stop();
  }
}

const captured = process.argv.includes('--no-screens') ? {} : await screens();
const documents = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.md'));
for (const file of ['README.md', ...documents.map((name) => join('docs', name))]) {
  const before = readFileSync(join(ROOT, file), 'utf8');
  const after = withBlocks(before, (name) => {
    const screen = captured[name.replace(/^screen-/, '')];
    return name.startsWith('screen-') ? screen && screenBlock(screen) : BLOCKS[name]?.();
  });
  if (after !== before) writeFileSync(join(ROOT, file), after);
  process.stdout.write(`${after === before ? 'current' : 'written'}  ${file}\n`);
}
rmSync(join(ROOT, 'docs/reference'), { recursive: true, force: true });
mkdirSync(join(ROOT, 'docs/reference'));
for (const [file, text] of Object.entries(referencePages())) writeFileSync(join(ROOT, 'docs', file), text);
rmSync(join(ROOT, 'schemas'), { recursive: true, force: true });
mkdirSync(join(ROOT, 'schemas'));
for (const [file, schema] of Object.entries(jsonSchemas(COMMANDS.map(({ name }) => name))))
  writeFileSync(join(ROOT, 'schemas', file), `${JSON.stringify(schema, undefined, 2)}\n`);
process.exit();
