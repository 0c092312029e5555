import type { Evidence } from './evidence.ts';

/** How far Keycloak's clock and ours may be apart. */
export const SKEW_MS = 600_000;

/**
 * Between which times a client was made, in milliseconds since the epoch. `latest` proves age: it is at least as old as
 * that. `earliest` is from when on its whole life has to be accounted for. Undefined where nothing proves it.
 */
export interface Birth {
  earliest: number | undefined;
  latest: number | undefined;
}

/**
 * Where the server tells when a client was made, that is both. Else its registration's event tells both. The time of its secret proves
 * age alone, since a secret can be made anew. So does our first-seen mark, unless an earlier complete look at the realm did not find the
 * client: then it was made since. The youngest time that Keycloak tells counts as its age; an operator's word only where nothing tells.
 */
export function birthOf({ created, acceptedAge, events, secretMade, marks }: Evidence): Birth {
  if (created !== undefined) return { earliest: created, latest: created };
  const registered = events.readable ? events.registered : undefined;
  const told = [registered, secretMade].filter((time) => time !== undefined);
  const seen = [marks.firstSeen?.at, acceptedAge].filter((time) => time !== undefined);
  const latest = told.length > 0 ? Math.max(...told) : seen.length > 0 ? Math.min(...seen) : undefined;
  const { after } = marks.firstSeen ?? {};
  const earliest = registered ?? (after === undefined ? undefined : after - SKEW_MS);
  return { earliest, latest };
}
