import type { Preset } from '../products/preset.ts';
import type { Role } from '../realm/access.ts';
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

/** What a run is about: plain facts, known before the first request to the MCP server. */
export interface Target {
  /** The URL that a person types. */
  mcp: string;
  /** What Keycloak calls itself at KC_SERVER; undefined where that wasn't asked, or nobody answered. */
  ownIssuer: string | undefined;
  /** Whether requests go through a proxy of this machine's environment. */
  isProxied: boolean;
  /** As configured, else as Keycloak calls itself; undefined where only the MCP server can tell. */
  issuer: string | undefined;
  /** Whether the operator wrote the issuer down, so that it wins over what the MCP server says. */
  issuerGiven: boolean;
  presets: readonly Preset[];
  /** Beside those that every host should let in. */
  allowedOrigins: readonly string[];
  /** What the admin side says; undefined without an account, or with `--outside`. */
  inside: InsideFacts | undefined;
  /** `--outside`: what takes the admin side is left out, not reported as not run. */
  outside: boolean;
  /** `--no-registration`. */
  noRegistration: boolean;
  /** `--client`: what products sign in with, in place of registering; `found` where the admin side has it. */
  client: { clientId: string; found: Client | undefined } | undefined;
  /** `--require-user`: what takes a bearer for the MCP server has to be proved. */
  requireUser: boolean;
  /** What the MCP server takes in `aud`: its URL, then the rest of OIDC_AUDIENCE. */
  accepted: readonly string[];
  /** `--manifest`. */
  manifestRequired: boolean;
  runId: string;
}

/** What the realm's administrator sees. */
export interface InsideFacts extends Pick<NamedServer, 'resource' | 'scope' | 'carrier' | 'mode' | 'list'> {
  realm: string;
  /** Whether the scope that clients name is there. */
  exists: boolean;
  /** The roles of which a user needs one; undefined where everybody may use it, none where nobody may. */
  gates: readonly Role[] | undefined;
  /** The audiences that its mappers give. */
  audiences: readonly string[];
  /** Whether a policy of mcpkc's refuses tokens without a user. */
  userlessRejected: boolean;
  /** A policy of 0.1.0 refuses them to every client that holds the scope, a probe of the admin API among them. */
  machinesRejected: boolean;
  trustedHosts: readonly string[];
  /** What ‘Allowed Client Scopes’ lists, and whether it allows the realm's lists beside. */
  allowedScopes: readonly string[];
  allowDefaultScopes: boolean;
  /** The realm's default and optional client scopes. */
  realmLists: readonly string[];
  /** The Origins that 'Allowed Registration Web Origins' lists; undefined where there is no such policy. */
  webOrigins: readonly string[] | undefined;
}

/** What each step found. */
export interface Parts {
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
export type StepName = keyof Parts;

/** All that checks judge by. A part is missing where its step did not come to an end. */
export interface Evidence {
  target: Target;
  parts: Partial<Parts>;
}
