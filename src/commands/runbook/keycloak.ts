import { roleLabel } from '../../realm/access.ts';
import { type CommandPart, formatCommand, listNames, shellWord, typedList } from '../../text.ts';
import type { RunbookFacts } from './facts.ts';
import { block, code } from './markdown.ts';

/** The exchange between product, Keycloak and MCP server, from first to last. */
export function flowSection({ mcpServer }: RunbookFacts): string {
  const { resource, issuer } = mcpServer;
  return `## What happens when somebody connects

1. The product asks ${code(resource)} without a token, is answered 401, and finds there where the metadata is.
2. The metadata names the issuer, ${code(issuer)}; the product reads the issuer’s own metadata.
3. It registers itself as a client (RFC 7591), without a token: the realm’s registration policies decide.
4. The person signs in and agrees; PKCE with S256 protects the code.
5. The product redeems the code. The token’s ${code('aud')} names the MCP server only if the client holds the audience scope.
6. It calls the MCP server with the token, which checks signature, issuer, expiry and audience.`;
}

/** Keycloak's own settings, and the commands that replace clicking through the admin console. */
export function keycloakSection(facts: RunbookFacts): string {
  return `## Keycloak

### Address and proxy

Keycloak has to know its public address, or tokens carry another issuer than the MCP server expects.

${block('sh', addressLines(facts))}

### Service account, policies, scope

${block('sh', provisioningLines(facts))}

Each command takes ${code('--dry-run')} and then only shows what it would change. They make the client scope with its audience
mapper, let the products’ hosts register, allow the scope and ${code('openid')} in registrations, and enforce PKCE by a client
policy. Policies that are there keep their other entries.

### Access log

${block('sh', ['# Keycloak 26.4 and later; before, QUARKUS_HTTP_ACCESS_LOG_ENABLED=true', 'KC_HTTP_ACCESS_LOG_ENABLED=true'])}

A successful connection reads: ${code('POST …/clients-registrations/openid-connect')}, ${code('GET …/auth')}, the sign-in and
the consent, then ${code('POST …/token')} from the product’s servers (for ChatGPT not from the browser, with an aiohttp user
agent). Registrations, sign-ins and refusals are events too: ${code('mcpkc init --events 30d')} has them stored.`;
}

function addressLines({ hostname, hostnameAdmin, mcpServer }: RunbookFacts): string[] {
  // The issuer is the public address, its relative path included, and the realm.
  const address = hostname ?? mcpServer.issuer.replace(/\/realms\/[^/]*$/, '');
  return [
    ...(hostname === undefined
      ? ['# as the issuer has it; a Keycloak with another public address needs that here']
      : []),
    `KC_HOSTNAME=${shellWord(address)}`,
    ...(hostnameAdmin === undefined ? [] : [`KC_HOSTNAME_ADMIN=${shellWord(hostnameAdmin)}`]),
    'KC_PROXY_HEADERS=xforwarded   # behind a proxy that overwrites X-Forwarded-*',
    'KC_HTTP_ENABLED=true          # where that proxy ends TLS',
  ];
}

function provisioningLines({ mcpServer, presets, server, clientId }: RunbookFacts): string[] {
  const { resource, realm, mode } = mcpServer;
  const roles = mcpServer.roles?.gates?.map(roleLabel);
  const init = formatCommand(['init', ['--server', server], ['--realm', realm]]);
  const names = typedList(presets.map(({ name }) => name));
  const preset: CommandPart[] = names === '' ? [] : [['--preset', names]];
  const standing = [
    '# once for the MCP server: everybody may connect',
    formatCommand(['create-scope', ['--resource', resource], ...preset]),
  ];
  const adopted = [
    '# once for each connection: waits for the connector and adopts it',
    formatCommand(['onboard', resource, ...preset]),
  ];
  return [
    clientId === undefined
      ? '# once for the realm: the account that mcpkc works with'
      : '# done once; again to repair',
    init,
    '',
    ...(mode === 'standing' ? standing : adopted),
    ...(roles === undefined
      ? []
      : [
          '',
          `# who may use it: ${roles.length === 0 ? 'nobody' : `anybody who has the role ${listNames(roles)}`}`,
          formatCommand(['access', resource]),
        ]),
    '',
    '# is everything in place?',
    formatCommand(['status', ['--resource', resource]]),
  ];
}
