import type { Config } from '../config/load.ts';
import { firstStepFor } from '../plan/next-step.ts';
import { shellWord, typedList } from '../text.ts';
import type { CheckResult } from './check.ts';
import type { Evidence } from './evidence.ts';
import type { Exchange } from './exchange.ts';
import { type Framework, frameworkOf, inWordsOf } from './framework.ts';
import { isRed } from './judge.ts';
import { type Secrets, type ShownExchange, showExchange } from './mask.ts';
import type { Outlook } from './outlook.ts';
import type { Findings } from './validate.ts';

/** A check's result, fit to be shown: no secrets, no control characters. */
export interface ShownCheck {
  id: string;
  title: string;
  severity: CheckResult['severity'];
  outcome: CheckResult['outcome'];
  /** For a check that was not run: the check whose failure is the reason; null where the reason is something else. */
  culprit: string | null;
  /** Whether a check that was not run counts as no failure. */
  excused: boolean;
  /** The sentence about what was found. */
  message: string;
  warning: boolean;
  /** The exchanges and facts that were judged. */
  evidence: { exchanges: ShownExchange[]; facts: Record<string, unknown> };
  /** Null where it passed. */
  cause: string | null;
  fix: string | null;
  spec: string;
}

/** An error that `status` finds, as far as it is shown here. */
export interface RealmError {
  code: string;
  message: string;
  fix: { kind: string; text: string };
}

/** Everything that a run reports, as text, JSON, JUnit or annotations. */
export interface ValidationAnswer {
  mcp: string;
  issuer: string | null;
  server: string | undefined;
  realm: string | undefined;
  mode: string | null;
  scope: string | null;
  checks: ShownCheck[];
  outlook: Outlook[];
  /** Ids of what is red at the threshold. */
  red: string[];
  /** Whether the MCP server answered nothing at all. */
  silent: boolean;
  exitStatus: number;
  requests: { id: string; request: string; to: string; status: number | null; ms: number }[];
  events: unknown[];
  commands: Record<string, string>;
  swept: { removed: string[]; left: string[] };
  /** Errors that `status` finds in the realm, where something is red and an account may look. */
  realmErrors: readonly RealmError[];
  /** The next step where the realm has no scope for the MCP server. */
  firstStep?: { what: string; line: string };
  document: Record<string, unknown>;
}

/** Makes the answer; exit status 3 where the MCP server never answered, 1 where something is red. */
export function answerOf(
  findings: Findings,
  { config, failOn }: { config: Config; failOn: 'must' | 'should' },
): ValidationAnswer {
  const { evidence, results, recorder } = findings;
  const { target, parts } = evidence;
  const { secrets } = recorder;
  const red = results.filter((result) => isRed(result, failOn)).map(({ check }) => check.id);
  const silent = parts.challenge?.answered === false;
  const show = once((exchange: Exchange) => showExchange(exchange, secrets));
  const fill = fillPlaceholders(evidence, config);
  const framework = frameworkOf(evidence);
  const checks = results.map((result) => shownCheck(result, { secrets, show, fill, framework }));
  const outlook = findings.outlook.map((one) => ({
    ...one,
    reason: one.reason === null ? null : secrets.clean(one.reason),
    message: secrets.clean(one.message),
  }));
  const log = parts['log-correlation'];
  const facts = results.find(({ check }) => check.id === 'LOG-CORRELATE')?.facts;
  const common = {
    mode: target.inside?.scopes.named ? target.inside.mode : null,
    scope: target.inside?.scope ?? null,
    checks,
    outlook,
    requests: requestsOf(recorder),
    events: Array.isArray(facts?.events) ? facts.events : [],
    commands: { ...log?.commands },
    swept: { removed: [...(parts.registration?.swept.removed ?? [])], left: [...findings.left] },
  };
  const issuer = parts['server-metadata']?.issuer ?? target.issuer ?? null;
  return {
    ...common,
    mcp: target.mcp,
    issuer,
    server: config.server,
    realm: config.realm,
    red,
    silent,
    realmErrors: [],
    firstStep: firstStepFor({
      resource: config.transportUrl === target.mcp ? undefined : target.mcp,
      products: target.presets,
      isServing: !silent,
    }),
    exitStatus: silent ? 3 : red.length > 0 ? 1 : 0,
    document: { resource: target.mcp, issuer, ...common, runId: target.runId, failOn },
  };
}

function requestsOf({ exchanges, secrets }: Findings['recorder']): ValidationAnswer['requests'] {
  return exchanges.map(({ id, method, url, to, status, ms }) => {
    return { id, request: `${method} ${secrets.clean(url)}`, to, status: status ?? null, ms };
  });
}

/** The values that fill a check's general words in this run: the URL, the products, the issuer. */
export function fillPlaceholders(
  { target, parts }: Pick<Evidence, 'target' | 'parts'>,
  { hostname }: Pick<Config, 'hostname'>,
) {
  const issuer = parts['server-metadata']?.issuer ?? target.issuer ?? target.ownIssuer;
  // The issuer without its realm: relative path included.
  const keycloak = hostname ?? issuer?.replace(/\/realms\/[^/]*$/, '');
  const values: Readonly<Record<string, string>> = {
    '<url>': shellWord(target.mcp),
    '<name>': typedList(target.presets.map(({ name }) => name)),
    '<resource>': target.mcp,
    '<issuer>': issuer ?? 'the realm’s issuer',
    '<mcp-origin>': new URL(target.mcp).origin,
    '<mcp-path>': new URL(target.mcp).pathname.replace(/^\/$/, ''),
    '<keycloak>': keycloak ?? 'Keycloak’s public URL',
    '<scope>': target.inside?.scope ?? 'the resource’s scope',
  };
  return (text: string): string =>
    Object.entries(values).reduce((rest, [name, value]) => rest.replaceAll(name, () => value), text);
}

/** Makes a function that cleans each exchange once, since many checks judge the same one. */
function once<K, V>(make: (key: K) => V): (key: K) => V {
  const made = new Map<K, V>();
  return (key) => {
    const value = made.get(key) ?? make(key);
    made.set(key, value);
    return value;
  };
}

/** The settings by which results are shown in this run. */
interface Showing {
  secrets: Secrets;
  show: (exchange: Exchange) => ShownExchange;
  fill: (text: string) => string;
  framework: Framework | undefined;
}

function shownCheck(result: CheckResult, { secrets, show, fill, framework }: Showing): ShownCheck {
  const { check, severity, outcome, message, warning, exchanges = [], facts = {} } = result;
  const troubled = outcome === 'fail';
  const cause = result.cause ?? (troubled ? check.cause : undefined);
  const own = result.fix ?? (troubled ? check.fix : undefined);
  const fix = own !== undefined && troubled ? inWordsOf(framework, check.id, own) : own;
  const clean = (text: string | undefined) => (text === undefined ? null : secrets.clean(fill(text)));
  const distinct = [...new Set(exchanges.filter((one) => one !== undefined))];
  return {
    id: check.id,
    title: check.title,
    severity,
    outcome,
    culprit: result.culprit ?? null,
    excused: result.excused === true,
    message: secrets.clean(message),
    warning: warning === true,
    evidence: {
      exchanges: distinct.map(show),
      facts: cleaned(facts, clean),
    },
    cause: clean(cause),
    fix: clean(fix),
    spec: check.spec,
  };
}

/** Facts hold plain data; text in them that outsiders wrote is cleaned like everything else. */
function cleaned(
  facts: Record<string, unknown>,
  clean: (text: string) => string | null,
): Record<string, unknown> {
  return JSON.parse(JSON.stringify(facts), (_key, value: unknown) =>
    typeof value === 'string' ? clean(value) : value,
  ) as Record<string, unknown>;
}
