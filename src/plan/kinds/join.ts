import type { Desired } from '../desired.ts';

/** The joining of parts of several MCP servers' wishes to one of the realm's; undefined where it has nothing. */
export type Joins<Part extends keyof Desired> = {
  readonly [Key in Part]: (parts: NonNullable<Desired[Key]>[]) => Desired[Key];
};

/** All that anybody wishes for. */
export const all = <T>(parts: readonly (readonly T[])[]): T[] => parts.flat();

/** Each thing once, by its key. */
export const each = <T>(parts: readonly (readonly T[])[], keyOf: (one: T) => string): T[] => [
  ...new Map(parts.flat().map((one) => [keyOf(one), one])).values(),
];

/** Each text once. */
export const distinct = (parts: readonly (readonly string[])[]): string[] => [...new Set(parts.flat())];

/** A part that is the realm's, or that puts things back: no server's own wish has it. */
export const none = () => undefined;
