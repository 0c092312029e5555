/** What clients read before they sign in: protected resource metadata, the manifest, and the way to the issuer. */
import { type RequestHandler, Router } from 'express';
import type { HostConfig } from './config.ts';
import { exactly } from './route.ts';
import { SERVER } from './tools.ts';

const PRM = '/.well-known/oauth-protected-resource';
const MANIFEST = '/.well-known/mcp/manifest.json';
/** What ChatGPT expects as the manifest's `schemaVersion`; older values make it fall back to older rules. */
const SCHEMA_VERSION = '2025-06-18';

/** Absolute URL of the metadata, for the challenge. */
export function metadataUrl(config: HostConfig): string {
  return config.publicOrigin + PRM;
}

/** Routes for everything under `/.well-known/`. Public, for any origin: there is no secret in it. */
export function metadataRoutes(config: HostConfig, issuerMetadataUrl: string): Router {
  const path = pathOf(config.transportUrl);
  const router = Router();
  // Clients look at the place with the path first, then at the root (RFC 9728, section 3.1). Both must say the same.
  for (const place of new Set([PRM, PRM + path]))
    router.use(exactly(place, document(protectedResource(config))));
  router.use(exactly(MANIFEST, document(manifest(config))));
  for (const place of issuerPlaces(path)) router.use(exactly(place, toIssuer(issuerMetadataUrl)));
  return router;
}

function protectedResource(config: HostConfig) {
  return {
    resource: config.transportUrl,
    // The issuer itself, not its metadata URL: clients build that by themselves and compare this with `iss`.
    authorization_servers: [config.issuer],
    ...(config.advertisedScopes.length > 0 && { scopes_supported: config.advertisedScopes }),
    bearer_methods_supported: ['header'],
    resource_name: SERVER.title,
    mcp_protocol_version: SCHEMA_VERSION,
  };
}

function manifest(config: HostConfig) {
  return {
    schemaVersion: SCHEMA_VERSION,
    name: SERVER.name,
    title: SERVER.title,
    version: SERVER.version,
    transport: { type: 'streamable-http', url: config.transportUrl },
    authorization: {
      type: 'oauth2',
      resource: config.transportUrl,
      resource_metadata: metadataUrl(config),
      authorization_servers: [config.issuer],
    },
  };
}

/** Some clients look for the issuer's metadata at the MCP server. */
function issuerPlaces(path: string): Set<string> {
  const names = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'];
  return new Set([
    ...names.flatMap((name) => [name, name + path]),
    `${path}/.well-known/openid-configuration`,
  ]);
}

function toIssuer(url: string): RequestHandler {
  return readOnly((_req, res) => {
    res.redirect(308, url);
  });
}

function document(content: object): RequestHandler {
  return readOnly((_req, res) => {
    res.json(content);
  });
}

/** `no-store`: a cache in front that serves yesterday's metadata breaks every client, and a 308 is kept for ever. */
function readOnly(handler: RequestHandler): RequestHandler {
  return (req, res, next) => {
    res.set({ 'Access-Control-Allow-Origin': '*', 'Cache-Control': 'no-store' });
    if (req.method === 'GET' || req.method === 'HEAD') handler(req, res, next);
    else if (req.method === 'OPTIONS') {
      res
        .status(204)
        .set({ 'Access-Control-Allow-Methods': 'GET, HEAD, OPTIONS', 'Access-Control-Allow-Headers': '*' })
        .end();
    } else res.status(405).set('Allow', 'GET, HEAD, OPTIONS').json({ error: 'method_not_allowed' });
  };
}

/** The path of the endpoint; empty for an endpoint at the root, which has no place of its own. */
function pathOf(transportUrl: string): string {
  const { pathname } = new URL(transportUrl);
  return pathname === '/' ? '' : pathname;
}
