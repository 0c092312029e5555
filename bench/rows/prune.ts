import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { measure, scratch } from '../measure.ts';
import { mcpkc, yardstick } from '../programs.ts';
import { type BenchRealm, register } from '../realms.ts';
import { inTurn } from '../rounds.ts';
import { type Row, slowdown } from '../row.ts';

const MOST_ROUNDS = 3;

/** Deleting many clients, with a backup and a second look at each. */
export const prune: Row = {
  name: 'prune',
  async measure({ deletions, rounds, quick, ...bench }) {
    const middle = await bench.middle();
    const { realm } = middle;
    await proveSince(middle);
    const orphans = async () => {
      const ids = await register(realm, deletions);
      // Keycloak's events are written soon after, and an orphan has to be a second old.
      await sleep(2000);
      // A plan is looked at before; Keycloak then has in its cache what just registered, no matter who deletes it.
      await measure(mcpkc(['prune-clients', '--older-than', '1s'], middle, [0, 1]));
      return ids;
    };
    const [ours, theirs] = await inTurn(
      quick ? 1 : Math.min(rounds, MOST_ROUNDS),
      async () => {
        await orphans();
        const argv = ['prune-clients', '--apply', '--now', '--confirm', realm.name, '--max', '100000'];
        return mcpkc([...argv, '--older-than', '1s', '--audit-file', scratch('audit.jsonl')], middle);
      },
      async (round) => {
        const list = scratch(`ids-${round}`);
        writeFileSync(list, (await orphans()).join('\n'));
        return yardstick('delete-clients.mjs', [list], middle);
      },
    );
    if (!ours || !theirs) throw new Error('Not everything was measured.');
    const clients = (middle.clients + deletions).toLocaleString('en');
    return [
      {
        what: `\`prune-clients --apply --now\` of ${deletions.toLocaleString('en')} clients of ${clients}`,
        yardstick: 'bare DELETEs, 4 at a time',
        ...slowdown(ours.ms, theirs.ms, 1.5),
        target: '≤ 1.5 × with backup and re-check',
        note: 'Both after a plan, which people look at first. It reads and judges the whole realm again, and before each deletion the client; sessions and events before each thirty-two, while the batch before is deleted. The backup is on disk before the deletion.',
      },
    ];
  },
};

/** Lets somebody sign in and mcpkc look at what is stored: from then on events prove that a client was not used. */
async function proveSince(on: BenchRealm): Promise<void> {
  const { realm } = on;
  const { username, password } = await realm.createUser();
  const clientId = 'somebody-signs-in';
  await realm.admin.post(realm.path('clients'), {
    clientId,
    publicClient: true,
    directAccessGrantsEnabled: true,
  });
  const body = new URLSearchParams({ grant_type: 'password', client_id: clientId, username, password });
  const response = await fetch(`${realm.issuer}/protocol/openid-connect/token`, { method: 'POST', body });
  if (!response.ok) throw new Error(`Nobody could sign in: ${await response.text()}`);
  await response.body?.cancel();
  await measure(mcpkc(['prune-clients', '--observe'], on));
}
