import { EVENT_TYPES, retentionFor, retentionText } from '../../realm/events.ts';
import type { AccountKindRules } from './desired.ts';

/** The user events that the realm stores: those in force stay, those that mcpkc reads are added. */
export const events: AccountKindRules<'events'> = {
  diff: ({ events: wanted, target }, { events: now }) => {
    if (!wanted || !now) return [];
    const retentionMs = retentionFor(now, wanted.retentionMs);
    const types = [...now.types, ...EVENT_TYPES.filter((type) => !now.types.includes(type))];
    const isRight = now.enabled && types.length === now.types.length && retentionMs === now.expirationMs;
    if (isRight) return [];
    const kept = now.enabled || now.some || now.expirationMs !== undefined;
    const before = {
      stored: now.enabled,
      kept: kept ? retentionText(now.expirationMs) : null,
      types: now.types,
    };
    const after = { stored: true, kept: retentionText(retentionMs), types };
    const why = 'so that onboarding sees refused registrations and pruning sees who still signs in';
    return [{ kind: 'events', action: 'update', key: target, before, after, why }];
  },
};
