import { askText, askYes } from '../../cli/ask.ts';
import type { Context } from '../../cli/command.ts';
import { type Config, issuerOf, withProof } from '../../config/load.ts';
import { expandHome } from '../../config/paths.ts';
import { baseUrl, ValueProblem } from '../../config/values.ts';
import { durationText, parseDuration } from '../../duration.ts';
import { inputError, McpkcError } from '../../errors.ts';
import type { SignedInAdministrator } from '../../keycloak/connection/admin-login.ts';
import { requireSafeTransport } from '../../keycloak/connection/http.ts';
import { isTlsWanted } from '../../keycloak/connection/token-refusal.ts';
import {
  type Answered,
  askAddress,
  isKeycloakAnswer,
  isRealmPage,
} from '../../keycloak/read/server-there.ts';
import { isLoopback } from '../../names/loopback.ts';
import { nearMiss } from '../../names/nearest.ts';
import { parseResource } from '../../names/resource-url.ts';
import { lookAtMcp, type McpLook } from '../../plan/mcp-look.ts';
import { PRUNING_NEEDS_MS, USUAL_RETENTION_MS } from '../../realm/events.ts';
import type { Result } from '../../result.ts';
import { formatCommand, listNames, visible } from '../../text.ts';
import type { InitOptions } from './command.ts';
import { FROM_PROMPT } from './files.ts';
import { USUAL_SERVERS } from './find-server.ts';

/** A value, or the fault of the answer as a sentence; `offer` is what Enter means the next time. */
type Tried<T> = Result<T, { problem: string; offer?: string }>;

/** The number of times that a person may answer one question. */
const TRIES = 6;

/** Whether questions are asked: at a terminal, unless nothing is to be written or everything is to go. */
export function isGuided({ settings }: Context, flags: InitOptions): boolean {
  return settings.input && flags.dryRun !== true && flags.remove !== true;
}

/** Asks until an answer holds; INPUT_INVALID (exit status 2) after six that don’t. */
async function askUntil<T>(
  { io, voice, signal }: Context,
  what: string,
  question: string,
  attempt: (answer: string) => Promise<Tried<T>> | Tried<T>,
): Promise<T> {
  let last = '';
  let offer: string | undefined;
  for (let round = 0; round < TRIES; round++) {
    const asked =
      offer === undefined ? question : `${question.replace(/(?: \[[^\]]*\])?: $/, '')} [${offer}]: `;
    const answer = await askText({ io, signal }, asked);
    const tried = await attempt(answer === '' ? (offer ?? '') : answer);
    if ('value' in tried) return tried.value;
    last = tried.problem;
    offer = tried.offer;
    voice.warn(last);
  }
  throw inputError(what, `no answer did (${last})`, 'Find out what it is, and run the command again.');
}

/** Another configuration for a person's answers; the keys that changed are from the prompt. */
export function learn(config: Config, more: Partial<Config>, keys: readonly string[]): Config {
  const originOf: Config['originOf'] = (key) => (keys.includes(key) ? FROM_PROMPT : config.originOf(key));
  const next = { ...config, ...more, originOf };
  const own = config.hostname === undefined && config.originOf('KC_ISSUER') === undefined;
  const issuer = own ? issuerOf(next.server, next.realm) : next.issuer;
  return withProof({ ...next, issuer }, config);
}

/** Keycloak’s address, tried as it is typed; with the authority’s file where its certificate needs one. */
export async function askServer(context: Context, config: Config): Promise<Config> {
  const { voice, signal } = context;
  if (config.originOf('KC_SERVER') !== undefined) return config;
  const usual = [config.server, ...USUAL_SERVERS];
  const found = await Promise.all(usual.map((url) => isKeycloakAnswer(url, signal)));
  const here = usual[found.indexOf(true)];
  voice.note(
    'First steps with mcpkc: a service account in your realm, and two files here. Ctrl-C stops it; nothing is written before you agree.',
  );
  const offer = here === undefined ? '' : ` [${here}]`;
  const question = `Keycloak’s address, as the browser has it${offer}: `;
  return askUntil(context, 'KC_SERVER', question, async (answer) => {
    if (answer === '' && here === undefined) return { problem: 'Write it like https://auth.example.com.' };
    const typed = answer === '' ? (here ?? '') : answer;
    const read = readAddress(typed, config);
    return 'problem' in read ? read : tryServers(context, config, typed, read.value);
  });
}

/**
 * The addresses that an answer may mean, as people copy it: that of the admin console or of a realm, too. A bare host is
 * tried by https first, then by plain http where that may carry a secret.
 */
function readAddress(typed: string, config: Config): Tried<string[]> {
  const base = typed
    .replace(/\/(?:realms|admin)(?:\/.*)?$|[?#].*$/g, '')
    .replace(/\/(?:realms|admin)(?:\/.*)?$/, '');
  try {
    const read = baseUrl(base);
    if (/^[a-z][a-z\d+.-]*:\/\//i.test(base)) return { value: [read] };
    const [byTls, plain] = ['https:', 'http:'].map((scheme) => read.replace(/^https?:/, scheme));
    const isPlainSafe = config.allowHttp || isLoopback(new URL(read));
    return { value: [byTls ?? read, ...(isPlainSafe && plain !== undefined ? [plain] : [])] };
  } catch (error) {
    if (error instanceof ValueProblem) return { problem: `${visible(typed)}: ${error.message}.` };
    throw error;
  }
}

/** Bases that an address may have meant: with `/auth`, as older Keycloaks and some operators have it, and without a path. */
function basesOf(server: string): string[] {
  const { origin } = new URL(server);
  return [...new Set([server, `${server}/auth`, origin, `${origin}/auth`])];
}

/** The first of some addresses that is a Keycloak’s; else what the one that answered is, or why none did. */
async function tryServers(
  context: Context,
  config: Config,
  typed: string,
  servers: readonly string[],
): Promise<Tried<Config>> {
  const silences: string[] = [];
  for (const server of servers) {
    const tried = await tryServer(context, config, typed, server);
    if (!('silence' in tried)) return tried;
    silences.push(tried.silence);
  }
  return { problem: silences.join(' ') };
}

async function tryServer(
  context: Context,
  config: Config,
  typed: string,
  first: string,
): Promise<Tried<Config> | { silence: string }> {
  const { io, signal, voice } = context;
  let seen: Answered | undefined;
  let now = config;
  for (const server of basesOf(first)) {
    const next = learn(now, { server }, ['KC_SERVER']);
    try {
      requireSafeTransport(server, next);
    } catch (error) {
      if (error instanceof McpkcError) return { problem: `${error.message} ${error.fix}` };
      throw error;
    }
    let answer = await askAddress(`${server}/realms/master`, now, io, signal);
    if (answer.kind === 'failure' && answer.isUnknownAuthority) {
      const trusting = await askAuthority(context, now, server, answer.error.message);
      if (trusting === undefined) return { problem: 'Without its authority no password is sent there.' };
      now = trusting.config;
      answer = trusting.answer;
    }
    if (answer.kind === 'failure') {
      const { error } = answer;
      if (error.details?.proxy !== undefined) throw error;
      return isNothing(error) ? { silence: error.message } : { problem: error.message };
    }
    if (isRealmPage(answer, 'master')) {
      if (server !== typed) voice.note(`Keycloak answers at ${server}.`);
      return { value: learn(now, { server }, ['KC_SERVER']) };
    }
    seen ??= answer;
  }
  const answer = seen?.kind === 'answer' ? seen : { status: 0, body: '' };
  if (isTlsWanted(first, answer.status, answer.body))
    return { problem: `${first} speaks TLS, and was asked without it: start it with https://.` };
  if (answer.status >= 502 && answer.status <= 504)
    return {
      problem: `${first} answers ${answer.status}: Keycloak is still starting, or its proxy has no server behind it. Enter tries it again.`,
      offer: first,
    };
  voice.warn(
    `${first} answers ${answer.status}, but shows no realm master there: another server, the wrong path, or a proxy that hides master from outside.`,
  );
  return (await askYes(context, `Send an administrator’s password to ${first} all the same?`, false))
    ? { value: learn(now, { server: first }, ['KC_SERVER']) }
    : { problem: 'Name another address.' };
}

/** Whether a failure means that no server speaks this scheme there, so that the other scheme is worth a try. */
function isNothing({ details }: McpkcError): boolean {
  const code = String(details?.network);
  return (
    ['ECONNREFUSED', 'ECONNRESET', 'UND_ERR_SOCKET', 'EPROTO'].includes(code) || code.startsWith('ERR_SSL')
  );
}

/** The authority’s file, by which the server is asked again; undefined where none is named. */
async function askAuthority(
  context: Context,
  config: Config,
  server: string,
  message: string,
): Promise<{ config: Config; answer: Answered } | undefined> {
  const { io, voice, signal } = context;
  voice.warn(message);
  for (let round = 0; round < TRIES; round++) {
    const typed = await askText({ io, signal }, 'PEM file of the authority that signed it (Enter: none): ');
    if (typed === '') return undefined;
    const path = expandHome(typed, io.env);
    if (!(await io.files.exists(path).catch(() => false))) {
      voice.warn(`There is no file ${visible(path)}.`);
      continue;
    }
    const next = learn(config, { caFile: path }, ['MCPKC_CA_FILE']);
    try {
      const answer = await askAddress(`${server}/realms/master`, next, io, signal);
      if (answer.kind === 'answer' || !answer.isUnknownAuthority) return { config: next, answer };
      voice.warn(`${visible(path)} doesn’t hold the authority: ${answer.error.message}`);
    } catch (error) {
      if (!(error instanceof McpkcError)) throw error;
      voice.warn(error.message);
    }
  }
  return undefined;
}

/** The most realms that are shown to choose from. */
const SHOWN_REALMS = 20;

/** The realm, out of those that the administrator sees; master is none to register clients in. */
export async function askForRealm(
  context: Context,
  config: Config,
  signedIn: SignedInAdministrator,
  adminRealm: string,
): Promise<Config> {
  const { voice } = context;
  if (config.realm !== undefined) return config;
  const keycloak = await signedIn.connectTo(adminRealm);
  const all = await keycloak.read({ what: 'list realms', role: 'view-realm' }, (admin) =>
    admin.realms.find({ briefRepresentation: true }),
  );
  const names = all.flatMap(({ realm }) => (realm === undefined || realm === 'master' ? [] : [realm])).sort();
  if (names.length === 0) {
    throw new McpkcError(
      'REALM_NOT_FOUND',
      'The administrator sees no realm but master, which administers the whole server and is none to register MCP clients in.',
      'Make one in the admin console, or:\nkcadm.sh create realms -s realm=mcp -s enabled=true',
    );
  }
  const shown = names.slice(0, SHOWN_REALMS);
  const more = names.length > shown.length ? `\n  … and ${names.length - shown.length} more, by name` : '';
  const list = shown.map((name, at) => `  ${String(at + 1).padStart(2)}  ${visible(name)}`).join('\n');
  voice.note(`Realms:\n${list}${more}`);
  const only = names.length === 1 ? names[0] : undefined;
  const question = `Which realm do the MCP clients register in${only === undefined ? '' : ` [${visible(only)}]`}: `;
  const realm = await askUntil<string>(context, 'KC_REALM', question, (answer) => {
    const byNumber =
      /^\d{1,3}$/.test(answer) && !names.includes(answer) ? shown[Number(answer) - 1] : undefined;
    const picked = answer === '' ? only : (byNumber ?? names.find((name) => name === answer));
    if (picked !== undefined) return { value: picked };
    const near = nearMiss(answer, names);
    return {
      problem: `There is no realm '${visible(answer)}' in the list.${near === undefined ? '' : ` Did you mean ${visible(near)}?`}`,
    };
  });
  return learn(config, { realm, adminRealm: config.adminRealm ?? realm }, ['KC_REALM']);
}

/** The facts found about the MCP server: undefined where none is named. */
export type ServerLook = McpLook['look'] | undefined;

/** The MCP server’s URL, where it isn’t known, and the answer from there. */
export async function askResource(
  context: Context,
  config: Config,
): Promise<{ config: Config; look: ServerLook }> {
  if (config.transportUrl !== undefined) return withNamedResource(context, config, config.transportUrl);
  const question = 'URL of the MCP server, as people will type it (Enter: later): ';
  let refused: string | undefined;
  const found = await askUntil<{ url: string; look: ServerLook }>(
    context,
    'MCP_TRANSPORT_URL',
    question,
    async (answer) => {
      if (answer === '') return { value: { url: '', look: undefined } };
      const read = parseResource(answer, { bareHost: true });
      if ('problem' in read) return { problem: `${visible(answer)}: ${read.problem}.` };
      const kept = await keptResource(context, config, read.value, read.value === refused);
      if (kept !== undefined) return { value: kept };
      refused = read.value;
      return { problem: 'Name another URL; the same one again is taken as it is.' };
    },
  );
  if (found.url === '') return { config, look: undefined };
  return { config: learn(config, { transportUrl: found.url }, ['MCP_TRANSPORT_URL']), look: found.look };
}

/** A URL that was named already: it is looked at, and another one is offered where the server names another. */
async function withNamedResource(
  context: Context,
  config: Config,
  url: string,
): Promise<{ config: Config; look: ServerLook }> {
  const seen = await lookAtMcp(context, config, url);
  if (seen.problem !== undefined) context.voice.warn(seen.problem);
  if (seen.suggested === undefined || !(await askYes(context, `Use ${seen.suggested} instead?`, true)))
    return { config, look: seen.look };
  const next = learn(config, { transportUrl: seen.suggested }, ['MCP_TRANSPORT_URL']);
  return { config: next, look: (await lookAtMcp(context, next, seen.suggested)).look };
}

/** The URL that a person keeps, after a look at it; undefined for none of them. */
async function keptResource(
  context: Context,
  config: Config,
  url: string,
  isTypedAgain: boolean,
): Promise<{ url: string; look: ServerLook } | undefined> {
  const { voice } = context;
  const { look, problem, suggested, isAbsent } = await lookAtMcp(context, config, url);
  if (problem === undefined) {
    voice.note(
      look === 'protected'
        ? `${url} answers 401 and asks for a token, as it should.`
        : `${url} answers without asking for a token: it isn’t protected yet.`,
    );
    return { url, look };
  }
  if (isTypedAgain) return { url, look };
  voice.warn(problem);
  if (suggested !== undefined && (await askYes(context, `Use ${suggested} instead?`, true)))
    return { url: suggested, look: (await lookAtMcp(context, config, suggested)).look };
  // A server that isn’t deployed yet is no fault; one that answers something else rather is.
  if (suggested === undefined && (await askYes(context, `Keep ${url}?`, isAbsent === true)))
    return { url, look };
  return undefined;
}

/** Events that are kept for less would be gone before anybody looks. */
const SHORTEST_MS = 3_600_000;

/** Shows what the realm would store about people, and asks; undefined where nothing is to change. */
export async function askEvents(context: Context, realm: string): Promise<number | undefined> {
  const { io, voice, signal } = context;
  voice.note(
    `Events: onboard and prune-clients read who registered and who signed in. Realm '${visible(realm)}' doesn’t store all of that. Stored with each event: the time, the IP address, the client, the user’s id and name, the session. That is personal data: your privacy notice may have to mention it.`,
  );
  const usual = durationText(USUAL_RETENTION_MS);
  const question = `Store these events, for how long? [${usual}; a time such as 90d; n for not at all]: `;
  for (let round = 0; round < TRIES; round++) {
    const answer = (await askText({ io, signal }, question)).toLowerCase();
    if (/^(?:n|no)$/.test(answer)) {
      voice.note(
        `Not stored: prune-clients will remove nothing, and onboard won’t tell why a registration was refused. Later: ${formatCommand(['init', ['--events', usual]])}`,
      );
      return undefined;
    }
    const ms = /^(?:|y|yes)$/.test(answer) ? USUAL_RETENTION_MS : parseDuration(answer);
    if (ms !== undefined && ms >= SHORTEST_MS) {
      if (ms < PRUNING_NEEDS_MS)
        voice.warn(`prune-clients needs ${durationText(PRUNING_NEEDS_MS)}: with less it removes nothing.`);
      return ms;
    }
    voice.warn('Write a time like 30d, of an hour at least, or n.');
  }
  return undefined;
}

/** The names of the files, for the one question. */
export function filesQuestion(
  files: readonly { path: string; action: string; keys: readonly string[] }[],
): string {
  const lines = files
    .filter(({ action }) => action !== 'none')
    .map(
      ({ path, action, keys }) =>
        `${visible(path)} (${action === 'create' ? 'new' : `changes ${listNames(keys)}`})`,
    );
  return lines.length === 0 ? '' : ` and write ${lines.join(', ')}`;
}
