import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { install } from '../products/real/ground.ts';
import { accountIn } from '../support/cli.ts';
import { installBin } from '../support/installed-bin.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { scopeIn } from '../support/realm-things.ts';

const ROOT = join(import.meta.dirname, '../..');
const FLEET = join(ROOT, 'examples/kubernetes/fleet');
/** The schemas of Kubernetes' releases, pinned; strict: a field that it doesn't know is an error. */
const VALIDATOR = { from: 'pypi', name: 'kubernetes-validate' } as const;
const VALIDATOR_VERSION = '1.37.0';
const KUBERNETES = ['1.30', '1.37'];
/** Resources of others, of which that package has no schema. */
const CUSTOM = ['ExternalSecret'];

const folder = mkdtempSync(join(tmpdir(), 'mcpkc-kubernetes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Manifest {
  kind: string;
  metadata: { name: string };
  spec: { template?: Template; jobTemplate?: { spec: { template: Template } } };
}
interface Template {
  spec: { containers: Container[] };
}
interface Container {
  command: string[];
  args: string[];
  env: { name: string; value: string }[];
  volumeMounts: { name: string; mountPath: string }[];
}

const read = (file: string) => readFileSync(file, 'utf8');
const { resources } = parse(read(join(FLEET, 'kustomization.yaml'))) as { resources: string[] };
const files = [
  ...resources.map((file) => join(FLEET, file)),
  join(ROOT, 'examples/kubernetes/mcpkc-prune.yaml'),
];
const manifests = files.flatMap((file) =>
  parseAllDocuments(read(file)).map((one) => ({ file, manifest: one.toJS() as Manifest })),
);

describe('the schemas of Kubernetes', () => {
  let validator = '';
  beforeAll(async () => {
    const { folder: installed } = await install(VALIDATOR, VALIDATOR_VERSION);
    validator = join(installed, 'bin/kubernetes-validate');
  }, 300_000);

  function problemsOf(manifest: unknown, release: string): string {
    const file = join(folder, 'manifest.yaml');
    writeFileSync(file, stringify(manifest));
    const { status, stdout, stderr } = spawnSync(validator, ['--strict', '-k', release, file], {
      encoding: 'utf8',
    });
    return status === 0 ? '' : `${stdout}${stderr}`;
  }

  it.each(KUBERNETES)('of %s take each manifest, strictly', (release) => {
    for (const { file, manifest } of manifests)
      if (!CUSTOM.includes(manifest.kind)) expect(problemsOf(manifest, release), file).toBe('');
  });

  it('refuse a field that is misspelled, and a value of another type', () => {
    const { manifest } = manifests.find(({ manifest: one }) => one.kind === 'CronJob') ?? {};
    expect(problemsOf({ ...manifest, spec: { ...manifest?.spec, shedule: 'x' } }, '1.37')).toContain(
      'shedule',
    );
    expect(problemsOf({ ...manifest, spec: { ...manifest?.spec, suspend: 'never' } }, '1.37')).toContain(
      'suspend',
    );
  });
});

describe('the containers', async () => {
  const realm = await useRealm('kubernetes');
  const { version } = JSON.parse(read(join(ROOT, 'package.json'))) as { version: string };
  let secret: Record<string, string>;
  let bin: string;

  beforeAll(async () => {
    bin = await installBin(folder, version, inject('mcpkcBin'));
    const { env } = await accountIn(realm);
    const external = manifests.find(({ manifest }) => manifest.kind === 'ExternalSecret')
      ?.manifest as unknown as {
      spec: { target: { template: { data: Record<string, string> } } };
    };
    // What the secret's template names, as it is in this realm.
    secret = Object.fromEntries(
      Object.keys(external.spec.target.template.data).map((name) => [
        name,
        env[name.replace('MCPKC_PROFILE_PROD_', '')] ?? '',
      ]),
    );
    expect(Object.values(secret)).not.toContain('');
  });

  /** Runs a workload's command line with its environment alone; volumes are folders here. */
  function run(name: string) {
    const { manifest } = manifests.find(({ manifest: one }) => one.metadata.name === name) ?? {};
    const template = manifest?.spec.template ?? manifest?.spec.jobTemplate?.spec.template;
    const [container] = template?.spec.containers ?? [];
    if (!container) throw new Error(`There is no workload ${name}.`);
    const mounts = container.volumeMounts.map(({ name: volume, mountPath }) => {
      const at = join(folder, 'volumes', volume);
      mkdirSync(at, { recursive: true });
      return [mountPath, at] as const;
    });
    const servers = join(folder, 'volumes/servers');
    const text = read(join(FLEET, 'mcpkc.yaml')).replace('https://auth.example.com', realm.admin.access.url);
    writeFileSync(join(servers, 'mcpkc.yaml'), text);
    const mounted = (value: string) => {
      const [path = '', at = ''] = mounts.find(([one]) => value.startsWith(`${one}/`) || value === one) ?? [];
      return value.replace(path, at);
    };
    const env = {
      PATH: `${bin}:/bin:/usr/bin`,
      ...secret,
      ...Object.fromEntries(container.env.map((one) => [one.name, mounted(one.value)])),
    };
    const [command = '', ...words] = [...container.command, ...container.args.map(mounted)];
    const { status, stdout, stderr } = spawnSync(command, words, { cwd: folder, env, encoding: 'utf8' });
    return { exit: status, text: `${stdout}${stderr}` };
  }

  it('run as they stand: the Job applies, the CronJobs look, and tell what somebody changed by hand', async () => {
    const drift = run('mcpkc-drift');
    expect(drift.exit, drift.text).toBe(1);
    const apply = run('mcpkc-apply');
    expect(apply.exit, apply.text).toBe(0);
    expect(await scopeIn(realm, 'mcp-resource-wiki')).toBeDefined();
    const quiet = run('mcpkc-drift');
    expect([quiet.exit, quiet.text]).toEqual([0, '']);
    // The servers of the tests are no https: that is what status finds, and nothing else goes wrong.
    const status = run('mcpkc-status');
    expect([0, 1], status.text).toContain(status.exit);
    const prune = run('mcpkc-prune');
    expect(prune.exit, prune.text).toBe(0);
    const scope = await scopeIn(realm, 'mcp-resource-wiki');
    await realm.admin.del(realm.path(`client-scopes/${scope?.id}`));
    const changed = run('mcpkc-drift');
    expect(changed.exit, changed.text).toBe(1);
    expect(changed.text).toContain('mcp-resource-wiki');
  }, 180_000);
});
