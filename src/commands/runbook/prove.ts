import { formatCommand, shellWord } from '../../text.ts';
import type { RunbookFacts, RunsOn } from './facts.ts';
import { block, code, table } from './markdown.ts';
import { metadataUrl } from './mcp-server.ts';

/** The proofs, with one command and by hand. */
export function proveSection({ mcpServer, caFile }: RunbookFacts): string {
  const { resource, issuer } = mcpServer;
  const url = shellWord(resource);
  const curl = `curl -sS${caFile === undefined ? '' : ` --cacert ${shellWord(caFile)}`}`;
  const lines = [
    formatCommand(['validate', resource]),
    '',
    '# the same from outside, by hand: the challenge, the metadata, the issuer',
    `${curl} -o /dev/null -D - -X POST ${url} | grep -i www-authenticate`,
    `${curl} ${shellWord(metadataUrl(resource))}`,
    `${curl} ${shellWord(`${issuer}/.well-known/openid-configuration`)}`,
  ];
  return `## Prove it

${block('sh', lines)}

${code('mcpkc validate')} registers a client as the product does and removes it again, asks for tokens, and calls the MCP
server; it never calls a tool. ${code('--login')} adds a real sign-in in the browser.`;
}

/** The last ten minutes of a service's log, by how it is run; the name is that of the service, unit or deployment. */
const LOGS: Readonly<Record<RunsOn, (name: string) => string>> = {
  docker: (name) => `docker compose logs --since 10m ${name}`,
  systemd: (name) => `journalctl --since '-10 min' -u ${name}`,
  kubernetes: (name) => `kubectl logs --since 10m deployment/${name}`,
};

/** The places to look at when a connection fails. */
export function failureSection({ mcpServer, runsOn }: RunbookFacts): string {
  const { resource, scope, mode } = mcpServer;
  const status = code(formatCommand(['status', ['--resource', resource]]));
  const adopt = code(`${formatCommand(['onboard', resource])} <client-id>`);
  const rows = [
    [
      'registration refused, "Policy \'Trusted Hosts\' rejected request"',
      'the product’s hosts are not trusted, or the sender has to match',
      status,
    ],
    [
      'registration refused, "Not permitted to use specified clientScope"',
      `it named ${code(scope)} or ${code('openid')}, which registrations may not`,
      code(formatCommand(['create-scope', ['--resource', resource]])),
    ],
    [
      '"something went wrong" after the consent',
      'the token has no audience for this server',
      mode === 'adopted' ? `${adopt} adopts its client` : code(formatCommand(['validate', resource])),
    ],
    [
      `${code('invalid_scope')} at the sign-in`,
      'a scope that the product asks for is not in the realm',
      status,
    ],
    [
      code('invalid_client'),
      'the client was deleted or disabled',
      code('mcpkc prune-clients --restore <backup> <client-id>'),
    ],
    [
      'nobody can register any more',
      'the limit of clients is reached by failed attempts',
      code('mcpkc prune-clients'),
    ],
    ['it worked until the metadata changed', 'a cache serves the old one', 'the purge under "Cache"'],
  ];
  const logs = [
    `${LOGS[runsOn]('keycloak')} | grep -E 'clients-registrations|openid-connect/(auth|token)'`,
    `${LOGS[runsOn]('"$MCP_SERVICE"')} | grep "$REQUEST_ID"`,
    'mcpkc status --clients   # who registered, who holds which scope',
  ];
  const head = ['What people see', 'Most likely', 'What helps'];
  return `## When it fails\n\n${table(head, rows)}\n\n${block('sh', logs)}`;
}
