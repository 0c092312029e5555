/**
 * What the realm shall look like, as far as mcpkc owns it. Every part is optional: what isn't named isn't touched.
 * Made by this room's functions from a command's input, compared with the realm by `resources/`.
 */
export interface Desired {
  windowMark?: { scope: string; mark: WindowMark | null };
  clientScope?: { name: string; absent: true } | DesiredScope;
  audienceMapper?: { scope: string; audience: string };
  trustedHosts?: DesiredHosts;
  allowedScopes?: { add: string[]; remove: string[]; defaults: boolean };
  clientPolicies?: DesiredPolicy[];
  defaultScope?: { scope: string; list: RealmList };
  clients?: DesiredClient[];
  assignments?: Assignment[];
}

/** Which of the realm's two lists a scope is in: what a client gets that is made without naming any scope. */
export type RealmList = 'default' | 'optional' | 'none';

/** Whom a scope serves; see the README, "Two modes". */
export type Mode = 'standing' | 'windowed';

export interface DesiredScope {
  name: string;
  /** Attributes that mcpkc owns. */
  attributes: Record<string, string>;
  /** Only set when the scope is made; whoever changes it later keeps the change. */
  description: string;
}

export interface DesiredHosts {
  add: string[];
  remove: string[];
  /** Sender match off and client-URI match on, as ChatGPT needs them; absent leaves both as they are. */
  matchFlags?: { sender: boolean; clientUris: boolean };
  /** Add a policy where the realm has none (anybody may register anything there). */
  createMissing: boolean;
}

/** A client policy with its profile, both of mcpkc's own name; `absent` takes both away. */
export interface DesiredPolicy {
  name: string;
  profile: string;
  absent?: boolean;
  description: string;
  /** `STRICT` where all conditions must be met (Keycloak 26.7.0 or later). */
  mode?: 'STRICT';
  conditions: { condition: string; configuration: Record<string, unknown> }[];
  profileDescription: string;
  executors: { executor: string; configuration: Record<string, unknown> }[];
}

/** A client that holds a scope, or shall not; as optional only what a window gave too much of. */
export interface Assignment {
  clientId: string;
  scope: string;
  list: RealmList;
  why: string;
}

/** Attributes of a client that is there (null takes one away), or a client to make. */
export interface DesiredClient {
  clientId: string;
  attributes: Record<string, string | null>;
  /** What to make it of where it isn't there; absent means that it has to be there. */
  create?: Readonly<Record<string, unknown>>;
  why: string;
}

/** What stands on a scope while its window is open; at most 2,048 characters as JSON (Keycloak's limit). */
export interface WindowMark {
  /** Both ISO 8601, UTC. */
  since: string;
  until: string;
  host: string;
  pid: number;
  by: string;
  /** How the run watches. */
  watch: 'events' | 'paging';
  /** In which of the realm's lists the scope was before, and is put back to. */
  before: RealmList;
  /** Names of the presets that it waits for, blank-separated; `*` where that can't be told. */
  presets: string;
}

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
