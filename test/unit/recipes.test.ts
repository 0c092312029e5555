import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const { version } = JSON.parse(read('package.json'));

interface Action {
  inputs: Record<string, { required?: boolean; default?: string }>;
  runs: { using: string; steps: { name: string; run?: string; env?: Record<string, string> }[] };
}
const action = parse(read('action.yml')) as Action;

describe('the GitHub action', () => {
  it('is a composite action with a description for each input, and this version', () => {
    expect(action.runs.using).toBe('composite');
    for (const input of Object.values(action.inputs)) expect(input).toHaveProperty('description');
    expect(String(action.inputs.version?.default)).toBe(version);
    for (const step of action.runs.steps) if (step.run) expect(step).toHaveProperty('shell');
  });

  it('is used in the example with inputs that it has', () => {
    const workflow = parse(read('examples/github-actions/validate.yml'));
    const [step] = workflow.jobs.validate.steps;
    expect(step.uses).toBe(`OWNER/mcpkc@v${version}`);
    const required = Object.entries(action.inputs).flatMap(([name, { required: is }]) => (is ? [name] : []));
    expect(Object.keys(step.with).filter((name) => !(name in action.inputs))).toEqual([]);
    expect(Object.keys(step.with)).toEqual(expect.arrayContaining(required));
    expect(workflow.permissions).toEqual({});
  });
});

describe('the recipe for Docker Compose', () => {
  const compose = parse(read('examples/compose/compose.yaml'));

  it('has services with an image or a build, read-only but for Keycloak, on loopback alone', () => {
    expect(Object.keys(compose.services)).toEqual(['keycloak', 'mcp', 'mcpkc']);
    for (const [name, service] of Object.entries<Record<string, unknown>>(compose.services)) {
      expect(service.image ?? service.build, name).toBeTypeOf('string');
      if (name !== 'keycloak') expect(service.read_only, name).toBe(true);
    }
    expect(compose.services.keycloak.ports).toEqual(['127.0.0.1:5050:8080']);
  });

  it('tells mcpkc the addresses that Keycloak and the server listen on', () => {
    const { environment } = compose.services.mcpkc;
    expect(environment.KC_SERVER).toBe('http://127.0.0.1:5050/auth');
    expect(compose.services.keycloak.command).toContain(`--hostname=${environment.KC_SERVER}`);
    expect(environment.MCP_TRANSPORT_URL).toBe('http://127.0.0.1:3000/mcp');
  });
});

describe.each(['mcpkc-prune', 'mcpkc-status'])('the systemd unit %s', (name) => {
  const unit = read(`examples/systemd/${name}.service`);

  it('may do nothing but talk to Keycloak and write where it says', () => {
    for (const line of [
      'NoNewPrivileges=yes',
      'CapabilityBoundingSet=',
      'ProtectSystem=strict',
      'ProtectHome=yes',
      'PrivateDevices=yes',
      'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK',
      'SystemCallFilter=@system-service',
      'SystemCallFilter=~@privileged',
    ])
      expect(unit.split('\n')).toContain(line);
    // V8 compiles at run time.
    expect(unit).not.toMatch(/^MemoryDenyWriteExecute=/m);
  });

  it('is exposed less than 3 of 10, as far as systemd is here to say so', () => {
    const file = join(ROOT, `examples/systemd/${name}.service`);
    const { error, stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', file], {
      encoding: 'utf8',
    });
    if (error) return;
    const [, level] = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout) ?? [];
    expect(Number(level)).toBeLessThan(3);
  });

  it('is started by its timer', () => {
    const timer = read(`examples/systemd/${name}.timer`);
    expect(timer).toMatch(/^OnCalendar=\*\S*[- :]/m);
    expect(timer).toMatch(/^WantedBy=timers.target$/m);
  });
});

it('status from systemd fails for a run without an answer, not for a finding', () => {
  const unit = read('examples/systemd/mcpkc-status.service');
  expect(unit).toMatch(/^SuccessExitStatus=1$/m);
  const [, file = ''] = /--metrics (\S+)$/m.exec(unit) ?? [];
  const [, folder = 'none'] = /^ReadWritePaths=(\S+)$/m.exec(unit) ?? [];
  expect(file.startsWith(`${folder}/`)).toBe(true);
});
