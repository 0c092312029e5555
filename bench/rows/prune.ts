import { writeFileSync } from 'node:fs';
import { scratch } from '../measure.ts';
import { mcpkc, yardstick } from '../programs.ts';
import { addClients, registered } from '../realms.ts';
import { inTurn } from '../rounds.ts';
import { type Row, ratio, times } from '../row.ts';

const ROUNDS = 2;

/** Deleting many clients, with a backup and a second look at each. */
export const prune: Row = {
  name: 'prune',
  async measure({ middle, deletions }) {
    const { realm } = middle;
    const orphans = async () => {
      const clients = Array.from({ length: deletions }, () => registered(60));
      await addClients(realm, clients);
      return clients.map(({ id }) => id);
    };
    const [ours, theirs] = await inTurn(
      ROUNDS,
      async () => {
        await orphans();
        const argv = ['prune-clients', '--apply', '--now', '--confirm', realm.name, '--max', '100000'];
        return mcpkc([...argv, '--older-than', '30d', '--audit-file', scratch('audit.jsonl')], middle);
      },
      async (round) => {
        const list = scratch(`ids-${round}`);
        writeFileSync(list, (await orphans()).join('\n'));
        return yardstick('delete-clients.mjs', [list], middle);
      },
    );
    if (!ours || !theirs) throw new Error('Not everything was measured.');
    const value = ratio(ours.ms, theirs.ms);
    return [
      {
        what: `\`prune-clients --apply --now\` of ${deletions.toLocaleString('en')} clients`,
        yardstick: 'bare DELETEs, 4 at a time',
        ours: ours.ms,
        theirs: theirs.ms,
        unit: 'ms',
        value,
        shown: times(value),
        limit: { most: 2 },
        target: '≤ 2 × with backup and re-check',
      },
    ];
  },
};
