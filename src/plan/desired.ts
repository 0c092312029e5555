import type { RealmList } from '../realm/lists.ts';
/**
 * What the realm shall look like, as far as mcpkc owns it. Every part is optional: what isn't named isn't touched.
 * Made by this room's functions from a command's input, compared with the realm by `resources/`.
 */
export interface Desired {
  /** The window of a run of 0.1.0 is over: its mark goes. */
  windowMark?: { scope: string; mark: null };
  clientScopes?: ({ name: string; absent: true } | DesiredScope)[];
  /** `absent`: the scope's mapper for this audience goes. */
  audienceMappers?: { scope: string; audience: string; absent?: true }[];
  trustedHosts?: DesiredHosts;
  allowedScopes?: { add: string[]; remove: string[]; defaults: boolean };
  /** The only types of protocol mappers that a registration may bring. */
  mapperTypes?: { only: readonly string[] };
  clientPolicies?: DesiredPolicy[];
  defaultScopes?: { scope: string; list: RealmList; why?: string }[];
  clients?: DesiredClient[];
  assignments?: Assignment[];
}

export interface DesiredScope {
  name: string;
  /** Attributes that mcpkc owns. */
  attributes: Record<string, string>;
  /** Further attributes that it is made with; whoever changes them later keeps the change. */
  begin?: Record<string, string>;
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

/** A client that holds a scope, or shall not; as optional only what a window of 0.1.0 gave too much of. */
export interface Assignment {
  clientId: string;
  scope: string;
  list: RealmList;
  why: string;
  /**
   * What the client was when it was judged (`clientKeyOf`): its registration access token is withdrawn, and it gets the
   * scope only where it is that still.
   */
  seen?: string;
}

/** Attributes of a client that is there (null takes one away), or a client to make. */
export interface DesiredClient {
  clientId: string;
  attributes: Record<string, string | null>;
  /** What to make it of where it isn't there; absent means that it has to be there. */
  create?: Readonly<Record<string, unknown>>;
  why: string;
}
