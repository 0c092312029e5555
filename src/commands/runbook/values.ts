import type { RunbookFacts } from './facts.ts';
import { block, code, table } from './markdown.ts';

const SOURCES = {
  realm: 'as marked in the realm',
  'not in realm': 'to be made: the realm has no such scope yet',
  configuration: 'from the configuration; the realm was not asked',
} as const;

/** The values that everything below is filled in with. */
export function valuesSection(facts: RunbookFacts): string {
  const { mcpServer, server, adminRealm, hostname, hostnameAdmin, clientId, secretOrigin } = facts;
  const { resource, realm, issuer, scope, mode, source } = mcpServer;
  const rows = [
    ['MCP server, as people type it, and audience', code(resource)],
    ['Scope that carries the audience', `${code(scope)}, ${mode} (${SOURCES[source]})`],
    ['Realm', code(realm)],
    ['Issuer', code(issuer)],
    ['Keycloak for administration', code(server)],
    ...(hostname === undefined ? [] : [['Public address of Keycloak', code(hostname)]]),
    ...(hostnameAdmin === undefined ? [] : [['Address of the admin console', code(hostnameAdmin)]]),
    [
      'Service account',
      clientId === undefined ? 'none yet' : `${code(clientId)} in realm ${code(adminRealm)}`,
    ],
    ['Its secret or key', secretOrigin === undefined ? 'none yet' : `in ${code(secretOrigin)}`],
    ['Client products', facts.presets.map(({ title }) => title).join(', ')],
  ];
  return `## This deployment\n\n${table(['What', 'Value'], rows)}${secretText(facts)}`;
}

function secretText({ secret, clientId = '' }: RunbookFacts): string {
  if (secret === undefined) return '';
  const lines = [`KC_CLIENT_ID=${clientId}`, `KC_CLIENT_SECRET=${secret}`];
  return `\n\n**This file holds a secret.** Keep it where only operators read it.\n\n${block('sh', lines)}`;
}
