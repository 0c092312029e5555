import { afterAll, describe, expect, inject, it } from 'vitest';
import { WORKING_ROLES } from '../../src/realm/roles.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { filesOf, fileText, type Ran, runMcpkc } from '../support/run-mcpkc.ts';

const server = inject('keycloak');
const realm = await useRealm('init-master');
const CLIENT_ID = `mcpkc-for-${realm.name}`;
const env = {
  KC_BOOTSTRAP_ADMIN_USERNAME: server.adminUser,
  KC_BOOTSTRAP_ADMIN_PASSWORD: server.adminPassword,
  KC_ADMIN_REALM: 'master',
  KC_CLIENT_ID: CLIENT_ID,
};

interface Client {
  id: string;
}

const found = () => realm.admin.get<Client[]>(`/realms/master/clients?clientId=${CLIENT_ID}`);

async function remove(): Promise<void> {
  for (const { id } of await found()) await realm.admin.del(`/realms/master/clients/${id}`);
}

afterAll(remove);

const init = (...argv: string[]): Promise<Ran> =>
  runMcpkc(['init', '--server', server.url, '--realm', realm.name, ...argv], { env });

describe('an account that lives in master', () => {
  it('needs --yes', async () => {
    const ran = await init('--json');
    expect({ status: ran.status, code: ran.document().code }).toEqual({ status: 5, code: 'CONSENT_NEEDED' });
    expect({ touched: ran.io.touched, made: await found() }).toEqual({ touched: [], made: [] });
  });

  it('administers its realm by the roles of the client <realm>-realm, and no other one', async () => {
    const ran = await init('--yes', '--events', '30d', '--json');
    expect(ran.status).toBe(0);
    expect(ran.document()).toMatchObject({
      realm: realm.name,
      account: { realm: 'master', roles: WORKING_ROLES },
    });
    expect(JSON.parse(fileText(ran, 'config.local.json'))).toMatchObject({ KC_ADMIN_REALM: 'master' });
    const next = await runMcpkc(['trusted-hosts', '--add', 'master.example.com'], { files: filesOf(ran) });
    expect(next, next.err).toMatchObject({ status: 0, err: expect.not.stringContaining('✗') });
    const other = await runMcpkc(['--realm', 'master', 'trusted-hosts'], { files: filesOf(ran) });
    expect(other.status).toBe(4);
    const again = await runMcpkc(['init', '--server', server.url, '--dry-run', '--events', '30d', '--json'], {
      env,
      files: filesOf(ran),
    });
    expect({ status: again.status, changes: again.document().changes }).toEqual({ status: 0, changes: [] });
  });

  it('names what it lacks as a role of that client', async () => {
    const ran = await init('--yes', '--force', '--read-only', '--exact');
    const next = await runMcpkc(['trusted-hosts', '--add', 'x.example.com'], { files: filesOf(ran) });
    expect(next.status).toBe(4);
    expect(next.err.replaceAll(/\s+/g, ' ')).toContain(`'manage-realm' of the client '${realm.name}-realm'`);
  });
});
