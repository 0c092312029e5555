import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { readFleet } from '../../../src/fleet/read.ts';
import { fleetSchema } from '../../../src/fleet/schema.ts';
import { expectCli, runCli } from '../../support/cli.ts';
import { freePort } from '../../support/fake-keycloak.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const { version } = JSON.parse(read('package.json')) as { version: string };
const KUBERNETES = 'examples/kubernetes/fleet';

describe.each([['examples/fleet/mcpkc.yaml'], [`${KUBERNETES}/mcpkc.yaml`]])('the example %s', (path) => {
  it('is right, without a note', async () => {
    const files = { 'mcpkc.yaml': read(path) };
    const ran = await expectCli(0, ['plan', '--offline', '--json'], { files });
    expect(ran.json).toMatchObject({ notes: [] });
    expect(fleetSchema.safeParse(parse(read(path))).success).toBe(true);
  });
});

it('the file in docs/fleet.md is right', async () => {
  const [, text = ''] = /```yaml\n([\s\S]*?)```/.exec(read('docs/fleet.md')) ?? [];
  await expectCli(0, ['plan', '--offline', '--json'], { files: { 'mcpkc.yaml': text } });
});

interface Described {
  description?: string;
  type?: string;
  enum?: string[];
  examples?: unknown[];
  properties?: Record<string, Described>;
  items?: Described;
  anyOf?: Described[];
}

/** Every key of the schema, with its path. */
function keysOf(schema: Described, path = ''): [path: string, key: Described][] {
  const own = Object.entries(schema.properties ?? {}).map(
    ([name, key]) => [`${path}/${name}`, key] as [string, Described],
  );
  const below = own.flatMap(([at, key]) => keysOf(key, at));
  const inner = [...(schema.items ? [schema.items] : []), ...(schema.anyOf ?? [])];
  return [...own, ...below, ...inner.flatMap((one) => keysOf(one, path))];
}

describe('the schema of the file', () => {
  const schema = JSON.parse(read('schemas/fleet.schema.json')) as Described;
  const keys = keysOf(schema);

  it.each(keys.map(([path, key]) => [path, key] as const))(
    '%s is described, with an example',
    (_path, key) => {
      expect(key.description?.length).toBeGreaterThan(20);
      const isChoice = key.enum !== undefined || key.type === 'boolean';
      const isList = key.items?.properties !== undefined;
      if (!isChoice && !isList) expect(key.examples?.length).toBeGreaterThan(0);
    },
  );

  it('has examples that are right', () => {
    const at = (path: string) => keys.find(([one]) => one === path)?.[1].examples ?? [];
    const servers = keys.find(([path]) => path === '/realms/servers')?.[1].items?.examples ?? [];
    expect(servers.length).toBeGreaterThan(1);
    const text = (more: object) => JSON.stringify({ realms: [{ profile: 'prod', ...more }] });
    for (const one of servers)
      expect(readFleet([{ file: 'x', text: text({ servers: [one] }) }]).problems).toEqual([]);
    for (const products of at('/realms/servers/products'))
      expect(
        readFleet([
          { file: 'x', text: text({ servers: [{ resource: 'https://a.example.com/mcp', products }] }) },
        ]).problems,
      ).toEqual([]);
    for (const defaults of at('/defaults'))
      expect(
        readFleet([{ file: 'x', text: JSON.stringify({ defaults, realms: [{ servers: [] }] }) }]).problems,
      ).toEqual([]);
  });
});

interface Container {
  command: string[];
  args: string[];
  env: { name: string; value: string }[];
  securityContext: Record<string, unknown>;
}
interface Workload {
  kind: string;
  metadata: { name: string };
  spec: { template?: Template; jobTemplate?: { spec: { template: Template } } };
}
interface Template {
  spec: { automountServiceAccountToken: boolean; containers: Container[]; volumes: object[] };
}

const kustomization = parse(read(`${KUBERNETES}/kustomization.yaml`)) as { resources: string[] };
const manifests = kustomization.resources.flatMap((file) =>
  parseAllDocuments(read(`${KUBERNETES}/${file}`)).map((one) => one.toJS() as Workload),
);
const workloads = manifests.filter(({ kind }) => ['Job', 'CronJob'].includes(kind));

describe('the recipe for Kubernetes', () => {
  it('has a Job that applies, and CronJobs for drift, status and pruning', () => {
    expect(workloads.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'Job mcpkc-apply',
      'CronJob mcpkc-drift',
      'CronJob mcpkc-status',
      'CronJob mcpkc-prune',
    ]);
    expect(manifests.map(({ kind }) => kind)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/Role|ServiceAccount/)]),
    );
  });

  it.each(workloads.map((one) => [one.metadata.name, one] as const))(
    '%s runs a command line that mcpkc takes, without a right in the cluster',
    async (_name, { spec }) => {
      const template = spec.template ?? spec.jobTemplate?.spec.template;
      expect(template?.spec.automountServiceAccountToken).toBe(false);
      const [container] = template?.spec.containers ?? [];
      expect(container?.command).toEqual(['npx', '--yes', `mcpkc@${version}`]);
      expect(container?.securityContext).toMatchObject({ readOnlyRootFilesystem: true });
      const secrets = manifests.find(({ kind }) => kind === 'ExternalSecret') as unknown as {
        spec: { target: { template: { data: Record<string, string> } } };
      };
      // Nobody listens: as it stands it gets as far as Keycloak, with the profile of the secret.
      const server = `http://127.0.0.1:${await freePort()}`;
      const env = {
        ...secrets.spec.target.template.data,
        MCPKC_PROFILE_PROD_KC_SERVER: server,
        ...Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value])),
      };
      const text = read(`${KUBERNETES}/mcpkc.yaml`).replace('https://auth.example.com', server);
      const files = { '/etc/mcpkc/servers/mcpkc.yaml': text };
      const ran = await runCli(container?.args ?? [], { env, files, clock: 'virtual' });
      expect(ran.exit, ran.err).toBe(3);
      expect(ran.err + ran.out).toContain('KEYCLOAK_UNREACHABLE');
    },
  );
});

describe('the action with a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcpkc-action-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Runs the step with an `npx` that notes its arguments and answers. */
  function step(input: Record<string, string>, answer: object, status: number) {
    writeFileSync(join(folder, 'answer.json'), JSON.stringify(answer));
    writeFileSync(
      join(folder, 'npx'),
      `#!/usr/bin/env bash\nprintf '%s\\n' "$@" >${folder}/arguments\ncat ${folder}/answer.json\nexit ${status}\n`,
    );
    chmodSync(join(folder, 'npx'), 0o755);
    const action = parse(read('action.yml')) as {
      inputs: Record<string, { default?: string }>;
      runs: { steps: { env?: Record<string, string> }[] };
    };
    const names = Object.entries(action.runs.steps[0]?.env ?? {}).map(([name, value]) => {
      const [, key = ''] = /inputs\.([\w-]+)/.exec(value) ?? [];
      return [name, input[key] ?? String(action.inputs[key]?.default ?? '')] as const;
    });
    const env = { PATH: `${folder}:${process.env.PATH}`, RUNNER_TEMP: folder, ...Object.fromEntries(names) };
    let exit = 0;
    let out = '';
    try {
      out = execFileSync('bash', [join(ROOT, 'action/validate.sh')], { env, encoding: 'utf8' });
    } catch (error) {
      exit = (error as { status: number }).status;
      out = String((error as { stdout: string }).stdout);
    }
    return { exit, out, line: readFileSync(join(folder, 'arguments'), 'utf8').trim().split('\n') };
  }

  const change = { action: 'create', kind: 'client-scope', key: '<b>x</b>' };
  const plan = {
    schema: 'mcpkc/plan/v1',
    exitStatus: 1,
    realms: [
      { profile: 'prod', realm: 'r', error: null, added: 1, changed: 0, removed: 0, changes: [change] },
    ],
  };

  it('plans for a pull request: what would change is no failure, and its summary is inert', () => {
    const ran = step({ command: 'plan', file: 'mcpkc.yaml', arguments: '--prune' }, plan, 1);
    expect(ran.line).toEqual(['--yes', `mcpkc@${version}`, 'plan', '--json', '-f', 'mcpkc.yaml', '--prune']);
    expect([ran.exit, ran.out.includes('&lt;b')]).toEqual([0, true]);
    expect(step({ command: 'plan', file: 'mcpkc.yaml', drift: 'red' }, plan, 1).exit).toBe(1);
    expect(step({ command: 'plan', file: 'mcpkc.yaml' }, plan, 3).exit).toBe(3);
  });

  it('applies a saved plan, and knows no other command', () => {
    const done = { ...plan, exitStatus: 0 };
    expect(step({ command: 'apply', plan: 'plan.json' }, done, 0).line.slice(2)).toEqual([
      'apply',
      '--json',
      '--plan',
      'plan.json',
    ]);
    expect(step({ command: 'init', file: 'mcpkc.yaml' }, done, 0).exit).toBe(2);
  });

  it('is used by the workflow with inputs that it has', () => {
    const { inputs } = parse(read('action.yml')) as { inputs: Record<string, unknown> };
    const { jobs, permissions } = parse(read('examples/github-actions/fleet.yml')) as {
      jobs: Record<string, { steps: { uses: string; with?: Record<string, unknown> }[] }>;
      permissions: object;
    };
    expect(permissions).toEqual({});
    for (const { steps } of Object.values(jobs))
      for (const one of steps.filter(({ uses }) => uses.startsWith('OWNER/')))
        expect(Object.keys(one.with ?? {}).filter((name) => !(name in inputs))).toEqual([]);
  });
});
