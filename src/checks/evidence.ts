import type { Preset } from '../products/preset.ts';
import type { NamedServer } from '../realm/mcp-server.ts';
import type { Client } from '../realm/representations.ts';
import type { LogEvidence } from './log-correlation.ts';
import type { AuthorizationEvidence } from './probes/authorization.ts';
import type { ChallengeEvidence } from './probes/challenge.ts';
import type { McpEvidence } from './probes/mcp.ts';
import type { RegistrationEvidence } from './probes/registration.ts';
import type { MetadataEvidence } from './probes/resource-metadata.ts';
import type { ServerEvidence } from './probes/server-metadata.ts';
import type { TokenEvidence } from './probes/token.ts';

/** The subject of a run: plain facts, known before the first request to the MCP server. */
export interface ValidationTarget {
  /** The URL that a person types. */
  mcp: string;
  /** The name that Keycloak calls itself at KC_SERVER; undefined where that wasn't asked, or nobody answered. */
  ownIssuer: string | undefined;
  /** Whether requests go through a proxy of this machine's environment. */
  isProxied: boolean;
  /** The issuer as configured, else as Keycloak calls itself; undefined where only the MCP server can tell. */
  issuer: string | undefined;
  /** Whether the operator wrote the issuer down, so that it wins over the issuer that the MCP server names. */
  issuerGiven: boolean;
  presets: readonly Preset[];
  /** Origins beside those that every MCP server should let in. */
  allowedOrigins: readonly string[];
  /** The facts of the admin side; undefined without an account, or with `--outside`. */
  inside: InsideServer | undefined;
  /** `--outside`: checks that need the admin side are left out, not reported as not run. */
  outside: boolean;
  /** `--no-registration`. */
  noRegistration: boolean;
  /**
   * `--client`: the client that products sign in with, in place of registering; `found` where the admin side has it.
   */
  client: { clientId: string; found: Client | undefined } | undefined;
  /** `--require-user`: checks that need a bearer for the MCP server have to be proved. */
  requireUser: boolean;
  /** The values that the MCP server takes in `aud`: its URL, then the rest of OIDC_AUDIENCE. */
  accepted: readonly string[];
  /** `--manifest`. */
  manifestRequired: boolean;
  runId: string;
}

/** The MCP server as the realm's administrator sees it, and what else of the realm decides about it. */
export interface InsideServer extends NamedServer {
  realm: string;
  /** The audiences that its mappers add. */
  audiences: readonly string[];
  /** Whether a client policy of mcpkc refuses tokens without a user. */
  userlessRejected: boolean;
  /**
   * Whether a policy of 0.1.0 refuses them to every client that holds the scope, a probe of the admin API among them.
   */
  machinesRejected: boolean;
  trustedHosts: readonly string[];
  /** The entries of 'Allowed Client Scopes', and whether it allows the realm's lists beside. */
  allowedScopes: readonly string[];
  allowDefaultScopes: boolean;
  /** The realm's default and optional client scopes. */
  realmLists: readonly string[];
  /** The Origins that 'Allowed Registration Web Origins' lists; undefined where there is no such policy. */
  webOrigins: readonly string[] | undefined;
}

/** The evidence that each step found. */
export interface EvidenceParts {
  challenge: ChallengeEvidence;
  'resource-metadata': MetadataEvidence;
  'server-metadata': ServerEvidence;
  registration: RegistrationEvidence;
  authorization: AuthorizationEvidence;
  token: TokenEvidence;
  mcp: McpEvidence;
  'log-correlation': LogEvidence;
}

/** The steps in their order. */
export type StepName = keyof EvidenceParts;

/** All evidence that checks judge by. A part is missing where its step did not come to an end. */
export interface Evidence {
  target: ValidationTarget;
  parts: Partial<EvidenceParts>;
}
