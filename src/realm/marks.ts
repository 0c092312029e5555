/** Attributes on scopes and clients that are mcpkc's. */
export const ATTRIBUTE = {
  mode: 'mcpkc.mode',
  resource: 'mcpkc.resource',
  window: 'mcpkc.window',
  /** On a scope: `off` where the operator left out the PKCE policy (--no-pkce-policy). */
  pkce: 'mcpkc.pkce',
  /** On a client: the scopes that it was explicitly given, blank-separated; it keeps them when a window closes. */
  adopted: 'mcpkc.adopted',
  /** On a client: set by `prune-clients --keep`. */
  keep: 'mcpkc.keep',
} as const;

/** Whom a scope serves; see the README, "Two modes". */
export type Mode = 'standing' | 'windowed';
