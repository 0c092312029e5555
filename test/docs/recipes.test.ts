import { spawn, spawnSync } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type PruneRealm, pruneRealm } from '../keycloak/prune-realm.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url));
const recipe = (path: string) => readFile(join(EXAMPLES, path), 'utf8');
const { version } = JSON.parse(await readFile(join(EXAMPLES, '../package.json'), 'utf8')) as {
  version: string;
};

let realm: PruneRealm;
let folder: string;
let orphan: string;

/** `mcpkc` and `npx` on the PATH: the program from its sources, as if it were installed. */
async function install(bin: string): Promise<void> {
  const src = (path: string) => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);
  const program = `import { main } from ${src('main.ts')};\nimport { processIo } from ${src('cli/io.ts')};\nprocess.exitCode = await main(process.argv.slice(2), processIo());\n`;
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'mcpkc.mjs'), program);
  const mcpkc = `#!/bin/sh\nexec '${process.execPath}' '${join(bin, 'mcpkc.mjs')}' "$@"\n`;
  const npx = `#!/bin/sh\n[ "$1" = --yes ] && [ "$2" = mcpkc@${version} ] || exit 99\nshift 2\nexec '${join(bin, 'mcpkc')}' "$@"\n`;
  for (const [name, text] of Object.entries({ mcpkc, npx })) {
    await writeFile(join(bin, name), text);
    await chmod(join(bin, name), 0o755);
  }
}

beforeAll(async () => {
  realm = await pruneRealm();
  folder = await mkdtemp(join(tmpdir(), 'mcpkc-recipes-'));
  await install(join(folder, 'bin'));
  orphan = await realm.orphan();
  // The recipes are run with --older-than 1s, and Keycloak counts a client's age in whole seconds.
  await new Promise((resume) => setTimeout(resume, 2_100));
});

beforeEach(async () => {
  for (const name of ['etc', 'log', 'state', 'home']) {
    await rm(join(folder, name), { recursive: true, force: true });
    await mkdir(join(folder, name), { recursive: true });
  }
  const server = `KC_SERVER=${realm.admin.access.url}\nKC_REALM=${realm.name}\n`;
  const env = `${server}KC_CLIENT_ID=${realm.account.clientId}\nKC_CLIENT_SECRET=${realm.account.secret}\n`;
  await writeFile(join(folder, 'etc/.keycloak-env'), env, { mode: 0o600 });
  const config = { KC_SERVER: realm.admin.access.url, KC_REALM: realm.name };
  await writeFile(join(folder, 'etc/config.local.json'), JSON.stringify(config));
  // The first run of a recipe marks the orphan.
  await realm.admin.request('DELETE', realm.path('roles/mcpkc-record'));
});

afterAll(async () => {
  await realm?.remove();
  await rm(folder, { recursive: true, force: true });
});

/** A recipe's paths, moved into this test's folder; it is young clients that are there, so any age will do. */
function moved(text: string): string {
  return text
    .replaceAll('/etc/mcpkc', `${folder}/etc`)
    .replaceAll('/var/log/mcpkc', `${folder}/log`)
    .replaceAll('/var/lib', `${folder}/state`)
    .replaceAll('/state/mcpkc', `${folder}/state/mcpkc`)
    .replace('prune-clients ', 'prune-clients --older-than 1s ');
}

async function run(command: string, env: Record<string, string>, cwd = folder) {
  const all = { PATH: `${folder}/bin:/usr/bin:/bin`, HOME: `${folder}/home`, ...env };
  const child = spawn('/bin/sh', ['-c', command], { env: all, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const status = await new Promise((resolve) => child.on('close', resolve));
  return { status, out, err };
}

async function expectMarked(audit: string): Promise<void> {
  expect((await realm.marks(orphan)).stage).toMatchObject({ stage: 'marked' });
  const lines = (await readFile(audit, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.filter(({ decision }) => decision === 'mark')).toMatchObject([
    { clientId: orphan, outcome: 'done' },
  ]);
  expect((await stat(audit)).mode & 0o077).toBe(0);
}

/** What a tool says of a recipe, where it is installed. */
function toolSays(
  tool: string,
  args: readonly string[],
  input = '',
): { status: number | null; text: string } | undefined {
  const { error, status, stdout, stderr } = spawnSync(tool, args, { encoding: 'utf8', input });
  return error ? undefined : { status, text: stdout + stderr };
}

describe('the crontab', () => {
  it('has one entry, which runs', async () => {
    const lines = (await recipe('cron/mcpkc-prune'))
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines.slice(0, -1).every((line) => /^[A-Z]+=\S+$/.test(line))).toBe(true);
    const entry = /^(\S+) (\S+) \* \* \* mcpkc (.+)$/.exec(lines.at(-1) ?? '');
    expect(Number(entry?.[1])).toBeLessThan(60);
    expect(Number(entry?.[2])).toBeLessThan(24);
    const command = entry?.[3] ?? '';
    // cron takes a bare % for the end of the command.
    expect(command).not.toContain('%');
    const result = await run(moved(command), {});
    expect(result).toEqual({ status: 0, out: '', err: '' });
    expect(await readFile(join(folder, 'log/prune.log'), 'utf8')).toMatch(/^✓ .*: \d+ clients; 1 marked; /);
    await expectMarked(join(folder, 'log/prune.jsonl'));
  });
});

describe('the systemd timer', () => {
  it('names a command that runs with its environment and directory', async () => {
    const unit = await recipe('systemd/mcpkc-prune.service');
    const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1] ?? '';
    const [name = '', text = ''] = moved(value('Environment')).split('=');
    const { status, out, err } = await run(
      moved(value('ExecStart')),
      { [name]: text },
      moved(value('WorkingDirectory')),
    );
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out).toMatch(/1 marked/);
    await expectMarked(join(folder, 'log/prune.jsonl'));
    // ProtectSystem=strict leaves only these two writable.
    expect([value('StateDirectory'), value('LogsDirectory')]).toEqual(['mcpkc', 'mcpkc']);
  });

  it('is valid, as far as systemd is here to say so', async () => {
    const units = join(folder, 'units');
    await cp(join(EXAMPLES, 'systemd'), units, { recursive: true });
    const timer = await recipe('systemd/mcpkc-prune.timer');
    expect(timer).toMatch(/^OnCalendar=\*-\*-\* \d\d:\d\d:\d\d$/m);
    expect(timer).toMatch(/^WantedBy=timers.target$/m);
    const verdict = toolSays('systemd-analyze', [
      'verify',
      join(units, 'mcpkc-prune.timer'),
      join(units, 'mcpkc-prune.service'),
    ]);
    const ours = (verdict?.text ?? '').split('\n').filter((line) => line.includes(units));
    expect(ours.filter((line) => !line.includes('Failed to'))).toEqual([]);
  });
});

describe('the Kubernetes CronJob', () => {
  it('names a command that runs with its environment', async () => {
    const yaml = await recipe('kubernetes/mcpkc-prune.yaml');
    const words = (key: string) =>
      JSON.parse(new RegExp(`^ +${key}: (\\[.*\\])$`, 'm').exec(yaml)?.[1] ?? '[]') as string[];
    const [command, args] = [words('command'), words('args')];
    expect(command).toEqual(['npx', '--yes', `mcpkc@${version}`]);
    const env = Object.fromEntries(
      [...yaml.matchAll(/^ +- name: (\w+)\n +value: (.+)$/gm)].map(([, name, value]) => [name, value]),
    );
    expect(Object.keys(env)).toEqual(['KC_SERVER', 'KC_REALM', 'XDG_STATE_HOME', 'npm_config_cache']);
    const { status, out, err } = await run(moved([...command, ...args].join(' ')), {
      ...env,
      KC_SERVER: realm.admin.access.url,
      KC_REALM: realm.name,
      KC_CLIENT_ID: realm.account.clientId,
      KC_CLIENT_SECRET: realm.account.secret,
      XDG_STATE_HOME: join(folder, 'state'),
    });
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out).toMatch(/1 marked/);
    await expectMarked(join(folder, 'state/mcpkc/audit.jsonl'));
  });

  it('is a valid manifest, as far as kubectl is here to say so', async () => {
    const yaml = await recipe('kubernetes/mcpkc-prune.yaml');
    expect(yaml).toMatch(/^ {2}schedule: "\d+ \d+ \* \* \*"$/m);
    const [claim = '', job = ''] = yaml.split(/^---$/m);
    expect(/claimName: (\S+)/.exec(job)?.[1]).toBe(/name: (\S+)/.exec(claim)?.[1]);
    const read = toolSays('kubectl', ['label', '--local', '-f', '-', 'a=b', '-o', 'json'], claim);
    const decoded = toolSays(
      'kubectl',
      ['set', 'image', '--local', '-f', '-', 'prune=node:24', '-o', 'yaml'],
      job,
    );
    if (!read || !decoded) return;
    expect([read.status, decoded.status]).toEqual([0, 0]);
    // kubectl drops what Kubernetes does not know: each key of the recipe's is still there.
    const keys = [...job.matchAll(/^ *(?:- )?([A-Za-z_]+):/gm)].map(([, key]) => key);
    expect(keys.length).toBeGreaterThan(40);
    for (const key of keys) expect(decoded.text).toMatch(new RegExp(`\\b${key}:`));
  });
});

describe('the GitHub workflow', () => {
  it('has a step that runs with its environment', async () => {
    const yaml = await recipe('github-actions/prune-clients.yml');
    expect(yaml).toMatch(/^ {4}- cron: "\d+ \d+ \* \* \*"$/m);
    expect(yaml).not.toMatch(/\t/);
    const steps = [...yaml.matchAll(/^ {8}run: (.+)$/gm)].map(([, command]) => command);
    expect(steps).toHaveLength(1);
    const names = [...yaml.matchAll(/^ {6}(KC_\w+): /gm)].map(([, name]) => name);
    expect(names).toEqual(['KC_SERVER', 'KC_REALM', 'KC_CLIENT_ID', 'KC_CLIENT_SECRET']);
    const { status, out, err } = await run(moved(String(steps[0])), {
      KC_SERVER: realm.admin.access.url,
      KC_REALM: realm.name,
      KC_CLIENT_ID: realm.account.clientId,
      KC_CLIENT_SECRET: realm.account.secret,
    });
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out).toMatch(/1 marked/);
    await expectMarked(join(folder, 'home/mcpkc/audit.jsonl'));
  });
});
