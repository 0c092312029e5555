import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mcpkc-image-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A Dockerfile as instructions; the recipe has no continued lines. */
const instructions = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [, name = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    return { name, rest };
  });
const lastFrom = instructions.findLastIndex(({ name }) => name === 'FROM');
const [build, image] = [instructions.slice(0, lastFrom), instructions.slice(lastFrom)];

/** The last word of a COPY is where to, the others are what. */
function copies(stage: typeof instructions): { from: string | undefined; what: string[]; to: string }[] {
  return stage.flatMap(({ name, rest }) => {
    if (name !== 'COPY') return [];
    const words = rest.split(' ');
    const from = /^--from=(\S+)$/.exec(words[0] ?? '')?.[1];
    return [{ from, what: words.slice(from === undefined ? 0 : 1, -1), to: words.at(-1) ?? '' }];
  });
}

describe('the image', () => {
  it('is written in known instructions', () => {
    const known = ['FROM', 'WORKDIR', 'COPY', 'RUN', 'ENV', 'USER', 'ENTRYPOINT', 'CMD'];
    expect(instructions.map(({ name }) => name).filter((name) => !known.includes(name))).toEqual([]);
  });

  it('starts from small bases of a named version', () => {
    const bases = instructions.filter(({ name }) => name === 'FROM').map(({ rest }) => rest.split(' ')[0]);
    expect(new Set(bases)).toEqual(new Set(['node:24-alpine']));
  });

  it('runs as nobody special, whom Kubernetes can check by number', () => {
    const users = image.filter(({ name }) => name === 'USER').map(({ rest }) => rest);
    expect(users).toEqual(['1000:1000']);
    expect(image.findIndex(({ name }) => name === 'USER')).toBeGreaterThan(
      image.findLastIndex(({ name }) => name === 'COPY' || name === 'RUN'),
    );
  });

  it('starts mcpkc itself, so that signals and exit statuses are its own', () => {
    const entry = image.find(({ name }) => name === 'ENTRYPOINT')?.rest ?? '';
    expect(JSON.parse(entry)).toEqual(['node', '/opt/mcpkc/bin/mcpkc.js']);
  });

  it('holds no secret and takes none while it is built', () => {
    const text = instructions.map(({ name, rest }) => `${name} ${rest}`).join('\n');
    expect(text).not.toMatch(/^ARG|SECRET|PASSWORD|TOKEN/m);
    const kept = readFileSync(join(ROOT, '.dockerignore'), 'utf8');
    expect(kept).toMatch(/^\*$/m);
    expect(kept).not.toMatch(/^!.*(keycloak-env|local)/m);
  });

  it('copies only files that are there and let through to the build', () => {
    const kept = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
    for (const { from, what } of copies(instructions)) {
      for (const path of from === undefined ? what : []) {
        expect(existsSync(join(ROOT, path)), path).toBe(true);
        expect(kept, path).toContain(`!${path}`);
      }
    }
  });

  it('can be made from what is copied, and then runs without a folder to write to', () => {
    const at = (path: string) => join(folder, path);
    for (const { what, to } of copies(build)) {
      for (const path of what) {
        const target = what.length > 1 || to.endsWith('/') ? join(to, path.split('/').at(-1) ?? '') : to;
        mkdirSync(dirname(at(`src/${target}`)), { recursive: true });
        cpSync(join(ROOT, path), at(`src/${target}`), { recursive: true });
      }
    }
    symlinkSync(join(ROOT, 'node_modules'), at('src/node_modules'));
    const bundler =
      build.find(({ name, rest }) => name === 'RUN' && rest.includes('tsdown'))?.rest.replace(/^node /, '') ??
      '';
    execFileSync(process.execPath, bundler.split(' '), { cwd: at('src'), stdio: 'pipe' });
    for (const { from, what, to } of copies(image)) {
      for (const path of what) {
        const source = from === undefined ? join(ROOT, path) : join(folder, path);
        cpSync(source, at(to.endsWith('/') ? join(to, path.split('/').at(-1) ?? '') : to), {
          recursive: true,
        });
      }
    }
    const before = readdirSync(at('opt/mcpkc'), { recursive: true }).length;
    const env = {
      NODE_ENV: 'production',
      NODE_DISABLE_COMPILE_CACHE: '1',
      HOME: '/nonexistent',
      TMPDIR: '/nonexistent',
    };
    const out = execFileSync(process.execPath, [at('opt/mcpkc/bin/mcpkc.js'), '--help'], {
      env,
      encoding: 'utf8',
    });
    expect(out).toContain('Usage: mcpkc');
    expect(readdirSync(at('opt/mcpkc'), { recursive: true }).length).toBe(before);
  });
});
