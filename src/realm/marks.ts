/** Attributes on scopes and clients that are mcpkc's. */
export const ATTRIBUTE = {
  mode: 'mcpkc.mode',
  resource: 'mcpkc.resource',
  /** On an audience scope of adopted mode: the name scope that it belongs to. */
  audienceOf: 'mcpkc.audience-of',
  /** On a scope: the window of a run of 0.1.0. */
  window: 'mcpkc.window',
  /** On a client, by 0.1.0: the scopes that it was explicitly assigned, blank-separated. */
  adopted: 'mcpkc.adopted',
  /** On a client: set by `prune-clients --keep`. */
  keep: 'mcpkc.keep',
} as const;

/** Whether an attribute is named as mcpkc names its own; on a client anybody who registers it can write one. */
export function isMark(name: string): boolean {
  return name.startsWith('mcpkc.');
}

/**
 * The clients that a resource serves; see the README, "Modes and ways". `standing`: every client that registers can get
 * its audience. `adopted`: only clients that were adopted; 0.1.0 called it `windowed`.
 */
export type Mode = 'standing' | 'adopted';
