import { durationText } from '../../../duration.ts';
import { advisedRetention } from '../../../realm/events.ts';
import { formatCommand } from '../../../text.ts';
import { DEMANDED } from './evidence.ts';

/** The events that a realm stores, and for how long; undefined is for ever. */
export interface StoredTypes {
  enabled: boolean;
  types: readonly string[];
  expirationMs: number | undefined;
}

/**
 * The reasons why a realm's settings for events let nothing ever be pruned. Either a type that is needed is not stored.
 * Or events are gone before a client is old enough and through its stages (`neededMs`). Each reason names the fix.
 */
export function eventHints(config: StoredTypes | undefined, neededMs: number): string[] {
  if (config === undefined) return [];
  const missing = DEMANDED.filter((type) => !config.enabled || !config.types.includes(type));
  const line = formatCommand(['init', ['--events', advisedRetention(neededMs)]]);
  const fix = `${line} switches them on.`;
  if (missing.length > 0) {
    return [
      `Events of type ${missing.join(', ')} are not stored, and without them nothing is ever pruned. ${fix}`,
    ];
  }
  const { expirationMs } = config;
  if (expirationMs === undefined || expirationMs >= neededMs) return [];
  return [
    `Events are kept for ${durationText(expirationMs)}, pruning needs ${durationText(neededMs)}. Keep them longer: ${line}`,
  ];
}
