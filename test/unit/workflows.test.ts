import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { releaseProblems } from '../../tools/release.ts';
import { SUITES } from '../../tools/suites.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const manifest = JSON.parse(read('package.json')) as { version: string; scripts: Record<string, string> };

interface Step {
  run?: string;
  uses?: string;
  with?: Record<string, unknown>;
}
interface Workflow {
  permissions: Record<string, string>;
  jobs: Record<string, { 'timeout-minutes': number; permissions?: Record<string, string>; steps: Step[] }>;
}

const WORKFLOWS = readdirSync(join(ROOT, '.github/workflows')).map(
  (file) => [file, parse(read(`.github/workflows/${file}`)) as Workflow] as const,
);

describe.each(WORKFLOWS)('%s', (_file, { permissions, jobs }) => {
  const steps = Object.values(jobs).flatMap((job) => job.steps);

  it('may only read, but for jobs that say otherwise, and every job has an end', () => {
    expect(permissions).toEqual({ contents: 'read' });
    for (const job of Object.values(jobs)) expect(job['timeout-minutes']).toBeGreaterThan(0);
  });

  it('runs scripts that are there', () => {
    for (const { run = '' } of steps) {
      for (const [, script = ''] of run.matchAll(/npm run ([\w:-]+)/g))
        expect(Object.keys(manifest.scripts)).toContain(script);
      for (const [, file = ''] of run.matchAll(/(?:node|\)") (tools\/\S+\.ts)/g))
        expect(existsSync(join(ROOT, file)), file).toBe(true);
      for (const [, name = ''] of run.matchAll(/suites\.ts (\w+)|npm run suite -- (\w+)/g))
        if (name !== '') expect(Object.keys(SUITES)).toContain(name);
    }
  });

  it('puts nothing into a script that others write', () => {
    for (const { run = '' } of steps) expect(run).not.toContain('${{');
  });
});

describe('what a release publishes on npm', () => {
  const [, release] = WORKFLOWS.find(([file]) => file === 'release.yml') ?? [];
  const scripts = release?.jobs.package?.steps.map(({ run = '' }) => run) ?? [];
  const at = (words: string) => scripts.findIndex((one) => one.includes(words));

  it('names the repository before it is packed: npm refuses a provenance of another one than the manifest’s', () => {
    expect(at('npm pkg set repository.type=git "repository.url=git+')).toBeGreaterThan(-1);
    expect(at('npm pack')).toBeGreaterThan(at('npm pkg set repository.type'));
    expect(at('npm publish --provenance')).toBeGreaterThan(at('npm pack'));
  });

  it('is a file by its path: release/x.tgz is a repository on GitHub to npm (npm-package-arg)', () => {
    const [path = ''] = /\S+\.tgz$/.exec(scripts[at('npm publish')] ?? '') ?? [];
    expect(path).toMatch(/^\.\//);
  });
});

describe('a release', () => {
  const released = (file: string) =>
    file === 'CHANGELOG.md' ? `# Changelog\n\n## ${manifest.version}\n` : read(file);

  it('takes a tag of the version that everything names', () => {
    expect(releaseProblems(`v${manifest.version}`, released)).toEqual([]);
  });

  it.each([
    ['another tag', 'v9.9.9', released, /^the tag is v9\.9\.9/],
    [
      'a changelog of what is not released',
      `v${manifest.version}`,
      () => undefined,
      /begins with Unreleased/,
    ],
    [
      'an example of another version',
      `v${manifest.version}`,
      (file: string) => released(file).replaceAll(/mcpkc@v?\d[.\d]*/g, 'mcpkc@0.0.1'),
      /names 0\.0\.1/,
    ],
  ])('refuses %s', (_what, tag, text, problem) => {
    const from = (file: string) => text(file) ?? (file === 'CHANGELOG.md' ? '## Unreleased\n' : read(file));
    expect(releaseProblems(tag, from).join('\n')).toMatch(problem);
  });
});
