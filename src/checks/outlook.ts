import type { Preset } from '../products/preset.ts';
import { formatCommand, typedList } from '../text.ts';
import type { Check, CheckResult } from './check.ts';
import type { Evidence } from './evidence.ts';
import { judgeAll } from './judge.ts';

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
  message: string;
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

/** What each chosen product will meet: all checks judged by the evidence of that product alone. */
export function outlooks(checks: readonly Check[], evidence: Evidence): Outlook[] {
  const all = new Set(checks.map(({ id }) => id));
  return evidence.target.presets.map((preset) => {
    const own = evidenceOf(preset, evidence);
    return outlookFor(preset, judgeAll(checks, own, all), own);
  });
}

/** The evidence without what is other products'. */
function evidenceOf(preset: Preset, { target, parts }: Evidence): Evidence {
  const { registration, authorization, token } = parts;
  const tokens = token?.connectors.tokens.filter((one) => one.preset === preset.name) ?? [];
  const message = token?.connectors.message || `No client of ${preset.title} holds the scope yet.`;
  const fix =
    token?.connectors.fix || formatCommand(['onboard', target.mcp, ['--preset', typedList([preset.name])]]);
  return {
    target: { ...target, presets: [preset] },
    parts: {
      ...parts,
      ...(registration && {
        registration: {
          ...registration,
          presets: registration.presets.filter((one) => one.preset === preset),
        },
      }),
      ...(authorization && {
        authorization: {
          ...authorization,
          productScopes: authorization.productScopes.filter(({ title }) => title === preset.title),
        },
      }),
      ...(token && { token: { ...token, connectors: { tokens, message, fix } } }),
    },
  };
}

type Told = Omit<Outlook, 'preset' | 'title'>;

function outlookFor(preset: Preset, results: readonly CheckResult[], evidence: Evidence): Outlook {
  const { name, title } = preset;
  const own = STOPS.flatMap(([stage, ids]) => ids.map((id) => ({ stage, id })))
    .filter(({ id }) => concerns(id, preset, evidence))
    .map(({ stage, id }) => ({ stage, id, result: results.find(({ check }) => check.id === id) }));
  const stop = own.find(({ result }) => result?.outcome === 'fail');
  const dark = own.find(({ result }) => result?.outcome === 'not-run');
  const message = (stop ?? dark)?.result?.message ?? '';
  const told = stop
    ? failing(preset, evidence, stop.stage, stop.id, message)
    : dark
      ? unknown(dark.id, `${dark.id} could not be judged. ${message}`)
      : working(results, evidence);
  return { preset: name, title, ...told };
}

function unknown(check: string, message: string): Told {
  return { verdict: 'unknown', stage: null, check, message: `unknown: ${message}` };
}

function failing(preset: Preset, evidence: Evidence, stage: Stage, check: string, message: string): Told {
  if (mayEcho(preset, evidence) && ['REG-READBACK', 'TOK-AUD'].includes(check)) {
    return unknown(
      check,
      'it works if it asks for the scopes that its registration was answered with, as it was seen to do.',
    );
  }
  // Another issuer that is one takes the client in; it is there that it is a stranger.
  const elsewhere = check === 'PRM-ISSUER' && evidence.parts['server-metadata']?.elsewhere === true;
  const at = elsewhere ? 'registration' : stage;
  return { verdict: 'fails', stage: at, check, message: `will fail at ${at}: ${message}` };
}

function working(results: readonly CheckResult[], { target }: Evidence): Told {
  const warnings = results.filter(
    ({ outcome, severity, warning }) => (outcome === 'fail' && severity !== 'info') || warning,
  );
  const adopted =
    target.inside?.mode === 'adopted'
      ? ` That is, the adopted client; to connect another: ${formatCommand(['onboard', target.mcp])}`
      : '';
  const ids = warnings.map(({ check }) => check.id).join(', ');
  return warnings.length === 0
    ? { verdict: 'works', stage: null, check: null, message: `works.${adopted}` }
    : {
        verdict: 'works-with-warnings',
        stage: null,
        check: null,
        message: `works, with warnings: ${ids}.${adopted}`,
      };
}

/** A product that asks for what its registration was answered with may get an optional scope that nobody names. */
function mayEcho({ scopes }: Preset, { parts }: Evidence): boolean {
  return scopes.from.includes('registered') && parts.registration?.presets[0]?.held.plain === 'optional';
}

/** Whether a check that failed, or could not be judged, is in this product's way. */
function concerns(id: string, preset: Preset, { parts, target }: Evidence): boolean {
  const { sendsScope, registration, requestedScopes } = preset;
  if (target.noRegistration && id.startsWith('REG-')) return false;
  if (id === 'PRM-RESOURCE')
    return resourceConcerns(preset, parts['resource-metadata']?.document.resource, target.mcp);
  if (id === 'REG-SCOPE') return sendsScope === 'yes' && (parts['resource-metadata']?.scopes.length ?? 0) > 0;
  if (id === 'REG-READBACK') return target.inside?.mode !== 'adopted';
  if (id === 'AUTHZ-SCOPES') return requestedScopes.length > 0;
  if (id === 'TOK-BASIC' || id === 'ASM-AUTH-BASIC') {
    return registration.token_endpoint_auth_method === 'client_secret_basic';
  }
  return true;
}

function resourceConcerns({ comparesResource }: Preset, resource: unknown, mcp: string): boolean {
  if (comparesResource === 'exact' || typeof resource !== 'string') return true;
  const [configured, typed] = [URL.parse(resource), new URL(mcp)];
  if (configured?.origin !== typed.origin) return true;
  // As the SDK's checkResourceAllowed: the typed path must lie below the resource's.
  const below = (path: string) => (path.endsWith('/') ? path : `${path}/`);
  return !below(typed.pathname).startsWith(below(configured.pathname));
}
