import { expect } from 'vitest';
import { contain, grant, roleIn } from '../../support/people.ts';
import type { Stage } from './error-stages.ts';
import type { World } from './world.ts';

/** The world's server bound to a role that its person has. */
async function restricted(world: World, role = 'finance'): Promise<void> {
  await world.mcpkc(0, 'access', '--role', role);
  await grant(world.realm, 'users', world.user.id, role);
}

async function mappings(world: World) {
  const { id } = await world.scope();
  const path = world.path(`client-scopes/${id}/scope-mappings/realm`);
  return { path, roles: await world.admin.get<{ id: string; name: string }[]>(path) };
}

const opens = async (world: World) => void expect(await world.connect()).toMatchObject({ ok: true });
const isShut = async (world: World) =>
  void expect(await world.connect()).toMatchObject({ ok: false, stage: 'mcp', status: 401 });

/** What can be wrong with who may use a server. */
export const ACCESS_STAGES: readonly Stage[] = [
  {
    code: 'ACCESS_OPEN',
    async stage(world) {
      // Nobody has the role; without it on the scope everybody gets in.
      await world.mcpkc(0, 'access', '--role', 'finance');
      const { path, roles } = await mappings(world);
      await world.admin.del(path, roles);
    },
    truth: opens,
  },
  {
    code: 'ACCESS_FAILS_OPEN',
    async stage(world) {
      await restricted(world);
      await world.admin.del(world.path('roles/mcpkc-nobody'));
    },
    truth: opens,
  },
  {
    code: 'ACCESS_NOBODY_HELD',
    also: ['ACCESS_ROLE_UNUSED'],
    async stage(world) {
      await world.mcpkc(0, 'access', '--role', 'finance');
      await grant(world.realm, 'users', world.user.id, 'mcpkc-nobody');
    },
    truth: opens,
  },
  {
    code: 'ACCESS_ROLE_COMPOSITE',
    also: ['ACCESS_ROLE_UNUSED'],
    async stage(world) {
      await world.mcpkc(0, 'access', '--role', 'finance');
      await contain(world.realm, 'finance', ['offline_access']);
    },
    truth: opens,
  },
  {
    code: 'ACCESS_ROLE_GONE',
    async stage(world) {
      await restricted(world);
      await world.admin.del(world.path('roles/finance'));
    },
    truth: isShut,
  },
  {
    code: 'ACCESS_ROLE_DEFAULT',
    async stage(world) {
      await world.mcpkc(0, 'access', '--role', 'finance');
      const { id } = await roleIn(world.realm, `default-roles-${world.realm.name}`);
      await world.admin.post(world.path(`roles-by-id/${id}/composites`), [
        await roleIn(world.realm, 'finance'),
      ]);
    },
    truth: opens,
  },
  {
    code: 'ACCESS_ROLE_UNUSED',
    stage: (world) => world.mcpkc(0, 'access', '--role', 'finance').then(() => {}),
    truth: isShut,
  },
  {
    code: 'ACCESS_ROLE_SHARED',
    async stage(world) {
      await restricted(world);
      const other = [
        'create-scope',
        '--preset',
        'chatgpt',
        '--resource',
        'https://other.example.com/mcp',
        '--attach',
        'none',
      ];
      await world.mcpkc(0, ...other, '--role', 'finance');
    },
  },
];
