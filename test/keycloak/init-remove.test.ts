import { describe, expect, inject, it } from 'vitest';
import { readRealm } from '../../src/keycloak/read/realm.ts';
import { writeRecord } from '../../src/keycloak/write/record.ts';
import type { Entry } from '../../src/realm/record.ts';
import { allowedScopesOf, hostsOf, mapperTypesOf } from '../../src/realm/registration-policies.ts';
import { POLICY } from '../../src/realm/representations.ts';
import { runCli } from '../support/cli.ts';
import { connected } from '../support/keycloak/connection.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import type { MemoryIoOptions } from '../support/memory-io.ts';
import { addClient, addScope, anonymousPolicies, clientIn, configure } from '../support/realm-things.ts';
import { envValue, filesOf, type Ran, runMcpkc } from '../support/run-mcpkc.ts';

const server = inject('keycloak');
const realm = await useRealm('init-remove');
const RESOURCE = 'https://svc.example.com/mcp';

function init(argv: readonly string[], options: MemoryIoOptions = {}): Promise<Ran> {
  const env = {
    KC_BOOTSTRAP_ADMIN_USERNAME: server.adminUser,
    KC_BOOTSTRAP_ADMIN_PASSWORD: server.adminPassword,
  };
  return runMcpkc(['init', '--server', server.url, '--realm', realm.name, ...argv], {
    ...options,
    env: { ...env, ...options.env },
  });
}

function envOf(made: Ran): Record<string, string> {
  return {
    KC_SERVER: server.url,
    KC_REALM: realm.name,
    KC_CLIENT_ID: envValue(made, 'KC_CLIENT_ID'),
    KC_CLIENT_SECRET: envValue(made, 'KC_CLIENT_SECRET'),
  };
}

/** Writes down how the policies are before anything is provisioned, as whatever changes them does. */
async function remember(made: Ran): Promise<void> {
  const keycloak = await connected({ env: envOf(made) });
  const before = (what: string, of: string, value: unknown): Entry => {
    return { kind: 'before', what, of, value, since: new Date().toISOString(), by: 'a test' };
  };
  const { registrationPolicies: all } = await readRealm(keycloak);
  const own = all.filter(({ subType }) => subType === 'anonymous');
  const remembered = own.flatMap((policy): Entry[] => {
    if (policy.providerId === POLICY.trustedHosts)
      return [before('trusted-hosts', policy.name, hostsOf(policy))];
    if (policy.providerId === POLICY.allowedScopes) {
      return [before('allowed-scopes', policy.name, allowedScopesOf(policy))];
    }
    if (policy.providerId !== POLICY.allowedMappers) return [];
    return [before('mapper-types', policy.name, { types: mapperTypesOf(policy) })];
  });
  await writeRecord(keycloak, { remember: remembered });
}

async function work(made: Ran, exit: number, ...argv: string[]): Promise<void> {
  const ran = await runCli(argv, { env: envOf(made) });
  expect(ran.exit, ran.err).toBe(exit);
}

describe('init --remove', () => {
  it('leaves the realm as it was, others’ things included; a second run finds nothing', async () => {
    // Somebody's own: an application, a scope, trusted hosts and allowed scopes from before.
    await addClient(realm, 'app');
    await addScope(realm, 'somebodys', { attributes: { theirs: 'x' } });
    const [hosts] = await anonymousPolicies(realm, 'trusted-hosts');
    if (!hosts) throw new Error('no Trusted Hosts policy');
    await configure(realm, hosts, { 'trusted-hosts': ['their.example.com'] });
    const before = await realm.snapshot();

    const made = await init([]);
    expect(made.status).toBe(0);
    await remember(made);
    await work(made, 0, 'create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--yes');
    await work(made, 0, 'prune-clients', '--observe');
    const held = await clientIn(realm, 'app');
    expect(held).toBeDefined();

    const provisioned = await realm.snapshot();
    const planned = await init(['--remove', '--dry-run', '--json']);
    expect(planned.status).toBe(1);
    expect(await realm.snapshot()).toEqual(provisioned);

    const removed = await init(['--remove', '--json', '--yes']);
    expect({ status: removed.status, err: removed.err }).toEqual({ status: 0, err: '' });
    expect(removed.document()).toMatchObject({ schema: 'mcpkc/init/v1', ok: true, applied: true });
    expect(removed.document().changes).toEqual(planned.document().changes);
    const after = await realm.snapshot();
    expect(after.clients.map(({ clientId }) => clientId)).toEqual(
      before.clients.map(({ clientId }) => clientId),
    );
    expect(after).toEqual(before);

    const again = await init(['--remove', '--json']);
    expect({ status: again.status, changes: again.document().changes }).toEqual({ status: 0, changes: [] });
  });

  it('needs consent where clients lose an MCP server, and writes nothing before', async () => {
    const made = await init([]);
    await work(made, 0, 'create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--yes');
    await addClient(realm, 'late');
    const before = await realm.snapshot();
    const refused = await init(['--remove', '--json']);
    expect({ status: refused.status, code: refused.document().code }).toEqual({
      status: 5,
      code: 'CONSENT_NEEDED',
    });
    expect(String(refused.document().message)).toContain('late');
    expect(await realm.snapshot()).toEqual(before);
    const asked = await init(['--remove', '--no-color'], { terminal: true, answers: ['n'] });
    expect(asked.err).toContain('- delete service account');
    expect(asked.status).toBe(5);
    expect(asked.io.questions[0]).toContain('Remove all of this');
    expect(await realm.snapshot()).toEqual(before);
    expect((await init(['--remove'], { terminal: true, answers: ['y'] })).status).toBe(0);
  });

  it('works at a terminal in the folder that init wrote, without a server’s name, and asks who signs in', async () => {
    const home = { HOME: '/home/op' };
    const made = await init([], { env: home });
    const planned = await runMcpkc(['init', '--remove', '--dry-run', '--no-color'], {
      env: home,
      files: filesOf(made),
      terminal: true,
      answers: [server.adminUser, '', server.adminPassword],
    });
    expect(planned.status, planned.err).toBe(1);
    expect(planned.out).toContain('- delete service account');
    const stranger = Object.entries(filesOf(made)).filter(([path]) => path.startsWith('/here'));
    const refused = await runMcpkc(['init', '--remove', '--dry-run', '--json'], {
      env: home,
      files: Object.fromEntries(stranger),
      terminal: true,
    });
    expect(refused.document().code).toBe('FOLDER_NOT_TRUSTED');
    expect((await init(['--remove', '--yes'])).status).toBe(0);
  });

  it('leaves a client that nothing proves to be mcpkc’s, and says so', async () => {
    await addClient(realm, 'mcpkc', { consentRequired: true });
    const ran = await init(['--remove']);
    expect(ran.status).toBe(0);
    expect(ran.out).toContain("The client 'mcpkc' stays");
    expect(await clientIn(realm, 'mcpkc')).toBeDefined();
  });

  it('goes with nothing that makes an account', async () => {
    for (const flag of ['--rotate-secret', '--exact', '--read-only', '--events=30d']) {
      const ran = await init(['--remove', flag, '--json']);
      expect({ status: ran.status, code: ran.document().code }).toEqual({ status: 2, code: 'USAGE' });
    }
  });
});
