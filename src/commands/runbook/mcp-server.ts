import { envText } from '../../plan/env-text.ts';
import { shellWord } from '../../text.ts';
import type { RunbookFacts } from './facts.ts';
import { block, code } from './markdown.ts';

/** The settings that the MCP server needs, and the answers that it has to send. */
export function mcpServerSection({ mcpServer }: RunbookFacts): string {
  const { resource, issuer, scope, env } = mcpServer;
  const metadata = {
    resource,
    authorization_servers: [issuer],
    bearer_methods_supported: ['header'],
    scopes_supported: [scope],
  };
  return `## MCP server

### Environment

${block('sh', envText(env, 'dotenv', 'mcp').trimEnd().split('\n'))}

${code('mcpkc env --format compose')} or ${code('--format k8s')} prints the same for Docker Compose and Kubernetes. Then
deploy the server again.

### What it must answer

- Without a token, 401 with one header that names the metadata by its full URL:

  ${code(`WWW-Authenticate: Bearer resource_metadata="${metadataUrl(resource)}", scope="${scope}"`)}

- The metadata (RFC 9728) at ${code(metadataUrl(resource))}${rootToo(resource)}:

${block('json', JSON.stringify(metadata, undefined, 2).split('\n'))}

- ${code('resource')} is what people type, byte for byte; the first authorization server is the issuer, byte for byte.
- 403 for a foreign ${code('Origin')}, 401 for a token whose ${code('aud')} does not name it.
- 406 with an explanation for a POST without ${code('Accept: application/json, text/event-stream')}.

### Cache

What is under ${code('/.well-known/')} must not be cached, or products see old metadata after a change: let the server
send ${code('Cache-Control: no-store')} there, and a rule of the CDN bypass the cache. After a change, for Cloudflare:

${block('sh', purgeLines(resource))}`;
}

/** The place where RFC 9728 §3.1 puts the metadata of a resource. */
export function metadataUrl(resource: string): string {
  const { origin, pathname } = new URL(resource);
  return `${origin}/.well-known/oauth-protected-resource${pathname === '/' ? '' : pathname}`;
}

function rootToo(resource: string): string {
  const { origin, pathname } = new URL(resource);
  if (pathname === '/') return '';
  return ` and, for clients that only look there, at ${code(`${origin}/.well-known/oauth-protected-resource`)}`;
}

/** Purging by URL works on every plan of Cloudflare; the zone's id and a token with "Cache Purge" are the operator's. */
function purgeLines(resource: string): string[] {
  const { origin } = new URL(resource);
  const urls = [...new Set([metadataUrl(resource), `${origin}/.well-known/oauth-protected-resource`])];
  const files = JSON.stringify({ files: [...urls, `${origin}/.well-known/mcp/manifest.json`] });
  return [
    'curl -sS --fail-with-body -X POST "https://api.cloudflare.com/client/v4/zones/$CF_ZONE_ID/purge_cache" \\',
    '  -H "Authorization: Bearer $CF_API_TOKEN" -H "Content-Type: application/json" \\',
    `  --data ${shellWord(files)}`,
  ];
}
