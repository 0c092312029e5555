import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const NOT_COPIED = ['.git', 'node_modules', 'dist', 'test-results', 'coverage'];

/** The package as somebody has it who installed it into an empty folder. */
export interface Installed {
  /** The folder with nothing but the installation. */
  folder: string;
  /** Paths in the package, sorted. */
  files: string[];
  /** Names of all packages that were installed. */
  packages: string[];
  /** Runs the installed command with a Node, this one unless told; throws unless it ends with 0. */
  run(args: readonly string[], node?: string): string;
  /** Runs it under Node with these options, and gives what it wrote to stderr. */
  runWith(options: readonly string[], args: readonly string[]): string;
  remove(): void;
}

/**
 * Packs a copy of this project with a bundle that was built before, and installs the tarball into an empty folder without
 * a registry. A copy, and without scripts: packing here would build again, under the feet of anybody who runs the bundle.
 */
export function packAndInstall(dist: string): Installed {
  const folder = mkdtempSync(join(tmpdir(), 'mcpkc-package-'));
  const copy = join(folder, 'copy');
  for (const name of readdirSync(ROOT)) {
    if (!NOT_COPIED.includes(name)) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  }
  cpSync(dist, join(copy, 'dist'), { recursive: true });
  npm(copy, ['pack', '--ignore-scripts', '--pack-destination', folder]);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  writeFileSync(join(empty, 'package.json'), '{"private":true}');
  npm(empty, ['install', '--offline', '--no-audit', '--no-fund', join(folder, tarball)]);
  const installed = join(empty, 'node_modules/mcpkc');
  return {
    folder: empty,
    files: readdirSync(installed, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile())
      .map((one) => join(one.parentPath, one.name).slice(installed.length + 1))
      .sort(),
    packages: readdirSync(join(empty, 'node_modules')).filter((name) => !name.startsWith('.')),
    run: (args, node = process.execPath) => run(node, [join(installed, 'bin/mcpkc.js'), ...args], empty),
    runWith: (options, args) => {
      const command = [...options, join(installed, 'bin/mcpkc.js'), ...args];
      return spawnSync(process.execPath, command, { cwd: empty, encoding: 'utf8' }).stderr;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Runs npm, whose own settings and those of a run around it are left out. */
export function npm(cwd: string, args: readonly string[]): string {
  return run('npm', args, cwd);
}

function run(command: string, args: readonly string[], cwd: string): string {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(npm_(?!config_(cache|registry))|KC_|MCP_|MCPKC_|OIDC_)/i.test(name),
    ),
  );
  return execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
