/** A protected MCP server as the SDK's documentation has it: both eras, no sessions. */
import {
  createMcpExpressApp,
  getOAuthProtectedResourceMetadataUrl,
  mcpAuthMetadataRouter,
  requireBearerAuth,
} from '@modelcontextprotocol/express';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { greeter, issuerMetadata, jwtVerifier } from './sdk.ts';
import { type HostSetup, serve, type TestHost } from './serve.ts';

export function startMinimalStateless(setup: HostSetup): Promise<TestHost> {
  return serve(async (origin) => {
    const resource = new URL('/mcp', origin);
    const oauthMetadata = await issuerMetadata(setup.issuer);
    const handler = createMcpHandler(greeter);
    const app = createMcpExpressApp();
    app.use(
      mcpAuthMetadataRouter({
        oauthMetadata,
        resourceServerUrl: resource,
        ...(setup.advertisedScopes && { scopesSupported: setup.advertisedScopes }),
      }),
    );
    const auth = requireBearerAuth({
      verifier: jwtVerifier(setup.issuer, oauthMetadata.jwks_uri, resource.href),
      resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(resource),
      requiredScopes: setup.scope === undefined ? [] : [setup.scope],
    });
    const serveMcp = toNodeHandler(handler);
    app.all('/mcp', auth, (req, res) => serveMcp(req, res, req.body));
    return { listener: app, close: handler.close };
  });
}
