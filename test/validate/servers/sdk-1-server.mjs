// A server as the official SDK's guide has it: metadata router, bearer middleware, a transport for each request.

import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import {
  getOAuthProtectedResourceMetadataUrl,
  mcpAuthMetadataRouter,
} from '@modelcontextprotocol/sdk/server/auth/router.js';
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const [issuer, port, scope] = process.argv.slice(2);
const url = new URL(`http://127.0.0.1:${port}/mcp`);
const oauthMetadata = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
const keys = createRemoteJWKSet(new URL(oauthMetadata.jwks_uri));

async function verifyAccessToken(token) {
  const { payload } = await jwtVerify(token, keys, { issuer, audience: url.href });
  return {
    token,
    clientId: payload.azp,
    scopes: String(payload.scope ?? '').split(' '),
    expiresAt: payload.exp,
  };
}

const app = createMcpExpressApp();
app.use(
  mcpAuthMetadataRouter({
    oauthMetadata,
    resourceServerUrl: url,
    scopesSupported: [scope],
    resourceName: 'Example',
  }),
);
const verifier = {
  verifyAccessToken: (token) =>
    verifyAccessToken(token).catch(async () => {
      const { InvalidTokenError } = await import('@modelcontextprotocol/sdk/server/auth/errors.js');
      throw new InvalidTokenError('The token is no good here');
    }),
};
const auth = requireBearerAuth({ verifier, resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(url) });
app.post('/mcp', auth, async (request, response) => {
  const server = new McpServer({ name: 'example', version: '1.0.0' });
  server.registerTool('greet', { description: 'Greets.' }, async () => ({
    content: [{ type: 'text', text: 'Hello' }],
  }));
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  await server.connect(transport);
  await transport.handleRequest(request, response, request.body);
});
for (const method of ['get', 'delete'])
  app[method]('/mcp', auth, (_request, response) => response.status(405).end());
app.listen(Number(port), '127.0.0.1');
