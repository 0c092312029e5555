import type { Context } from '../../cli/command.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { trySome } from '../../keycloak/connection/lists.ts';
import { clientOf } from '../../keycloak/read/clients.ts';
import type { NewEvents } from '../../keycloak/read/events.ts';
import { readRecord } from '../../keycloak/read/record.ts';
import { readSessionStats, type SessionCount } from '../../keycloak/read/sessions.ts';
import { readWholeClient } from '../../keycloak/write/write-clients.ts';
import { clientKeyOf } from '../../realm/record.ts';
import type { Judged } from './judge/audit.ts';
import { candidateOf, type KnownFacts } from './judge/candidate.ts';
import { withEvent } from './judge/history.ts';
import { rememberedIn } from './judge/marks.ts';
import { judgeForWish as judgeAgain, type PruneWish, type Scan } from './scan.ts';

/** The tools for judging again. */
export interface Rechecking {
  context: Context;
  keycloak: Keycloak;
  wish: PruneWish;
  scan: Scan;
}

/** A client as it is now, undefined where it is gone, and the decision on it now. */
export interface Checked {
  judged: Judged;
  whole: object | undefined;
}

/** Reads and judges again the clients that are to be cut off: the clients first, then their signs of life. */
export async function recheck(
  acting: Rechecking,
  news: NewEvents,
  batch: readonly Judged[],
): Promise<{ found: Checked[]; failure: unknown }> {
  const { keycloak } = acting;
  const { results, failure } = await trySome(batch, async (was) => ({
    was,
    whole: await readWholeClient(keycloak, was.id),
  }));
  const [sessions, record] = await Promise.all([
    readSessionStats(keycloak),
    readRecord(keycloak),
    news.look(),
  ]);
  // Somebody may have run --keep meanwhile.
  const known = { ...acting.scan.known, remembered: rememberedIn(record) };
  const found = results.map(({ was, whole }) => judgedNow(acting, was, whole, { sessions, news, known }));
  return { found, failure };
}

interface Life {
  known: KnownFacts;
  sessions: ReadonlyMap<string, SessionCount>;
  news: NewEvents;
}

function judgedNow(
  { wish, context }: Rechecking,
  was: Judged,
  whole: object | undefined,
  { sessions, news, known }: Life,
): Checked {
  if (whole === undefined) return { judged: { ...was, outcome: 'gone' }, whole };
  const client = clientOf(whole);
  if (clientKeyOf(client) !== was.key) {
    const decision = { ...was.decision, action: 'keep', reason: 'it was changed meanwhile' } as const;
    return { judged: { ...was, decision, outcome: 'spared' }, whole };
  }
  const { events, consents } = was.evidence;
  const evidence = {
    ...candidateOf(client, wish.house, known).evidence,
    sessions: { readable: true, ...(sessions.get(was.id) ?? { active: 0, offline: 0 }) } as const,
    consents,
    events: events.readable ? { ...events, ...news.of(was.clientId).reduce(withEvent, events) } : events,
  };
  const now = judgeAgain({ ...was, evidence }, wish, context.io.now());
  return {
    judged: now.decision.action === was.decision.action ? now : { ...now, outcome: 'spared' },
    whole,
  };
}
