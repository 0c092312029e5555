import { readdirSync, readFileSync } from 'node:fs';

/** One request of a product, with what varies from run to run written as a placeholder in braces. */
export interface SentRequest {
  /** Whom it was sent to, by what: `PUT` and `GET` of metadata are `metadata`. */
  readonly kind: RequestKind;
  readonly method: string;
  /** `{mcp}`, `{mcp-origin}`, `{issuer}` or `{keycloak-origin}`, and the rest of the URL. */
  readonly url: string;
  /** Those headers that a server or a proxy may act upon. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON and form bodies, and the query of the authorization request, parsed. */
  readonly body?: unknown;
  /** What it was answered. */
  readonly status: number;
}

export type RequestKind =
  | 'mcp'
  | 'resource-metadata'
  | 'server-metadata'
  | 'registration'
  | 'authorization'
  | 'token';

/** What the product met when it was recorded: what its scopes may come from. */
export interface Situation {
  /** `scope` of the 401 challenge. */
  readonly challengeScope: string | null;
  /** `scopes_supported` of the protected resource metadata. */
  readonly resourceScopes: readonly string[] | null;
  /** `scopes_supported` of the authorization server's metadata, in its order. */
  readonly issuerScopes: readonly string[];
  /** `scope` of the answer to the registration. */
  readonly registeredScope: string | null;
}

/** One whole connection: from the first request to the first answer that took the token. */
export interface RecordedRun {
  readonly met: Situation;
  readonly requests: readonly SentRequest[];
}

/** What a real product sent, and where it ran. */
export interface Recording {
  readonly product: string;
  /** The package that it was installed from. */
  readonly package: string;
  readonly version: string;
  /** yyyy-mm-dd. */
  readonly recorded: string;
  readonly keycloak: string;
  /** How a person starts it. */
  readonly command: string;
  readonly runs: Readonly<Record<RunName, RecordedRun>>;
  /**
   * What it asks of the realm once the MCP server has refused its token, which has no audience (adopted mode, and nobody
   * adopts): registrations, sign-ins, and tokens for a refresh token, each once. Its tries at the MCP server are left out.
   */
  readonly refused?: readonly SentRequest[];
}

/**
 * `named`: challenge and metadata name the scope. `silent`: neither does. `split`: the challenge names the scope, the
 * metadata lists one more, and the issuer does not advertise `offline_access`.
 */
export type RunName = 'named' | 'silent' | 'split';

const FOLDER = new URL('recordings/', import.meta.url);

/** The products of which there is a recording. */
export function recordedProducts(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();
}

/** The recording of a product; throws where there is none. */
export function recordingOf(product: string): Recording {
  return JSON.parse(readFileSync(new URL(`${product}.json`, FOLDER), 'utf8')) as Recording;
}

/** The requests of one kind, in their order. */
export function requestsOf(run: RecordedRun, kind: RequestKind): readonly SentRequest[] {
  return run.requests.filter((request) => request.kind === kind);
}
