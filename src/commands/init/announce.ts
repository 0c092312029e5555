import type { Context } from '../../cli/command.ts';
import type { DesiredAccount } from '../../plan/account/desired.ts';
import { changesOf, type Plan } from '../../plan/plan.ts';
import { EVENT_TYPES } from '../../realm/events.ts';

/**
 * Announces, before it is done, what the realm will store about people: which events, what is in them, for how long.
 */
export function announceEvents({ voice }: Context, { target, events }: DesiredAccount, plan: Plan): void {
  for (const sentence of eventsSentences(target, events?.retentionMs, plan)) voice.note(sentence);
}

/** The sentences; none where nothing changes. */
export function eventsSentences(realm: string, wantedMs: number | undefined, plan: Plan): string[] {
  const [change] = changesOf(plan, 'events');
  if (wantedMs === undefined || change?.after == null) return [];
  const { types, kept } = change.after;
  const others = types.length - EVENT_TYPES.length;
  const more = others > 0 ? `, and ${others} more that the realm’s list has already` : '';
  return [
    `Realm '${realm}' will store these user events (kept: ${kept}): ${EVENT_TYPES.join(', ')}${more}.`,
    'Each holds the time, the IP address, the client and, where one is known, the user’s id, the session and the user’s name: personal data. Your privacy notice may have to mention it.',
  ];
}
