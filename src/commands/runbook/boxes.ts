import { type CommandPart, formatCommand, typedList } from '../../text.ts';
import type { RunbookFacts } from './facts.ts';
import { code } from './markdown.ts';

/** A step of a deployment, and the proof that it is done. */
export interface Box {
  id: string;
  title: string;
  /** The command or setting that does it, as Markdown. */
  how(facts: RunbookFacts): string;
  /** Findings of `status` that show it is not done. */
  findings: readonly string[];
  /** Checks of `validate` that all have to pass. */
  checks: readonly string[];
}

/** All finding codes that a box knows; those of the service account and of stored events have none. */
export function boxFindings(): string[] {
  return BOXES.flatMap(({ findings }) => findings);
}
/** All check ids that a box names. */
export function boxChecks(): string[] {
  return BOXES.flatMap(({ checks }) => checks);
}

/** The products that should connect: where registration is shut they have to be named. */
function presetFlag({ presets }: RunbookFacts): CommandPart[] {
  const names = typedList(presets.map(({ name }) => name));
  return names === '' ? [] : [['--preset', names]];
}

/** Without --attach, create-scope makes a new scope a standing one. */
function provision(facts: RunbookFacts): string {
  const { mode, source } = facts.mcpServer;
  const attach: CommandPart[] = mode === 'adopted' && source !== 'realm' ? [['--attach', 'none']] : [];
  return code(
    formatCommand([
      'create-scope',
      ['--resource', facts.mcpServer.resource],
      ...attach,
      ...presetFlag(facts),
    ]),
  );
}

/** The steps of a deployment, in their order. */
export const BOXES: readonly Box[] = [
  {
    id: 'address',
    title: 'Keycloak runs with its public address and names one issuer everywhere',
    how: () => 'set its address, then restart it',
    findings: ['ISSUER_MISMATCH', 'ISSUER_NOT_HTTPS', 'BASIC_AUTH_DISABLED', 'DOCUMENT_NOT_ALLOWED'],
    checks: ['ASM-FOUND', 'ASM-ISSUER', 'ASM-ENDPOINTS'],
  },
  {
    id: 'policies',
    title: 'The registration policies let the products in, and nobody else',
    how: ({ presets }) =>
      code(formatCommand(['trusted-hosts', ['--preset', typedList(presets.map(({ name }) => name))]])),
    findings: [
      'TRUSTED_HOSTS_POLICY_MISSING',
      'ALLOWED_SCOPES_POLICY_MISSING',
      'MAPPER_POLICY_MISSING',
      'MAPPER_TYPES_WIDE',
      'CONSENT_POLICY_MISSING',
      'FULL_SCOPE_POLICY_MISSING',
      'TRUSTED_HOSTS_EMPTY',
      'TRUSTED_HOST_MISSING',
      'TRUSTED_HOSTS_TOO_WIDE',
      'REDIRECTS_NOT_HELD',
      'MCP_HOST_OPEN',
      'FOREIGN_REDIRECT_POLICY',
      'SENDER_MATCH_ON',
      'CLIENT_URIS_MATCH_OFF',
      'ALLOWED_SCOPES_BLOCKS_REGISTRATION',
      'ALLOWED_SCOPES_DEFAULTS_OFF',
      'DCR_WITH_SCOPE',
      'REQUESTED_SCOPE_MISSING',
      'ADVERTISED_SCOPE_REFUSED',
      'BASIC_NOT_DEFAULT',
      'OFFLINE_ROLE_MISSING',
      'POLICY_STOPS_PRODUCTS',
      'PRODUCT_CANNOT_REGISTER',
      'REGISTRATION_ORIGINS_MISSING',
      'REFRESH_REUSE_ZERO',
      'NEW_CLIENTS_DISABLED',
      'MAX_CLIENTS_NEAR',
      'MAX_CLIENTS_REACHED',
      'DOCUMENT_POLICY_BREAKS_REALM',
      'DOCUMENT_HOSTS_TOO_WIDE',
      'DOCUMENT_POLICIES_CLASH',
      'DOCUMENT_POLICY_IN_VAIN',
      'DOCUMENT_DIFFERS',
    ],
    checks: ['REG-PLAIN', 'REG-SCOPE', 'REG-FOREIGN', 'REG-PATHS'],
  },
  {
    id: 'scope',
    title: 'The audience scope is there, and tokens name the MCP server',
    how: (facts) =>
      facts.mcpServer.mode === 'standing'
        ? provision(facts)
        : code(formatCommand(['onboard', facts.mcpServer.resource, ...presetFlag(facts)])),
    findings: [
      'SCOPE_MISSING',
      'SCOPE_NOT_DEFAULT',
      'SCOPE_ON_FOREIGN_CLIENT',
      'SERVERS_SHARE_TOKENS',
      'ACCESS_OPEN',
      'ACCESS_FAILS_OPEN',
      'ACCESS_NOBODY_HELD',
      'ACCESS_ROLE_COMPOSITE',
      'ACCESS_ROLE_GONE',
      'ACCESS_ROLE_DEFAULT',
      'ACCESS_ROLE_UNUSED',
      'CLIENT_OWN_MAPPERS',
      'HOLDER_EXCEEDS',
      'ADOPTED_CHANGED',
      'CLIENT_WITHOUT_SCOPE',
      'AUDIENCE_MAPPER_MISSING',
      'AUDIENCE_MISMATCH',
      'MAPPER_NOT_IN_ACCESS_TOKEN',
      'RESOURCE_INDICATORS_BREAK_AUDIENCE',
      'RESOURCE_CLIENT_FOREIGN',
      'AUDIENCE_SCOPE_EXPOSED',
      'NAME_SCOPE_GIVES_AUDIENCE',
      'NAME_SCOPE_NOT_OPTIONAL',
      'NOT_MOVED',
      'OLD_WINDOW_OPEN',
      'DOCUMENT_ID_TAKEN',
      'RESOURCE_ID_TAKEN',
      'RESOURCE_ID_FREE',
      'FETCHED_CLIENT_EXCEEDS',
      'ALLOWED_LOST',
    ],
    checks: ['TOK-AUD'],
  },
  {
    id: 'pkce',
    title: 'What registers itself uses PKCE with S256',
    how: provision,
    findings: [
      'PKCE_NOT_ENFORCED',
      'PKCE_BREAKS_APPLICATIONS',
      'CLIENT_WITHOUT_USER',
      'CLIENT_WITHOUT_PKCE',
      'OLD_GRANTS_POSSIBLE',
      'POLICY_NAMES_MISSING_SCOPE',
      'POLICY_NAMES_MISSING_PROFILE',
    ],
    checks: ['ASM-PKCE', 'AUTHZ-PKCE'],
  },
  {
    id: 'userless',
    title: 'No client that registered itself gets a token without a user (Keycloak 26.7.0 or later)',
    how: provision,
    findings: ['USERLESS_TOKENS_POSSIBLE'],
    checks: ['TOK-USERLESS'],
  },
  {
    id: 'server',
    title: 'The MCP server runs with its environment and answers as it must',
    how: ({ mcpServer }) => `${code(formatCommand(['env', mcpServer.resource]))}, then deploy it again`,
    findings: [],
    checks: ['CHAL-401', 'PRM-FOUND', 'PRM-RESOURCE', 'PRM-ISSUER', 'MCP-OPEN'],
  },
  {
    id: 'cache',
    title: 'No cache serves old metadata',
    how: () => 'the purge under "Cache"',
    findings: [],
    checks: ['META-CACHE'],
  },
];
