/** The most clients that a run may disable or delete. */
const MOST_AT_ONCE = 25;
const MOST_SHARE = 0.3;
/** A share means something only from this many dynamic clients on. */
const SHARE_FROM = 10;

/** Whether a plan stays within the limits. */
export interface Limit {
  /** The number of clients that would be disabled or deleted. */
  wanted: number;
  /** The number that is allowed. */
  allowed: number;
  exceeded: boolean;
  /** The limit, as a clause. */
  why: string;
}

/** The limit for a realm with so many dynamic clients; `max` is the value of `--max`, in place of both limits. */
export function limitFor(wanted: number, dynamic: number, max: number | undefined): Limit {
  if (max !== undefined) return { wanted, allowed: max, exceeded: wanted > max, why: `--max ${max}` };
  const share = dynamic >= SHARE_FROM ? Math.floor(dynamic * MOST_SHARE) : MOST_AT_ONCE;
  const allowed = Math.min(share, MOST_AT_ONCE);
  const why =
    share < MOST_AT_ONCE
      ? `at most ${MOST_SHARE * 100} % of ${dynamic} dynamic clients at once`
      : `at most ${MOST_AT_ONCE} clients at once`;
  return { wanted, allowed, exceeded: wanted > allowed, why };
}
