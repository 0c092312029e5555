"""FastMCP's own example of a server behind Keycloak (examples/auth/keycloak_oauth), with the audience that it recommends."""

import sys

from fastmcp import FastMCP
from fastmcp.server.auth.providers.keycloak import KeycloakAuthProvider
from fastmcp.server.dependencies import get_access_token

realm_url, port, audience = sys.argv[1], int(sys.argv[2]), sys.argv[3]
scopes = sys.argv[4:] or None

auth = KeycloakAuthProvider(
    realm_url=realm_url,
    base_url=f"http://127.0.0.1:{port}",
    audience=audience,
    required_scopes=scopes,
)
mcp = FastMCP("FastMCP Keycloak Example Server", auth=auth)


@mcp.tool
def echo(message: str) -> str:
    """Echo the provided message."""
    return message


@mcp.tool
async def get_access_token_claims() -> dict:
    """Get the authenticated user's access token claims."""
    token = get_access_token()
    return {} if token is None else {"sub": token.claims.get("sub")}


mcp.run(transport="http", host="127.0.0.1", port=port)
