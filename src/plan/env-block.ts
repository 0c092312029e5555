/** The facts that an MCP server's environment is made from. */
export interface EnvInput {
  /** Canonical URL of the MCP server, as people type it. */
  resource: string;
  scope: string;
  issuer: string;
  /** Further audiences that the server accepts (URLs and client ids of OIDC_AUDIENCE). */
  audiences: readonly string[];
  allowedOrigins: readonly string[];
  /** Roles of which a person needs one; for servers that look at `realm_access.roles` themselves. */
  roles?: readonly string[];
  /** False where no client may name the scope: a resource that is still as 0.1.0 left it. */
  advertises?: boolean;
}

/**
 * The environment of the MCP server for a resource, as `examples/mcp-host` and servers like it read it. A client may
 * name the scope in both modes.
 */
export function envBlock(input: EnvInput): Record<string, string> {
  const { resource, scope, issuer, audiences, allowedOrigins, roles = [], advertises = true } = input;
  const accepted = [resource, ...audiences.filter((one) => one !== resource)];
  return {
    MCP_PUBLIC_BASE_URL: new URL(resource).origin,
    MCP_TRANSPORT_URL: resource,
    PRM_RESOURCE_URL: resource,
    OIDC_ISSUER: issuer,
    OIDC_AUDIENCE: accepted.join(','),
    MCP_SCOPE_NAME: scope,
    ...(advertises ? { ADVERTISE_SCOPES: scope } : {}),
    ENABLE_STREAMABLE: 'true',
    REQUIRE_AUTH: 'true',
    ...(roles.length > 0 ? { REQUIRED_ROLES: roles.join(',') } : {}),
    ...(allowedOrigins.length > 0 ? { ALLOWED_ORIGINS: allowedOrigins.join(',') } : {}),
  };
}
