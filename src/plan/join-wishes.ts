import type { Desired } from './desired.ts';
import { REALM } from './kinds/all.ts';
import { all, type Joins, none } from './kinds/join.ts';
import type { PartOf } from './kinds/kind.ts';

/** The parts that no kind of thing is made of. */
const BESIDE = { rehearsal: none, remember: all } satisfies Partial<Joins<keyof Desired>>;

/** The parts of a wish that somebody joins. */
type Joined = PartOf<(typeof REALM)[keyof typeof REALM]> | keyof typeof BESIDE;

/** Takes the joinings for total: a part that nobody joins is named by the type check, as what is not `never`. */
const total = <_Missing extends never>(joins: Joins<keyof Desired>) => joins;

/** The joining of each part of several wishes. */
const JOINED = total<Exclude<keyof Desired, Joined>>(
  Object.assign({}, BESIDE, ...Object.values(REALM).map(({ joins }) => joins)),
);

/**
 * One wish for several MCP servers of a realm. The entries that each adds to a list are added; a thing that several
 * wish for is wished for once. Only for servers that are provisioned: wishes that put things back (`restore`) are
 * planned one by one.
 */
export function joinWishes(wishes: readonly Desired[]): Desired {
  const parts = (Object.keys(JOINED) as (keyof Desired)[]).map((key) => joinPart(key, wishes));
  return Object.assign({}, ...parts);
}

function joinPart<Key extends keyof Desired>(
  key: Key,
  wishes: readonly Desired[],
): Pick<Desired, Key> | object {
  const wished = wishes.flatMap((one) => (one[key] === undefined ? [] : [one[key]]));
  const whole = JOINED[key](wished);
  return whole === undefined ? {} : { [key]: whole };
}
