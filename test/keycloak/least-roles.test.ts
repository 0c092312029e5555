import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { type AdminRole, WORKING_ROLES } from '../../src/realm/roles.ts';
import { grantRoles, revokeRoles } from '../support/keycloak/service-account.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { since } from '../support/keycloak/version.ts';
import type { MemoryIoOptions } from '../support/memory-io.ts';
import { filesOf, type Ran, runMcpkc } from '../support/run-mcpkc.ts';
import { NEEDED_BY } from './needed-roles.ts';

const server = inject('keycloak');
const realm = await useRealm('least-roles');
const RESOURCE = 'https://least.example.com/mcp';

/** What a service account does, each of it with nothing else than `init` granted. */
const COMMANDS: Record<string, readonly string[]> = {
  'create-scope': ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--client', 'given'],
  'trusted-hosts': ['trusted-hosts', '--add', 'tools.example.com'],
  'trusted-hosts, listing': ['trusted-hosts'],
  access: ['access', RESOURCE, '--role', 'finance'],
  'access, opening': ['access', RESOURCE, '--anybody'],
  onboard: ['onboard', RESOURCE, 'given'],
  'onboard, waiting': [
    'onboard',
    RESOURCE,
    '--preset',
    'chatgpt',
    '--until',
    'registered',
    '--timeout',
    '1s',
  ],
};

/** With which exit status they end in this realm, where nobody registers. */
const STATUS: Record<string, number> = { 'onboard, waiting': 6 };

let files: NonNullable<MemoryIoOptions['files']>;
let userId: string;

function run(command: string): Promise<Ran> {
  return runMcpkc([...(COMMANDS[command] ?? []), '--json'], { files });
}

beforeAll(async () => {
  const env = {
    KC_BOOTSTRAP_ADMIN_USERNAME: server.adminUser,
    KC_BOOTSTRAP_ADMIN_PASSWORD: server.adminPassword,
  };
  const made = await runMcpkc(['init', '--server', server.url, '--realm', realm.name, '--events', '30d'], {
    env,
  });
  files = filesOf(made);
  const body = {
    clientId: 'given',
    publicClient: true,
    redirectUris: ['https://given.example.com/callback'],
  };
  await realm.admin.post(realm.path('clients'), body);
  const [account] = await realm.admin.get<{ id: string }[]>(realm.path('clients?clientId=mcpkc'));
  const user = await realm.admin.get<{ id: string }>(
    realm.path(`clients/${account?.id}/service-account-user`),
  );
  userId = user.id;
});

describe('the account that init makes', () => {
  it.each(Object.keys(COMMANDS))('is enough for %s', async (command) => {
    const { status, out } = await run(command);
    expect({ status, out }).toEqual({ status: STATUS[command] ?? 0, out: expect.any(String) });
  });
});

describe('without', () => {
  let taken: AdminRole;
  afterEach(() => grantRoles(realm, userId, [taken]));

  // Before 26.7 an example token is given without view-users.
  const refused = NEEDED_BY.filter(([role]) => role !== 'view-users' || since(26, 7, 0));

  it.each(refused)('%s, %s fails and names it', async (role, command) => {
    taken = role;
    await revokeRoles(realm, userId, [role]);
    const ran = await run(command);
    expect({ status: ran.status, code: ran.document().code }).toEqual({ status: 4, code: 'ROLE_MISSING' });
    const message = String(ran.document().message);
    expect(WORKING_ROLES.filter((one) => message.includes(`'${one}'`))).toEqual([role]);
    expect(ran.document().fix).toMatch(new RegExp(`^mcpkc init --server \\S+ --realm ${realm.name}$`, 'm'));
  });
});
