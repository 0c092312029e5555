import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { COMMANDS } from '../../src/commands/index.ts';
import { billProblems } from '../support/software-bill-schema.ts';
import { type Installed, packAndInstall } from './installed.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
let installed: Installed;

beforeAll(() => {
  installed = packAndInstall(join(dirname(inject('mcpkcBin')), '../dist'));
});
afterAll(() => installed.remove());

describe('the package, installed into an empty folder without a registry', () => {
  it('is one package and brings no other', () => {
    expect(installed.packages).toEqual(['mcpkc']);
    expect(manifest).not.toHaveProperty('dependencies');
  });

  it('holds the bundle, the documents and nothing of development', () => {
    const outside = installed.files.filter(
      (file) => !/^(?:dist\/[\w-]+\.js|schemas\/[\w-]+\.schema\.json)$/.test(file),
    );
    expect(outside).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'bin/mcpkc.js',
      'config.sample.json',
      'dist/THIRD-PARTY.md',
      'dist/sbom.cdx.json',
      'package.json',
    ]);
  });

  it('holds the schema that every document names', () => {
    const named = JSON.parse(installed.run(['presets', '--json'])).$schema as string;
    expect(named).toBe(`urn:mcpkc:schema:presets:${manifest.version}`);
    for (const { name } of COMMANDS) expect(installed.files).toContain(`schemas/${name}.schema.json`);
  });

  it('runs nothing while it is installed', () => {
    const scripts = Object.keys(manifest.scripts);
    expect(scripts.filter((name) => /^(pre|post)?install$/.test(name))).toEqual([]);
  });

  it('says the version of its manifest, which the changelog begins with', () => {
    expect(installed.run(['--version'])).toBe(`${manifest.version}\n`);
    const changelog = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8');
    const [newest, before] = [...changelog.matchAll(/^## (\S+)/gm)].map(([, heading]) => heading);
    expect(newest === 'Unreleased' ? before : newest).toBe(manifest.version);
  });

  it('shows help, and each command’s', () => {
    const help = installed.run(['--help']);
    for (const { name } of COMMANDS) {
      expect(help).toContain(`  ${name} `);
      expect(installed.run([name, '--help'])).toContain(`Usage: mcpkc ${name}`);
    }
  });

  it('names each bundled package with its licence', () => {
    const notices = readFileSync(join(installed.folder, 'node_modules/mcpkc/dist/THIRD-PARTY.md'), 'utf8');
    for (const name of ['commander', 'zod', 'undici', '@keycloak/keycloak-admin-client', 'chalk', 'ora']) {
      expect(notices).toMatch(new RegExp(`^- ${name} \\d+\\.\\d+\\.\\d+ \\(\\S+\\)$`, 'm'));
    }
  });
});

it('has a software bill of materials, CycloneDX 1.6, of what is bundled and nothing else', () => {
  const folder = join(installed.folder, 'node_modules/mcpkc/dist');
  const bill = JSON.parse(readFileSync(join(folder, 'sbom.cdx.json'), 'utf8'));
  expect(billProblems(bill)).toBeUndefined();
  expect(billProblems({ ...bill, components: [{ type: 'library' }] })).toContain('name');
  const notices = readFileSync(join(folder, 'THIRD-PARTY.md'), 'utf8');
  const listed = [...notices.matchAll(/^- (\S+) (\S+) \(/gm)].map(
    ([, name, version]) => `${name}@${version}`,
  );
  const billed = bill.components.map(({ purl }: { purl: string }) => decodeURIComponent(purl.slice(8)));
  expect(billed.sort()).toEqual(listed.sort());
  expect(bill.metadata.component).toMatchObject({ name: 'mcpkc', version: manifest.version });
});

describe('starting up', () => {
  /** A word that stands in the code of a package and nowhere else in the bundle's third-party code. */
  const MARKS = {
    zod: '$ZodError',
    undici: 'UND_ERR_INVALID_ARG',
    ora: 'is-unicode-supported',
    'the admin client': 'kiota',
  };

  /** The files of the bundle that a run loads. */
  function files(args: readonly string[]): string[] {
    const hook = `import { registerHooks } from 'node:module'; registerHooks({ load(url, context, next) {
      process.stderr.write('LOADED ' + url + '\\n'); return next(url, context); } });`;
    const said = installed.runWith(['--import', `data:text/javascript,${encodeURIComponent(hook)}`], args);
    return [...said.matchAll(/^LOADED file:\/\/(\S+\/dist\/\S+)$/gm)].map(([, file = '']) => file);
  }

  /** Which of them it loads. */
  const loaded = (args: readonly string[]) =>
    marked(
      files(args)
        .map((file) => readFileSync(file, 'utf8'))
        .join('\n'),
    );

  function marked(code: string): string[] {
    return Object.entries(MARKS).flatMap(([name, mark]) => (code.includes(mark) ? [name] : []));
  }

  it('can tell: every mark stands in the bundle', () => {
    const dist = join(installed.folder, 'node_modules/mcpkc/dist');
    const all = readdirSync(dist).map((file) =>
      file.endsWith('.js') ? readFileSync(join(dist, file), 'utf8') : '',
    );
    expect(marked(all.join('\n'))).toEqual(Object.keys(MARKS));
    expect(loaded(['status', '--realm', 'x'])).toContain('zod');
  });

  it('loads nothing of the bundle for --version, and none of the large packages for --help', () => {
    expect(files(['--version'])).toEqual([]);
    expect(installed.run(['-V'])).toBe(installed.run(['--version']));
    expect(files(['--help']).length).toBeGreaterThan(0);
    expect(loaded(['--help'])).toEqual([]);
  });

  it.each(COMMANDS.map(({ name }) => name))('loads no client and no animation for %s --help', (name) => {
    expect(loaded([name, '--help']).filter((one) => one !== 'zod')).toEqual([]);
  });
});
