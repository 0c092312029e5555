import { shellWord } from '../text.ts';
import type { Observed, RunbookFacts } from './facts.ts';
import { code, prose } from './markdown.ts';

/** A step of a deployment, and what proves that it is done. */
interface Box {
  id: string;
  title: string;
  /** What does it, as Markdown. */
  how(facts: RunbookFacts): string;
  /** Findings of `status` that say it is not done. */
  findings: readonly string[];
  /** Checks of `validate` that all have to pass. */
  checks: readonly string[];
}

/** How a box stands: `open` with the reasons, or `unknown` where not everything was looked at. */
export interface BoxState {
  id: string;
  title: string;
  state: 'done' | 'open' | 'unknown';
  reasons: string[];
}

/** All finding codes that a box knows; those of the service account and of stored events have none. */
export function boxFindings(): string[] {
  return BOXES.flatMap(({ findings }) => findings);
}
/** All check ids that a box names. */
export function boxChecks(): string[] {
  return BOXES.flatMap(({ checks }) => checks);
}

const resourceOf = ({ deployment }: RunbookFacts) => shellWord(deployment.resource);

/** Without --attach, create-scope makes a new scope a standing one. */
function provision(facts: RunbookFacts): string {
  const { mode, source } = facts.deployment;
  const attach = mode === 'windowed' && source !== 'realm' ? ' --attach none' : '';
  return code(`mcpkc create-scope --resource ${resourceOf(facts)}${attach}`);
}

const BOXES: readonly Box[] = [
  {
    id: 'address',
    title: 'Keycloak runs with its public address and names one issuer everywhere',
    how: () => 'set its address, then restart it',
    findings: ['ISSUER_MISMATCH', 'ISSUER_NOT_HTTPS', 'BASIC_AUTH_DISABLED', 'CIMD_CONFLICTS_WITH_CHATGPT'],
    checks: ['ASM-FOUND', 'ASM-ISSUER', 'ASM-ENDPOINTS'],
  },
  {
    id: 'policies',
    title: 'The registration policies let the products in, and nobody else',
    how: ({ presets }) => code(`mcpkc trusted-hosts --preset ${presets.map(({ name }) => name).join(',')}`),
    findings: [
      'TRUSTED_HOSTS_POLICY_MISSING',
      'TRUSTED_HOSTS_EMPTY',
      'TRUSTED_HOST_MISSING',
      'TRUSTED_HOSTS_TOO_WIDE',
      'SENDER_MATCH_ON',
      'CLIENT_URIS_MATCH_OFF',
      'ALLOWED_SCOPES_BLOCKS_REGISTRATION',
      'ALLOWED_SCOPES_DEFAULTS_OFF',
      'DCR_WITH_SCOPE',
      'REQUESTED_SCOPE_MISSING',
      'NEW_CLIENTS_DISABLED',
      'MAX_CLIENTS_NEAR',
      'MAX_CLIENTS_REACHED',
    ],
    checks: ['REG-PLAIN', 'REG-SCOPE', 'REG-FOREIGN'],
  },
  {
    id: 'scope',
    title: 'The audience scope is there, and tokens name the MCP server',
    how: (facts) =>
      facts.deployment.mode === 'standing' ? provision(facts) : code(`mcpkc onboard ${resourceOf(facts)}`),
    findings: [
      'SCOPE_MISSING',
      'SCOPE_NOT_DEFAULT',
      'SCOPE_ON_FOREIGN_CLIENT',
      'CLIENT_WITHOUT_SCOPE',
      'AUDIENCE_MAPPER_MISSING',
      'AUDIENCE_MISMATCH',
      'MAPPER_NOT_IN_ACCESS_TOKEN',
      'RESOURCE_INDICATORS_BREAK_AUDIENCE',
      'WINDOW_LEFT_OPEN',
      'WINDOW_WAITING',
      'USERLESS_TOKENS_POSSIBLE',
    ],
    checks: ['TOK-AUD'],
  },
  {
    id: 'pkce',
    title: 'PKCE with S256 is enforced',
    how: provision,
    findings: ['PKCE_NOT_ENFORCED', 'POLICY_NAMES_MISSING_SCOPE'],
    checks: ['ASM-PKCE', 'AUTHZ-PKCE'],
  },
  {
    id: 'server',
    title: 'The MCP server runs with its environment and answers as it must',
    how: (facts) => `${code(`mcpkc env ${resourceOf(facts)}`)}, then deploy it again`,
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

/** How each box stands after what was observed; the last one is the whole playbook. */
export function boxStates(observed: Observed): BoxState[] {
  const states = BOXES.map(({ id, title, findings, checks }) => {
    const against = [...brokenBy(observed, findings), ...failed(observed, checks)];
    return { id, title, state: stateOf(observed, findings, checks, against), reasons: against };
  });
  return [...states, playbook(observed)];
}

function brokenBy({ findings = [] }: Observed, prefixes: readonly string[]): string[] {
  return findings
    .filter(
      ({ severity, code: of }) => severity !== 'info' && prefixes.some((prefix) => of.startsWith(prefix)),
    )
    .map(({ code: of, message }) => `${of}: ${message}`);
}

function failed({ checks = [] }: Observed, ids: readonly string[]): string[] {
  return checks
    .filter(({ id, outcome }) => ids.includes(id) && (outcome === 'fail' || outcome === 'blocked'))
    .map(({ id, outcome, says }) => `${id} ${outcome === 'fail' ? 'failed' : 'is blocked'}: ${says}`);
}

function stateOf(
  { findings, checks }: Observed,
  codes: readonly string[],
  ids: readonly string[],
  against: readonly string[],
): BoxState['state'] {
  if (against.length > 0) return 'open';
  const passed = ids.every((id) => checks?.some((check) => check.id === id && check.outcome === 'pass'));
  return passed && (codes.length === 0 || findings !== undefined) ? 'done' : 'unknown';
}

function playbook({ checks }: Observed): BoxState {
  const title = 'Every check that must pass passes; only then are people asked to connect';
  const box = { id: 'validate', title };
  if (!checks) return { ...box, state: 'unknown', reasons: [] };
  const red = checks.filter(
    ({ severity, outcome }) => severity === 'must' && (outcome === 'fail' || outcome === 'blocked'),
  );
  const reasons = red.map(({ id, outcome }) => `${id} ${outcome === 'fail' ? 'failed' : 'is blocked'}`);
  return { ...box, state: red.length > 0 || checks.length === 0 ? 'open' : 'done', reasons };
}

/** The deployment checklist with its boxes. */
export function checklistSection(facts: RunbookFacts): string {
  const lines = boxStates(facts.observed).map(({ id, title, state, reasons }) => {
    const box = BOXES.find((one) => one.id === id);
    const how = box ? box.how(facts) : code(`mcpkc validate ${resourceOf(facts)}`);
    const why = reasons.map((reason) => `\n  - ${prose(reason)}`).join('');
    const unknown = state === 'unknown' ? ' *(not proven)*' : '';
    return `- [${state === 'done' ? 'x' : ' '}] ${title}${unknown}: ${how}${why}`;
  });
  const { findings, checks } = facts.observed;
  const seen = [findings && 'mcpkc status', checks && 'mcpkc validate'].filter(Boolean).join(' and ');
  const note =
    seen === ''
      ? 'Nothing was looked at: boxes are ticked where a service account is configured.'
      : `Ticked on ${facts.day} by what ${seen} found.`;
  return `## Deployment checklist\n\n${note}\n\n${lines.join('\n')}`;
}
