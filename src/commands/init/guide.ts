import { askYes } from '../../cli/ask.ts';
import type { Context } from '../../cli/command.ts';
import { type Config, issuerOf, withProof } from '../../config/load.ts';
import { baseUrl, ValueProblem } from '../../config/values.ts';
import { durationText, parseDuration } from '../../duration.ts';
import { inputError, McpkcError } from '../../errors.ts';
import type { SignedIn } from '../../keycloak/connection/admin-login.ts';
import { requireSafeTransport } from '../../keycloak/connection/http.ts';
import {
  type Answered,
  answersAsKeycloak,
  askAddress,
  isRealmPage,
} from '../../keycloak/read/server-there.ts';
import { nearMiss } from '../../names/nearest.ts';
import { parseResource } from '../../names/resource-url.ts';
import { PRUNING_NEEDS_MS, USUAL_RETENTION_MS } from '../../realm/events.ts';
import { formatCommand, listNames, visible } from '../../text.ts';
import type { InitOptions } from './command.ts';
import { FROM_PROMPT } from './files.ts';
import { USUAL_SERVERS } from './find-server.ts';

/** A value, or the fault of the answer as a sentence. */
type Tried<T> = { value: T } | { problem: string };

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
  for (let round = 0; round < TRIES; round++) {
    const tried = await attempt(await io.prompt(question, { signal }));
    if ('value' in tried) return tried.value;
    last = tried.problem;
    voice.warn(last);
  }
  throw inputError(what, `no answer did (${last})`, 'Find out what it is, and run the command again.');
}

/** Another configuration for a person's answers; the keys that changed are from the prompt. */
export function learned(config: Config, more: Partial<Config>, keys: readonly string[]): Config {
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
  const found = await Promise.all(usual.map((url) => answersAsKeycloak(url, signal)));
  const here = usual[found.indexOf(true)];
  voice.note(
    'First steps with mcpkc: a service account in your realm, and two files here. Ctrl-C stops it; nothing is written before you agree.',
  );
  const offer = here === undefined ? '' : ` [${here}]`;
  const question = `Keycloak’s address, as the browser has it${offer}: `;
  return askUntil(context, 'KC_SERVER', question, async (answer) => {
    if (answer === '' && here === undefined) return { problem: 'Write it like https://auth.example.com.' };
    const read = readAddress(answer === '' ? (here ?? '') : answer);
    return 'problem' in read ? read : tryServer(context, config, read.value);
  });
}

/** An address as people copy it: that of the admin console or of a realm, too. */
function readAddress(typed: string): Tried<string> {
  const base = typed
    .replace(/\/(?:realms|admin)(?:\/.*)?$|[?#].*$/g, '')
    .replace(/\/(?:realms|admin)(?:\/.*)?$/, '');
  try {
    return { value: baseUrl(base) };
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

async function tryServer(context: Context, config: Config, typed: string): Promise<Tried<Config>> {
  const { io, signal, voice } = context;
  let seen: Answered | undefined;
  let now = config;
  for (const server of basesOf(typed)) {
    const next = learned(now, { server }, ['KC_SERVER']);
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
    if (answer.kind === 'failure') return { problem: `${answer.error.message}` };
    if (isRealmPage(answer, 'master')) {
      if (server !== typed) voice.note(`Keycloak answers at ${server}.`);
      return { value: learned(now, { server }, ['KC_SERVER']) };
    }
    seen ??= answer;
  }
  const status = seen?.kind === 'answer' ? seen.status : undefined;
  voice.warn(
    `${typed} answers (${status}), but shows no realm master there: another server, a proxy without Keycloak behind it, or one that hides master.`,
  );
  return (await askYes(context, 'Use it all the same?', false))
    ? { value: learned(now, { server: typed }, ['KC_SERVER']) }
    : { problem: 'Name another address.' };
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
    const path = await io.prompt('PEM file of the authority that signed it (Enter: none): ', { signal });
    if (path === '') return undefined;
    if (!(await io.files.exists(path).catch(() => false))) {
      voice.warn(`There is no file ${visible(path)}.`);
      continue;
    }
    const next = learned(config, { caFile: path }, ['MCPKC_CA_FILE']);
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
export async function askRealm(
  context: Context,
  config: Config,
  signedIn: SignedIn,
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
      problem: `There is no realm ‘${visible(answer)}’ in the list.${near === undefined ? '' : ` Did you mean ${visible(near)}?`}`,
    };
  });
  return learned(config, { realm, adminRealm: config.adminRealm ?? realm }, ['KC_REALM']);
}

/** The facts found about the MCP server: undefined where none is named. */
export type ServerLook = 'protected' | 'open' | 'silent' | undefined;

/** The MCP server’s URL, where it isn’t known, and the answer from there. */
export async function askResource(
  context: Context,
  config: Config,
): Promise<{ config: Config; look: ServerLook }> {
  const { voice } = context;
  if (config.transportUrl !== undefined)
    return { config, look: await lookAtMcp(context, config, config.transportUrl) };
  const question = 'URL of the MCP server, as people will type it (Enter: later): ';
  const url = await askUntil<string>(context, 'MCP_TRANSPORT_URL', question, (answer) => {
    if (answer === '') return { value: '' };
    const read = parseResource(answer, { bareHost: true });
    return 'problem' in read ? { problem: `${visible(answer)}: ${read.problem}.` } : { value: read.value };
  });
  if (url === '') return { config, look: undefined };
  const look = await lookAtMcp(context, config, url);
  const told = {
    protected: 'answers 401 and asks for a token, as it should',
    open: 'answers without asking for a token: it isn’t protected yet',
    silent: 'doesn’t answer as an MCP server yet; that can wait',
  }[look];
  voice.note(`${url} ${told}.`);
  return { config: learned(config, { transportUrl: url }, ['MCP_TRANSPORT_URL']), look };
}

async function lookAtMcp(
  { io, signal }: Context,
  config: Config,
  url: string,
): Promise<NonNullable<ServerLook>> {
  const answer = await askAddress(url, config, io, signal);
  if (answer.kind === 'failure') return 'silent';
  if (answer.status === 401) return 'protected';
  return answer.status === 200 || answer.status === 405 || answer.status === 400 || answer.status === 406
    ? 'open'
    : 'silent';
}

/** Events that are kept for less would be gone before anybody looks. */
const SHORTEST_MS = 3_600_000;

/** Shows what the realm would store about people, and asks; undefined where nothing is to change. */
export async function askEvents(context: Context, realm: string): Promise<number | undefined> {
  const { io, voice, signal } = context;
  voice.note(
    `Events: onboard and prune-clients read who registered and who signed in. Realm ‘${visible(realm)}’ doesn’t store all of that. Stored with each event: the time, the IP address, the client, the user’s id and name, the session. That is personal data: your privacy notice may have to mention it.`,
  );
  const usual = durationText(USUAL_RETENTION_MS);
  const question = `Store these events, for how long? [${usual}; a time such as 90d; n for not at all]: `;
  for (let round = 0; round < TRIES; round++) {
    const answer = (await io.prompt(question, { signal })).toLowerCase();
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
