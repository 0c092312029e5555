import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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

describe.runIf(process.platform === 'linux')(
  'the scripts of a release that need no network, run by bash as there',
  () => {
    const [, release] = WORKFLOWS.find(([file]) => file === 'release.yml') ?? [];
    const environment = {
      GITHUB_REF_NAME: 'v0.1.0',
      GITHUB_REPOSITORY: 'Owner/mcpkc',
      GITHUB_SERVER_URL: 'https://github.com',
      IMAGE_REGISTRY: 'images.example.com',
    };
    let folder = '';

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'mcpkc-release-'));
      mkdirSync(join(folder, 'release'));
      // `gh` in this place writes down what it was asked.
      writeFileSync(join(folder, 'gh'), '#!/bin/sh\nprintf "%s\\n" "$@" > asked\n', { mode: 0o755 });
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    function run(job: string, words: string) {
      const script = release?.jobs[job]?.steps.find((step) => step.run?.includes(words))?.run ?? 'exit 99';
      const env = {
        ...process.env,
        ...environment,
        PATH: `${folder}:${process.env.PATH}`,
        GITHUB_OUTPUT: join(folder, 'output'),
        npm_config_update_notifier: 'false',
      };
      const ran = spawnSync('bash', ['-e', '-c', script], { cwd: folder, env, encoding: 'utf8' });
      return { status: ran.status, text: `${ran.stdout}${ran.stderr}` };
    }

    const put = (name: string, sum: string) => {
      writeFileSync(join(folder, 'release', name), name);
      writeFileSync(join(folder, 'release', `${name}.sha256`), `${sum}  ${name}\n`);
    };
    const sumOf = (text: string) => createHash('sha256').update(text).digest('hex');

    it('the files that people download, with one list of checksums', () => {
      const names = ['mcpkc-linux-arm64', 'mcpkc-linux-x64'];
      for (const name of names) put(name, sumOf(name));
      writeFileSync(join(folder, 'release/mcpkc-0.1.0.tgz'), '');
      expect(run('release', 'gh release create')).toMatchObject({ status: 0 });
      const sums = readFileSync(join(folder, 'release/SHA256SUMS'), 'utf8');
      expect(sums).toBe(names.map((name) => `${sumOf(name)}  ${name}\n`).join(''));
      const asked = readFileSync(join(folder, 'release/asked'), 'utf8').split('\n');
      expect(asked).toContain('--draft');
      expect(asked).toEqual(expect.arrayContaining(['v0.1.0', './SHA256SUMS', './mcpkc-0.1.0.tgz']));
      expect(asked.filter((one) => one.endsWith('.sha256'))).toEqual([]);
    });

    it('nothing where a file is not what was built', () => {
      put('mcpkc-linux-x64', sumOf('another'));
      expect(run('release', 'gh release create').status).not.toBe(0);
      expect(existsSync(join(folder, 'release/asked'))).toBe(false);
    });

    it('the image’s name is in lower case', () => {
      expect(run('image', 'image=')).toMatchObject({ status: 0 });
      expect(readFileSync(join(folder, 'output'), 'utf8')).toBe('image=images.example.com/owner/mcpkc\n');
    });

    it('the manifest names the repository', () => {
      writeFileSync(join(folder, 'package.json'), '{"name":"mcpkc","version":"0.1.0"}');
      expect(run('package', 'npm pkg set')).toMatchObject({ status: 0 });
      expect(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).repository).toEqual({
        type: 'git',
        url: 'git+https://github.com/Owner/mcpkc.git',
      });
    });
  },
);

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
