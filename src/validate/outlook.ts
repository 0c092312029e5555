import type { Preset } from '../clients/preset.ts';
import type { CheckResult } from './check.ts';
import type { Evidence } from './evidence.ts';
import { audiences } from './verify-token.ts';

/** Where a client is stopped, in the order in which it gets there. */
export type Stage =
  | 'challenge'
  | 'resource-metadata'
  | 'server-metadata'
  | 'registration'
  | 'authorization'
  | 'token'
  | 'mcp';

/** What awaits a product's users. */
export interface Outlook {
  preset: string;
  title: string;
  verdict: 'works' | 'works-with-warnings' | 'fails' | 'unknown';
  /** Where it fails. */
  stage: Stage | null;
  /** The check that says so. */
  check: string | null;
  /** A sentence. */
  says: string;
}

/** Checks that stop every client, with the stage at which they do. */
const STOPS: readonly (readonly [Stage, readonly string[]])[] = [
  ['challenge', ['CHAL-401']],
  ['resource-metadata', ['PRM-FOUND', 'PRM-RESOURCE']],
  ['server-metadata', ['PRM-ISSUER', 'ASM-FOUND', 'ASM-ISSUER']],
  ['registration', ['REG-PLAIN', 'REG-SCOPE']],
  ['authorization', ['ASM-ENDPOINTS', 'ASM-PKCE', 'AUTHZ-SCOPES']],
  ['token', ['TOK-BASIC', 'ASM-AUTH-BASIC']],
  ['mcp', ['TOK-CLAIMS', 'REG-READBACK', 'TOK-AUD', 'MCP-OPEN', 'MCP-TOOLS']],
];

/** Products that take a resource which is a prefix of the URL, as the SDK does; Claude and VS Code compare bytes. */
const EXACT_RESOURCE = new Set(['claude', 'claude-code', 'vscode']);

/** What each chosen product will meet, from the results of all checks, wanted or not. */
export function outlooks(results: readonly CheckResult[], evidence: Evidence): Outlook[] {
  return evidence.target.presets.map((preset) => outlookFor(preset, results, evidence));
}

function outlookFor(preset: Preset, results: readonly CheckResult[], evidence: Evidence): Outlook {
  const { name, title } = preset;
  const find = (id: string) => results.find(({ check }) => check.id === id);
  const say = (
    verdict: Outlook['verdict'],
    stage: Stage | null,
    check: string | null,
    says: string,
  ): Outlook => ({
    preset: name,
    title,
    verdict,
    stage,
    check,
    says,
  });
  for (const [stage, ids] of STOPS) {
    for (const id of ids) {
      const result = find(id);
      if (result?.outcome !== 'fail') continue;
      const why = concerns(id, preset, evidence, result.says);
      if (why !== undefined) return say('fails', stage, id, `will fail at ${stage}: ${why}`);
    }
  }
  const open = STOPS.flatMap(([stage, ids]) => ids.map((id) => ({ stage, id, result: find(id) })));
  const dark = open.find(({ result }) => result?.outcome === 'blocked' && matters(result, preset, evidence));
  if (dark)
    return say(
      'unknown',
      null,
      dark.id,
      `unknown: ${dark.id} could not be judged. ${dark.result?.says ?? ''}`.trim(),
    );
  const warnings = results.filter(
    ({ outcome, severity, warning }) => (outcome === 'fail' && severity === 'should') || warning,
  );
  const windowed =
    evidence.target.inside?.mode === 'windowed'
      ? ' The client that was given the scope; a new connection takes a window (mcpkc onboard).'
      : '';
  if (warnings.length === 0) return say('works', null, null, `works.${windowed}`);
  return say(
    'works-with-warnings',
    null,
    null,
    `works, with warnings: ${warnings.map(({ check }) => check.id).join(', ')}.${windowed}`,
  );
}

/** A product's own sentence about a failed check; undefined where it doesn't concern that product. */
function concerns(id: string, preset: Preset, { parts, target }: Evidence, says: string): string | undefined {
  const own = parts.registration?.presets.find((one) => one.preset.name === preset.name);
  if (id === 'PRM-RESOURCE')
    return resourceConcerns(preset, parts['resource-metadata']?.document.resource, target.mcp)
      ? says
      : undefined;
  if (id === 'REG-PLAIN') return own && !own.plain.client ? says : undefined;
  if (id === 'REG-SCOPE') return preset.sendsScope === 'yes' && own && !own.scoped.client ? says : undefined;
  if (id === 'AUTHZ-SCOPES') return preset.requestedScopes.length > 0 ? says : undefined;
  if (id === 'TOK-BASIC' || id === 'ASM-AUTH-BASIC') {
    return preset.registration.token_endpoint_auth_method === 'client_secret_basic' ? says : undefined;
  }
  if (id === 'TOK-AUD') {
    const tokens = parts.token?.connectors.tokens.filter((one) => one.preset === preset.name) ?? [];
    if (tokens.length === 0) return says;
    return tokens.some(({ claims }) => !audiences(claims).includes(target.mcp))
      ? 'its token does not name the host, which answers 401.'
      : undefined;
  }
  return says;
}

function resourceConcerns({ name }: Preset, resource: unknown, mcp: string): boolean {
  if (EXACT_RESOURCE.has(name) || typeof resource !== 'string') return true;
  const [configured, typed] = [URL.parse(resource), new URL(mcp)];
  if (configured?.origin !== typed.origin) return true;
  // As the SDK's checkResourceAllowed: the typed path must lie below the resource's.
  const below = (path: string) => (path.endsWith('/') ? path : `${path}/`);
  return !below(typed.pathname).startsWith(below(configured.pathname));
}

/** Whether a check that could not be judged leaves the product's fate open. */
function matters({ check }: CheckResult, preset: Preset, evidence: Evidence): boolean {
  if (evidence.target.noRegistration && check.id.startsWith('REG-')) return false;
  if (check.id === 'TOK-BASIC')
    return preset.registration.token_endpoint_auth_method === 'client_secret_basic';
  return true;
}
