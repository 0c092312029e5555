import { code } from './markdown.ts';

/** Statements in guides of 2025 that no longer hold, each with today's fact. */
export function olderGuidesSection(): string {
  const points: [string, string][] = [
    [
      `${code('authorization_servers')} holds the URL of the issuer’s metadata`,
      'it holds the issuer itself; with the metadata URL today’s clients fail at registration',
    ],
    [
      'ChatGPT may use any of four redirect URIs, which have to be set up',
      `it registers its own: ${code('https://chatgpt.com/connector_platform_oauth_redirect')} with Keycloak, ${code('https://chatgpt.com/connector/oauth/{id}')} with servers that don’t name their issuer in authorization responses`,
    ],
    [
      'a scope among the realm’s defaults reaches every client',
      `not one whose registration names scopes, which the MCP SDK, VS Code and Codex do: these get what they name, so the metadata must list the scope in ${code('scopes_supported')}`,
    ],
    [
      `the resource is the origin, the endpoint its ${code('/mcp')}`,
      'the resource is what people type, path included: clients compare it byte for byte',
    ],
    [
      'PKCE is mandatory',
      'Keycloak leaves it optional until a client policy enforces it, which create-scope makes',
    ],
    [
      'orphans of failed attempts may be pruned by age',
      'a client without a session may still be in use: its deletion is invalid_client for its user, for good',
    ],
    [
      `${code('/.well-known/mcp/manifest.json')} must say ${code('2025-06-18')}`,
      'no specification knows the file; where it is served it must agree with the metadata',
    ],
    [
      `${code('client_credentials')} with the connector’s id shows the audience`,
      'a registered connector can’t use that grant; Keycloak makes an example token instead, which onboard and validate do',
    ],
    [
      'attach the scope to a client that holds it as optional',
      'Keycloak answers 204 and does nothing: it has to be detached first',
    ],
  ];
  return `## Where older guides are out of date

${points.map(([old, now]) => `- They say: ${old}. **Today:** ${now}.`).join('\n')}`;
}
