import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Packaged, softwareBill } from './software-bill.ts';

/** A package whose code is in the bundle. */
interface Bundled extends Packaged {
  /** The text of its licence file, or where its manifest says that it is from. */
  text: string;
}

interface Manifest {
  name: string;
  version: string;
  license?: unknown;
  author?: string | { name?: string };
  repository?: string | { url?: string };
}

/** What this needs of a rolldown plugin: all modules of the bundle pass by, then one file is added to it. */
interface NoticesPlugin {
  name: string;
  generateBundle(
    this: { emitFile(file: { type: 'asset'; fileName: string; source: string }): string },
    options: unknown,
    bundle: Record<string, { type: string; moduleIds?: string[] }>,
  ): void;
}

/**
 * Writes `THIRD-PARTY.md` and the software bill of materials `sbom.cdx.json` beside the bundle: each package whose code is in it, with its licence in full, as these
 * licences ask for. A package without a licence file is named with what its manifest says; without even a licence's name
 * the build fails. `node` is the folder of the package of Node itself, where that is in the same file as the bundle.
 */
export function thirdPartyNotices(node?: string): NoticesPlugin {
  return {
    name: 'third-party-notices',
    generateBundle(_options, bundle) {
      const ids = Object.values(bundle).flatMap(({ moduleIds = [] }) => moduleIds);
      const folders = new Set(ids.map(packageFolder).filter((folder) => folder !== undefined));
      const runtime = node === undefined ? [] : [readNode(node)];
      const packages = [...runtime, ...[...folders].map(read)].sort((a, b) => (a.name < b.name ? -1 : 1));
      this.emitFile({ type: 'asset', fileName: 'THIRD-PARTY.md', source: notices(packages) });
      const mcpkc = read(import.meta.dirname);
      this.emitFile({ type: 'asset', fileName: 'sbom.cdx.json', source: softwareBill(mcpkc, packages) });
    },
  };
}

/** The folder of the package that a module is from; undefined for our own. */
function packageFolder(id: string): string | undefined {
  if (!/[\\/]node_modules[\\/]/.test(id)) return undefined;
  for (let folder = dirname(id); folder !== dirname(folder); folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    // Folders inside packages have manifests without a name, which only say what kind of module is in there.
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name !== undefined) return folder;
  }
  return undefined;
}

function read(folder: string): Bundled {
  const manifest: Manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { name, version, license, author, repository } = manifest;
  if (typeof license !== 'string') throw new Error(`${name} names no licence: its code can't be bundled`);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file !== undefined)
    return { name, version, license, text: readFileSync(join(folder, file), 'utf8').trim() };
  const who = typeof author === 'string' ? author : author?.name;
  const from = typeof repository === 'string' ? repository : repository?.url;
  return { name, version, license, text: `${license}, by ${who ?? 'its authors'}; ${from ?? 'no address'}` };
}

/** Node itself; its licence file has the licences of all that is compiled into it (V8, OpenSSL, …). */
function readNode(folder: string): Bundled {
  const node = read(folder);
  const { version } = node;
  return {
    ...node,
    name: 'node',
    purl: `pkg:generic/node@${version}`,
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
  };
}

function notices(packages: readonly Bundled[]): string {
  const list = packages.map(({ name, version, license }) => `- ${name} ${version} (${license})`);
  const texts = packages.map(({ name, version, text }) => `## ${name} ${version}\n\n${text}`);
  return `# Packages in this bundle\n\n${list.join('\n')}\n\n${texts.join('\n\n')}\n`;
}
