import { mcpkc, yardstick } from '../programs.ts';
import type { BenchRealm } from '../realms.ts';
import { inTurn } from '../rounds.ts';
import { type Bench, type Line, type Row, slowdown } from '../row.ts';

const RESOURCE = 'https://svc.example.com/mcp';
const SCOPE = 'mcp-resource-svc';
const ROLE = 'finance';
const MANY = { users: 10_000, groups: 200 };
const FEW = { users: 1_000, groups: 40 };
const AT_ONCE = 4;

/** `access` in a realm with many people in many groups, against bare reads of the same. */
export const access: Row = {
  name: 'access',
  async measure(bench) {
    const { users, groups } = bench.quick ? FEW : MANY;
    const realm = await peopled(bench, users, groups);
    const [ours, bare] = await inTurn(
      Math.min(bench.rounds, 5),
      async () => mcpkc(['access', RESOURCE], realm),
      async () => yardstick('read-access.mjs', [SCOPE, ROLE], realm),
    );
    if (!ours || !bare) throw new Error('Not everything was measured.');
    const what = `\`access\`, ${users.toLocaleString('en')} people in ${groups} groups`;
    const line: Line = {
      what,
      yardstick: 'bare reads of the same, 4 at a time',
      ...slowdown(ours.ms, bare.ms, 1.5),
    };
    return [line];
  },
};

/** A server bound to a role that half of the groups have, each by itself or by the group above; one person in ten by a grant. */
async function peopled({ fresh }: Bench, users: number, groups: number): Promise<BenchRealm> {
  const made = await fresh();
  const { realm } = made;
  const { admin, path } = realm;
  const { id: scope } = await admin.post(path('client-scopes'), {
    name: SCOPE,
    protocol: 'openid-connect',
    attributes: { 'mcpkc.mode': 'standing', 'mcpkc.resource': RESOURCE },
    protocolMappers: [
      {
        name: 'mcp-audience',
        protocol: 'openid-connect',
        protocolMapper: 'oidc-audience-mapper',
        config: { 'included.custom.audience': RESOURCE, 'access.token.claim': 'true' },
      },
    ],
  });
  const roles: unknown[] = [];
  for (const name of [ROLE, 'mcpkc-nobody']) {
    await admin.post(path('roles'), { name });
    roles.push(await admin.get(path(`roles/${name}`)));
  }
  await admin.post(path(`client-scopes/${scope}/scope-mappings/realm`), roles);
  const all: { id: string; path: string }[] = [];
  for (let at = 0; at < groups; at++) {
    const above = at % 4 === 3 ? all[at - 1] : undefined;
    const where = above ? `groups/${above.id}/children` : 'groups';
    const { id = '' } = await admin.post(path(where), { name: `g${at}` });
    all.push({ id, path: `${above?.path ?? ''}/g${at}` });
    if (at % 4 === 2) await admin.post(path(`groups/${id}/role-mappings/realm`), [roles[0]]);
  }
  const left = Array.from({ length: users }, (_, at) => at);
  const worker = async () => {
    for (let at = left.shift(); at !== undefined; at = left.shift()) {
      const body = { username: `user-${at}`, enabled: true, groups: [all[at % groups]?.path] };
      const { id } = await admin.post(path('users'), body);
      if (at % 10 === 0) await admin.post(path(`users/${id}/role-mappings/realm`), [roles[0]]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return made;
}
