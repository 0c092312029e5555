/** `node tools/release.ts <tag>`: ends with 0 where the tag, the manifest and everything that names a version agree. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = resolve(import.meta.dirname, '..');

/** Files that name the version which people get, with how they name it. */
const NAMED: readonly (readonly [file: string, pattern: RegExp])[] = [
  ['action.yml', /^ {2}version:\n(?: {4}.*\n)*? {4}default: (\S+)$/gm],
  ['config.sample.json', /urn:mcpkc:schema:config:([^"]+)"/g],
  ['examples/github-actions/prune-clients.yml', /mcpkc@(\d\S*)/g],
  ['examples/github-actions/validate.yml', /mcpkc@v(\d\S*)/g],
  ['examples/kubernetes/mcpkc-prune.yaml', /mcpkc@(\d[^"]*)/g],
  ['docs/automation.md', /mcpkc@(\d\S*)/g],
];

/** What keeps a tag from being released; `read` gives the text of a file of the project. */
export function releaseProblems(tag: string, read: (file: string) => string): string[] {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  const problems: string[] = [];
  if (tag !== `v${version}`) problems.push(`the tag is ${tag}, package.json has ${version}`);
  const [newest] = [...read('CHANGELOG.md').matchAll(/^## (\S+)/gm)].map(([, heading]) => heading);
  if (newest !== version) problems.push(`CHANGELOG.md begins with ${newest}`);
  for (const [file, pattern] of NAMED) {
    const named = [...read(file).matchAll(pattern)].map(([, one]) => one);
    if (named.length === 0) problems.push(`${file} names no version`);
    for (const one of named.filter((other) => other !== version)) problems.push(`${file} names ${one}`);
  }
  return problems;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const tag = process.argv[2] ?? '';
  const problems = releaseProblems(tag, (file) => readFileSync(resolve(ROOT, file), 'utf8'));
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
