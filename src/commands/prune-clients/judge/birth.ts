import type { OrphanEvidence } from './evidence.ts';

/** The difference that Keycloak's clock and mcpkc's may have. */
export const SKEW_MS = 600_000;

/**
 * The times between which a client was made, in milliseconds since the epoch. `latest` proves age: the client is at
 * least as old as that. `earliest` is the time from which its whole life has to be accounted for. Undefined where
 * nothing proves it.
 */
export interface Birth {
  earliest: number | undefined;
  latest: number | undefined;
}

/**
 * The bounds of a client's birth. A time of making that the server tells is both; else its registration's event tells
 * both. The time of its secret proves age alone, since a secret can be made anew. So does mcpkc's first-seen mark,
 * unless an earlier complete look at the realm did not find the client: then it was made since. The youngest time that
 * Keycloak tells counts as its age; an operator's word only where nothing tells.
 */
export function birthOf({ created, acceptedAge, events, secretMade, marks }: OrphanEvidence): Birth {
  if (created !== undefined) return { earliest: created, latest: created };
  const registered = events.readable ? events.registered : undefined;
  const told = [registered, secretMade].filter((time) => time !== undefined);
  const seen = [marks.firstSeen?.at, acceptedAge].filter((time) => time !== undefined);
  const latest = told.length > 0 ? Math.max(...told) : seen.length > 0 ? Math.min(...seen) : undefined;
  const { after } = marks.firstSeen ?? {};
  const earliest = registered ?? (after === undefined ? undefined : after - SKEW_MS);
  return { earliest, latest };
}
