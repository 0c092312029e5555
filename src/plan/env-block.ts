import type { Mode } from '../realm/marks.ts';

/** What an MCP server's environment is made from. */
export interface EnvInput {
  /** Canonical URL of the MCP server, as people type it. */
  resource: string;
  scope: string;
  mode: Mode;
  issuer: string;
  /** Further audiences that the server takes (URLs and client ids of OIDC_AUDIENCE). */
  audiences: readonly string[];
  allowedOrigins: readonly string[];
}

/**
 * The environment of the MCP server for a resource: what `examples/mcp-host` and servers like it read. The scope is
 * advertised only where anybody may register with it: a client that names it outside a window is refused.
 */
export function envBlock(input: EnvInput): Record<string, string> {
  const { resource, scope, mode, issuer, audiences, allowedOrigins } = input;
  const accepted = [resource, ...audiences.filter((one) => one !== resource)];
  return {
    MCP_PUBLIC_BASE_URL: new URL(resource).origin,
    MCP_TRANSPORT_URL: resource,
    PRM_RESOURCE_URL: resource,
    OIDC_ISSUER: issuer,
    OIDC_AUDIENCE: accepted.join(','),
    MCP_SCOPE_NAME: scope,
    ...(mode === 'standing' ? { ADVERTISE_SCOPES: scope } : {}),
    ENABLE_STREAMABLE: 'true',
    REQUIRE_AUTH: 'true',
    ...(allowedOrigins.length > 0 ? { ALLOWED_ORIGINS: allowedOrigins.join(',') } : {}),
  };
}
