import { countsOf, type Gauge, runGauges } from '../../cli/open-metrics.ts';
import type { AuditOutcome } from './judge/audit.ts';
import type { StageAction } from './judge/stages.ts';
import type { PruneAnswer } from './text.ts';

const ACTIONS: readonly StageAction[] = ['keep', 'mark', 'disable', 'delete', 'revive'];
const OUTCOMES: readonly AuditOutcome[] = ['planned', 'done', 'spared', 'gone'];
const STANDINGS = ['foreign', 'shielded', 'alive', 'unsettled', 'unknown', 'accepted', 'orphan'] as const;

/** The decisions and acts of `prune-clients`, as gauges; no label holds a client's id or name. */
export function pruneGauges(
  answer: Pick<PruneAnswer, 'mode' | 'judged' | 'limit' | 'troubles' | 'exitStatus'>,
  { at, ms }: { at: number; ms: number },
): Gauge[] {
  const { mode, judged, limit, troubles, exitStatus } = answer;
  return [
    ...runGauges('prune', { at, ms, exitStatus, labels: { mode } }),
    {
      name: 'mcpkc_prune_clients',
      help: 'Clients by what prune-clients decided, and what became of it.',
      samples: ACTIONS.flatMap((decision) =>
        OUTCOMES.map((outcome) => ({
          labels: { decision, outcome },
          value: judged.filter((one) => one.decision.action === decision && one.outcome === outcome).length,
        })),
      ),
    },
    {
      name: 'mcpkc_prune_standing',
      help: 'Clients by what is known of them.',
      samples: countsOf(
        'standing',
        STANDINGS,
        (standing) => judged.filter((one) => one.decision.standing === standing).length,
      ),
    },
    {
      name: 'mcpkc_prune_wanted',
      help: 'How many clients would be disabled or deleted.',
      samples: [{ value: limit.wanted }],
    },
    {
      name: 'mcpkc_prune_allowed',
      help: 'How many a run may disable or delete.',
      samples: [{ value: limit.allowed }],
    },
    {
      name: 'mcpkc_prune_unreadable',
      help: 'Sources that could not be read, so that every client is kept.',
      samples: [{ value: troubles.length }],
    },
  ];
}
