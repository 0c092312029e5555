/** A protected MCP server as many were written before 2026: `initialize`, a session per client, a map of transports. */
import { randomUUID } from 'node:crypto';
import {
  createMcpExpressApp,
  getOAuthProtectedResourceMetadataUrl,
  mcpAuthMetadataRouter,
  requireBearerAuth,
} from '@modelcontextprotocol/express';
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node';
import { isInitializeRequest } from '@modelcontextprotocol/server';
import { greeter, issuerMetadata, jwtVerifier } from './sdk.ts';
import { type HostSetup, serve, type TestHost } from './serve.ts';

export function startWithSessions(setup: HostSetup): Promise<TestHost> {
  return serve(async (origin) => {
    const resource = new URL('/mcp', origin);
    const oauthMetadata = await issuerMetadata(setup.issuer);
    const transports = new Map<string, NodeStreamableHTTPServerTransport>();
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

    app.all('/mcp', auth, async (req, res) => {
      const id = req.header('mcp-session-id');
      const known = id === undefined ? undefined : transports.get(id);
      if (known !== undefined) {
        await known.handleRequest(req, res, req.body);
        return;
      }
      if (id !== undefined || !isInitializeRequest(req.body)) {
        const error = { code: -32000, message: 'No valid session' };
        res.status(id === undefined ? 400 : 404).json({ jsonrpc: '2.0', error, id: null });
        return;
      }
      const transport: NodeStreamableHTTPServerTransport = new NodeStreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (opened) => void transports.set(opened, transport),
        onsessionclosed: (closed) => void transports.delete(closed),
      });
      await greeter().connect(transport);
      await transport.handleRequest(req, res, req.body);
    });

    const close = () => Promise.all([...transports.values()].map((transport) => transport.close()));
    return { listener: app, close };
  });
}
