import type { Connection } from '../products/connection.ts';
import { isRecorded, type Preset } from '../products/preset.ts';
import { formatCommand, typedList } from '../text.ts';
import type { Check, CheckResult } from './check.ts';
import type { Evidence } from './evidence.ts';
import { judgeAll } from './judge.ts';
import { connectionOf, foundIn } from './product-ways.ts';
import { resourceConcerns } from './resource-metadata-fields.ts';
import { listUnreachable } from './vendor-network.ts';

/** The stages at which a client may be stopped, in the order in which it gets there. */
export type ConnectStage =
  | 'challenge'
  | 'resource-metadata'
  | 'server-metadata'
  | 'registration'
  | 'authorization'
  | 'token'
  | 'mcp';

/** The prospect of a product's users. */
export interface Outlook extends Connection {
  preset: string;
  title: string;
  /**
   * `works`: a product that was recorded, tried as far as it goes without a person. `expected`: the same of a product
   * that is known from documentation alone. `works-once-adopted`, `expected-once-adopted`: mode adopted, and none of
   * its clients was adopted yet. `unknown`: something on its way could not be tried.
   */
  verdict:
    | 'works'
    | 'works-with-warnings'
    | 'works-once-adopted'
    | 'expected'
    | 'expected-once-adopted'
    | 'fails'
    | 'unknown';
  /** The stage where it fails. */
  stage: ConnectStage | null;
  /** The check that found it. */
  check: string | null;
  /** A sentence. */
  message: string;
  /**
   * The parts that this run did as the product does them, those that it read instead, and those that it didn't look at.
   */
  tried: string[];
  read: string[];
  untried: string[];
  /** The URLs on its way that its vendor's servers can't reach, since they are of a private network. */
  unreachable: string[];
}

/** Checks that stop every client, with the stage at which they do. */
const STOPS: readonly (readonly [ConnectStage, readonly string[]])[] = [
  ['challenge', ['CHAL-401']],
  ['resource-metadata', ['PRM-FOUND', 'PRM-RESOURCE']],
  ['server-metadata', ['PRM-ISSUER', 'ASM-FOUND', 'ASM-ISSUER']],
  ['registration', ['REG-PLAIN', 'REG-SCOPE']],
  ['authorization', ['ASM-ENDPOINTS', 'ASM-PKCE', 'CLIENT-SETTINGS', 'AUTHZ-SCOPES']],
  ['token', ['ASM-AUTH-BASIC', 'TOK-BASIC', 'TOK-CODE', 'TOK-OFFLINE']],
  ['mcp', ['TOK-CLAIMS', 'REG-READBACK', 'TOK-AUD', 'MCP-OPEN', 'MCP-SCOPES', 'MCP-TOOLS']],
];

/** A stage as people call it. */
const STAGE_NAMES: Readonly<Record<ConnectStage, string>> = {
  challenge: 'the MCP server’s challenge',
  'resource-metadata': 'the MCP server’s metadata',
  'server-metadata': 'the issuer’s metadata',
  registration: 'registration',
  authorization: 'sign-in',
  token: 'the token request',
  mcp: 'the MCP server',
};

/** The prospect of each chosen product: all checks judged by the evidence of that product alone. */
export function foretellOutlooks(checks: readonly Check[], evidence: Evidence): Outlook[] {
  const all = new Set(checks.map(({ id }) => id));
  return evidence.target.presets.map((preset) => {
    const own = evidenceOf(preset, evidence);
    return outlookFor(preset, judgeAll(checks, own, all), own);
  });
}

/** The evidence without the parts of other products. */
function evidenceOf(preset: Preset, { target, parts }: Evidence): Evidence {
  const { registration, authorization, token } = parts;
  const tokens = token?.connectors.tokens.filter((one) => one.preset === preset.name) ?? [];
  const message = token?.connectors.message || `No token of ${preset.title} is known.`;
  const fix =
    token?.connectors.fix || formatCommand(['onboard', target.mcp, ['--preset', typedList([preset.name])]]);
  const excused = token?.connectors.excused === true;
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
          products: authorization.products.filter((one) => one.preset === preset),
          productScopes: authorization.productScopes.filter(({ title }) => title === preset.title),
        },
      }),
      ...(token && {
        token: {
          ...token,
          codes: token.codes.filter((one) => one.preset === preset),
          connectors: { tokens, message, fix, excused },
        },
      }),
    },
  };
}

type Told = Pick<Outlook, 'verdict' | 'stage' | 'check' | 'message'>;

function outlookFor(preset: Preset, results: readonly CheckResult[], evidence: Evidence): Outlook {
  const { name, title } = preset;
  const own = STOPS.flatMap(([stage, ids]) => ids.map((id) => ({ stage, id })))
    .filter(({ id }) => concerns(id, preset, evidence))
    .map(({ stage, id }) => ({ stage, id, result: results.find(({ check }) => check.id === id) }));
  const stop = own.find(({ result }) => result?.outcome === 'fail');
  const dark = own.find(({ result }) => result?.outcome === 'not-run');
  const message = (stop ?? dark)?.result?.message ?? '';
  const issuer = evidence.parts['server-metadata']?.issuer ?? evidence.target.issuer;
  const unreachable = listUnreachable(preset, [evidence.target.mcp, issuer]);
  const told = stop
    ? failing(evidence, stop.stage, stop.id, message)
    : dark
      ? unknown(dark.id, `${dark.id} could not be judged. ${message}`)
      : (documentDoubt(evidence) ?? working(preset, results, evidence));
  const connection = connectionOf(evidence.parts.registration?.presets[0]?.way);
  const none = { way: 'none', clientId: connection.clientId, reason: `${told.check}: ${message}` } as const;
  const way = told.verdict !== 'fails' || connection.way === 'none' ? connection : none;
  return { preset: name, title, ...way, ...told, ...basisOf(preset, evidence), unreachable };
}

function unknown(check: string, message: string): Told {
  return { verdict: 'unknown', stage: null, check, message: `unknown: ${message}` };
}

function failing(evidence: Evidence, stage: ConnectStage, check: string, message: string): Told {
  // Clients go to another issuer that is one, and are strangers to it: they stop at registration there.
  const elsewhere = check === 'PRM-ISSUER' && evidence.parts['server-metadata']?.elsewhere === true;
  const at = elsewhere ? 'registration' : stage;
  return { verdict: 'fails', stage: at, check, message: `fails at ${STAGE_NAMES[at]}: ${message}` };
}

/** The doubt about a product that uses its metadata document, where no request of it told how that ends. */
function documentDoubt({ parts }: Evidence): Told | undefined {
  const [own] = parts.registration?.presets ?? [];
  if (own?.way.by !== 'document') return undefined;
  const { connection } = own.way;
  if (connection.way === 'none') {
    const message = `fails at sign-in: ${connection.reason}.`;
    return { verdict: 'fails', stage: 'authorization', check: 'ASM-CIMD', message };
  }
  if (foundIn(own.way) !== undefined) return undefined;
  return unknown(
    'ASM-CIMD',
    'it uses its metadata document; whether Keycloak takes it was not tried, since that would make its client.',
  );
}

function working(preset: Preset, results: readonly CheckResult[], { target, parts }: Evidence): Told {
  const warnings = results.filter(
    ({ outcome, severity, warning }) => (outcome === 'fail' && severity !== 'info') || warning,
  );
  const tokens = parts.token?.connectors.tokens ?? [];
  const once = tokens.length > 0 && tokens.every((token) => token.once);
  const known = isRecorded(preset);
  const word = known ? 'works' : 'is expected to work (known from documentation alone)';
  const nothing = { stage: null, check: null };
  if (once) {
    const line = formatCommand(['onboard', target.mcp, ['--preset', typedList([preset.name])]]);
    const message = `${word} once a client of it is adopted; none was yet. To connect it: ${line}`;
    return { verdict: known ? 'works-once-adopted' : 'expected-once-adopted', ...nothing, message };
  }
  const isAdopted = target.inside?.mode === 'adopted' && target.client === undefined;
  const registers = connectionOf(parts.registration?.presets[0]?.way).way === 'registration';
  const others =
    isAdopted && registers
      ? ` That is its adopted client; to connect another: ${formatCommand(['onboard', target.mcp])}`
      : '';
  const ids = warnings.map(({ check }) => check.id).join(', ');
  const noted = warnings.length === 0 ? '' : `, with warnings: ${ids}`;
  const verdict = !known ? 'expected' : warnings.length === 0 ? 'works' : 'works-with-warnings';
  return { verdict, ...nothing, message: `${word}${noted}.${others}` };
}

/** The basis of a verdict. */
function basisOf(preset: Preset, { target, parts }: Evidence): Pick<Outlook, 'tried' | 'read' | 'untried'> {
  const { token, mcp, authorization, registration } = parts;
  const [own] = registration?.presets ?? [];
  const isTried = (what: string, was: boolean) => (was ? [what] : []);
  const signedIn = token?.sendable?.source === 'login' || token?.sendable?.source === 'token-file';
  const opened = mcp?.eras.some(({ spoken }) => spoken) === true;
  const coded = token?.codes.some(({ exchange }) => exchange !== undefined) === true;
  const bearer = signedIn ? 'a person’s token' : 'a token of mcpkc’s own';
  const example = token?.connectors.tokens.find(({ how }) => how === 'example');
  const asked = (authorization?.products.length ?? 0) > 0;
  const registers = own === undefined || own.way.by === 'registration';
  const registered = own?.way.by === 'registration';
  return {
    tried: [
      ...isTried(
        preset.registersTwice === 'yes' ? 'its registration, twice' : 'its registration',
        registered,
      ),
      ...isTried('its sign-in as far as the login page', asked),
      ...isTried('its token request as far as the code', coded),
      ...isTried(`the MCP server with ${bearer}`, opened),
    ],
    read: [
      ...isTried(
        `the token that Keycloak would issue${example?.user === undefined ? '' : ` to ${example.user}`}`,
        example !== undefined,
      ),
      ...isTried('the settings of the named client', target.client?.found !== undefined),
    ],
    untried: [
      ...isTried('its registration', registers && !registered),
      ...isTried('its sign-in', !asked),
      ...isTried('a person’s sign-in and consent (--login)', !signedIn),
      ...isTried('the MCP server with a token', !opened),
      ...isTried('the way from its vendor’s servers', preset.connectsFromVendor === true),
    ],
  };
}

/** Whether a check that failed, or could not be judged, stops this product. */
function concerns(id: string, preset: Preset, { parts, target }: Evidence): boolean {
  const { registration } = preset;
  if ((target.noRegistration || target.client) && id.startsWith('REG-')) return false;
  if (id === 'PRM-RESOURCE')
    return resourceConcerns(preset, parts['resource-metadata']?.document.resource, target.mcp);
  if (id === 'REG-READBACK') return target.inside?.mode !== 'adopted';
  if (id === 'TOK-BASIC' || id === 'ASM-AUTH-BASIC') {
    return registration.token_endpoint_auth_method === 'client_secret_basic';
  }
  return true;
}
