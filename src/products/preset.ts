import type { RedirectPattern } from './redirect.ts';
import type { ScopeRule } from './scopes.ts';

/**
 * The body that a product posts to the registration endpoint (RFC 7591), with concrete ports where it picks its own.
 */
export interface Registration {
  client_name: string;
  redirect_uris: readonly string[];
  grant_types: readonly string[];
  response_types: readonly string[];
  token_endpoint_auth_method: string;
  client_uri?: string;
  scope?: string;
  application_type?: string;
  software_id?: string;
  software_version?: string;
  /** No member of RFC 7591; Qwen Code 0.24 sends it. */
  code_challenge_method?: readonly string[];
}

/** The source of a constant: a public page or source file, its content, the day when it was read, and its certainty. */
export interface Source {
  url: string;
  what: string;
  /** yyyy-mm-dd. */
  seen: string;
  /**
   * `recorded`: what the product itself sent, kept in test/products; `primary`: the vendor's documentation or source;
   * `secondary`: seen by others; `inferred`: concluded.
   */
  certainty: 'recorded' | 'primary' | 'secondary' | 'inferred';
}

/** The knowledge of a product's habit. */
export type Tristate = 'yes' | 'no' | 'unknown';

/** The way in which a product takes a client that was made beforehand. */
export interface WithClient {
  /** The form in which it takes a secret too: confidential, else public (PKCE alone). */
  secret: 'none' | 'text' | 'json';
  steps: readonly string[];
}

/** Everything that mcpkc knows about a client product. Data only: a product is a file, a user's own an entry. */
export interface Preset {
  /** The name that `--preset` takes. */
  name: string;
  title: string;
  /** The `client_name` that it registers with; exact, but for an optional prefix family. */
  clientNames: readonly string[];
  /** Client names that begin like this are the product's too (editions of one editor). */
  clientNamePrefixes?: readonly string[];
  redirectUris: readonly RedirectPattern[];
  /** The hosts that Keycloak's policy 'Trusted Hosts' must list: those of the redirect URIs and of `client_uri`. */
  trustedHosts: readonly string[];
  clientUri?: string;
  /** Whether its registration names scopes: Keycloak then attaches those instead of the realm's defaults. */
  sendsScope: Tristate;
  /** The rule by which it names scopes, given those that it meets. */
  scopes: ScopeRule;
  /** Its client id where the server takes client id metadata documents. */
  cimdUrl?: string;
  /** Whether Keycloak 26.7 can read that document (feature `cimd`). */
  cimdReadable?: Tristate;
  /** The same where the product has one per connection. */
  cimdUrlPatterns?: readonly RedirectPattern[];
  registration: Registration;
  /** Grants that its metadata document lists, where those are others than it registers with. */
  cimdGrantTypes?: readonly string[];
  /** Scopes that it asks for at authorization whatever the MCP server lists; one that is missing ends the sign-in. */
  requestedScopes: readonly string[];
  /** Origins of the web pages that it sends requests from: MCP server and registration have to let them in. */
  origins: readonly string[];
  /** Why its registration is refused at every Keycloak, as a clause; absent where it registers. */
  cannotRegister?: string;
  /**
   * Whether its requests to MCP server and Keycloak come from its vendor's servers, on whatever machine its user sits:
   * both have to be public. Absent: from the user's machine, or it isn't known.
   */
  connectsFromVendor?: true;
  /**
   * Whether its page registers from the browser. The request then carries `Origin`, and Keycloak's policy 'Allowed
   * Registration Web Origins' must list it. Absent: never, as for products that send from servers or the command line.
   */
  registersInBrowser?: 'always' | 'sometimes';
  /**
   * The way in which the metadata's `resource` must fit the URL that was typed. `exact`: byte for byte; `prefix`: the
   * URL lies below it (the official SDK's checkResourceAllowed).
   */
  comparesResource: 'exact' | 'prefix' | 'unknown';
  /**
   * Whether one sign-in registers two clients, a second or two apart. The later one signs in, as far as is known
   * (OpenCode 1.18): an adoption that stops at the first cuts the living one off.
   */
  registersTwice: Tristate;
  /** Whether each sign-in registers a new client and leaves the one before it behind. */
  registersPerLogin: Tristate;
  /**
   * The way to a new client once its own is gone (`invalid_client`). `by-itself`: without a person; `at-login`: a
   * person signs in again; `after-removal`: a person must remove the connection, or its stored registration, first.
   */
  reregisters: 'by-itself' | 'at-login' | 'after-removal' | 'unknown';
  /**
   * The steps by which a person connects a server, a line each; `{mcp}` stands for its URL, `{name}` for a short name
   * of it. Commands stand in backticks.
   */
  connect: readonly string[];
  /**
   * The steps by which a person sets a client that was made beforehand, a line each; `{client-id}`, `{secret-file}`
   * beside the placeholders of `connect`. Absent where it isn't known whether it takes one.
   */
  withClient?: WithClient;
  /** Notes for an operator. */
  notes: readonly string[];
  sources: readonly Source[];
  /** From the configuration file. */
  custom?: true;
}

/** Whether the product itself was run and recorded; documentation, sources and captures tell of all others. */
export function isRecorded({ sources }: Pick<Preset, 'sources'>): boolean {
  return sources.some(({ certainty }) => certainty === 'recorded');
}

/** Whether a `client_name` is one that the product registers with. It proves nothing: anybody may send it. */
export function hasClientName(preset: Preset, name: string | undefined): boolean {
  if (name === undefined) return false;
  if (preset.clientNames.includes(name)) return true;
  return (preset.clientNamePrefixes ?? []).some((prefix) => name.startsWith(prefix));
}
