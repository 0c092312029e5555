import { beforeAll, describe, expect, inject, it } from 'vitest';
import { readScopeRoles } from '../../src/keycloak/read/access.ts';
import type { Role } from '../../src/realm/access.ts';
import { type Account, accountIn } from '../support/cli.ts';
import { connected } from '../support/keycloak/connection.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { addClient, clientIn } from '../support/realm-things.ts';
import { startReverseProxy } from '../support/reverse-proxy.ts';

const server = inject('keycloak');
const realm = await useRealm('scope-roles');
const MANY = 120;
let account: Account;

interface Raw {
  id: string;
  name: string;
  containerId: string;
}

/** A client scope without a role. */
async function scopeOf(name: string): Promise<string> {
  await realm.admin.post(realm.path('client-scopes'), { name, protocol: 'openid-connect' });
  const all = await realm.admin.get<Raw[]>(realm.path('client-scopes'));
  return all.find((one) => one.name === name)?.id ?? '';
}

const roleOf = (path: string) => realm.admin.get<Raw>(realm.path(path));

/** Reads a scope's roles through a proxy: as they are found, and the paths that were asked for. */
async function read(id: string, refused?: number): Promise<{ roles: Role[]; paths: string[] }> {
  const proxy = await startReverseProxy(server.url, {
    before: ({ path }) =>
      refused !== undefined && path.includes('/ui-ext/') ? { status: refused, body: '{}' } : undefined,
  });
  const roles = await readScopeRoles(await connected({ env: { ...account.env, KC_SERVER: proxy.url } }), id);
  const paths = proxy.requests.map(({ path }) => path).filter((path) => path.includes(id));
  return { roles: roles.sort((a, b) => a.name.localeCompare(b.name)), paths };
}

beforeAll(async () => {
  account = await accountIn(realm);
  await addClient(realm, 'app');
  const id = (await clientIn(realm, 'app'))?.id;
  for (let number = 0; number < MANY; number += 1)
    await realm.admin.post(realm.path(`clients/${id}/roles`), { name: `role-${number}` });
  await realm.admin.post(realm.path('roles'), { name: 'plain' });
  await realm.admin.post(realm.path('roles'), { name: 'holder' });
  await realm.admin.post(realm.path('roles/holder/composites'), [await roleOf(`clients/${id}/roles/role-7`)]);
});

describe('the roles that a scope maps', () => {
  const app = async () => (await clientIn(realm, 'app'))?.id ?? '';
  const SCOPES: Record<string, { realm: string[]; client: (app: string) => Promise<Raw[]>; roles: number }> =
    {
      none: { realm: [], client: async () => [], roles: 0 },
      'one of the realm': { realm: ['plain'], client: async () => [], roles: 1 },
      'one of a client': {
        realm: [],
        client: async (id) => [await roleOf(`clients/${id}/roles/role-1`)],
        roles: 1,
      },
      'one of the realm that contains one of a client': {
        realm: ['holder'],
        client: async () => [],
        roles: 1,
      },
      'many of a client, and one of the realm': {
        realm: ['plain'],
        client: (id) => realm.admin.get<Raw[]>(realm.path(`clients/${id}/roles?max=1000`)),
        roles: MANY + 1,
      },
    };

  it.each(Object.entries(SCOPES))(
    '%s: the same as by the look at every client, without it',
    async (name, made) => {
      const id = await scopeOf(name.replaceAll(/\W/g, '-'));
      const mappings = realm.path(`client-scopes/${id}/scope-mappings`);
      for (const one of made.realm)
        await realm.admin.post(`${mappings}/realm`, [await roleOf(`roles/${one}`)]);
      const ofClient = await made.client(await app());
      if (ofClient.length > 0) await realm.admin.post(`${mappings}/clients/${await app()}`, ofClient);
      const [found, whole] = [await read(id), await read(id, 404)];
      expect(found.roles).toHaveLength(made.roles);
      expect(found.roles).toEqual(whole.roles);
      expect(found.paths.filter((path) => path.endsWith('/scope-mappings'))).toEqual([]);
      expect(whole.paths.filter((path) => path.endsWith('/scope-mappings'))).toHaveLength(1);
    },
  );
});
