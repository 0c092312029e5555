import { askText } from '../../cli/ask.ts';
import type { Context } from '../../cli/command.ts';
import type { Io } from '../../cli/io.ts';
import { codeOf } from '../../cli/named-files.ts';
import type { Config } from '../../config/load.ts';
import { inputError, McpkcError } from '../../errors.ts';
import { type Administrator, requireServerOf } from '../../keycloak/connection/admin-login.ts';
import { requireSafeTransport } from '../../keycloak/connection/http.ts';
import { type CommandPart, formatCommand, shellWord, visible } from '../../text.ts';
import type { InitOptions } from './command.ts';
import { FROM_PROMPT } from './files.ts';

/** The name of Keycloak's first administrator (user or client) where the variable with the name isn't set (26.7.3). */
const BOOTSTRAP_NAME = 'temp-admin';
/** The name that is offered at the prompt. */
const USUAL_NAME = 'admin';

/**
 * The credentials of the administrator: a token file, a name with a password (file, environment, prompt), or the
 * bootstrap service client. Flags win over the environment. Undefined where none are there and nobody may be asked.
 * With `--dry-run` nobody is asked unless `--admin-user` asks for it, or everything is to go: that plan takes a realm to
 * read. `requireServer` tries the address before somebody types a password for it.
 */
export async function chooseAdministrator(
  context: Context,
  config: Config,
  flags: InitOptions,
  requireServer: typeof requireServerOf = requireServerOf,
): Promise<Administrator | undefined> {
  const { io } = context;
  const realm = flags.adminRealm;
  const tokenFile = flags.adminTokenFile;
  if (tokenFile !== undefined) {
    return { realm, kind: 'token', token: await secretFrom(context, '--admin-token-file', tokenFile) };
  }
  const given = await givenPassword(context, flags);
  if (given !== undefined) {
    return { realm, kind: 'password', name: flags.adminUser ?? nameWith(io, flags), password: given };
  }
  const secret = io.env.KC_BOOTSTRAP_ADMIN_CLIENT_SECRET;
  if (secret && flags.adminUser === undefined) {
    return { realm, kind: 'client', clientId: io.env.KC_BOOTSTRAP_ADMIN_CLIENT_ID || BOOTSTRAP_NAME, secret };
  }
  const isAsked = flags.dryRun !== true || flags.adminUser !== undefined || flags.remove === true;
  if (!context.settings.input || !isAsked) {
    if (flags.adminUser !== undefined && flags.dryRun !== true) throw noPasswordError(flags.adminUser);
    return undefined;
  }
  // Nobody should type a password for a connection that would be refused afterwards.
  if (config.refusals.administrator !== undefined) throw config.refusals.administrator;
  requireSafeTransport(config.server, config);
  await requireServer(realm, config, io, context.signal);
  return ask(context, config, flags, realm);
}

async function givenPassword(context: Context, flags: InitOptions): Promise<string | undefined> {
  const file = flags.adminPasswordFile;
  if (file !== undefined) return secretFrom(context, '--admin-password-file', file);
  return context.io.env.KC_BOOTSTRAP_ADMIN_PASSWORD || undefined;
}

/** The owner of the password: from the environment Keycloak's own default, in a file the name that people use. */
function nameWith({ env }: Io, flags: InitOptions): string {
  const named = env.KC_BOOTSTRAP_ADMIN_USERNAME;
  if (named) return named;
  return flags.adminPasswordFile === undefined ? BOOTSTRAP_NAME : USUAL_NAME;
}

async function ask(
  context: Context,
  config: Config,
  flags: InitOptions,
  realm: string,
): Promise<Administrator> {
  const { io } = context;
  const known = flags.adminUser ?? io.env.KC_BOOTSTRAP_ADMIN_USERNAME;
  const where = `${visible(config.server)}, realm ${visible(realm)}`;
  if (!known && config.originOf('KC_SERVER') !== FROM_PROMPT)
    context.voice.note(
      `An administrator signs in once, ${flags.remove ? 'to show what goes' : 'to look at the service account, and to make or repair it'}. Ctrl-C stops it; nothing is written before you agree.`,
    );
  const name = known || (await askName(context, `Administrator at ${where} [${USUAL_NAME}]: `));
  const password = await askPassword(context, `Password of ${visible(name)} at ${where}: `, name);
  return { realm, kind: 'password', name, password, typed: true };
}

/** The number of times that a person may type a name or a password. */
const TRIES = 3;

/** The name; an address in its place is a slip, and is asked about again. */
async function askName({ io, voice, signal }: Context, question: string): Promise<string> {
  for (let round = 1; ; round++) {
    const name = (await askText({ io, signal }, question)) || USUAL_NAME;
    if (!/:\/\/|:\d+\/|\/(?:admin|realms|auth)(?:\/|$)/.test(name) || round >= TRIES) return name;
    voice.warn(
      `${visible(name)} looks like an address. The name with which the administrator signs in is asked for.`,
    );
  }
}

/** A password; an empty answer is none, and is asked for again. CONFIG_MISSING (exit status 2) after three. */
async function askPassword({ io, voice, signal }: Context, question: string, name: string): Promise<string> {
  for (let round = 0; round < TRIES; round++) {
    const password = await askText({ io, signal }, question, { secret: true });
    if (password !== '') return password;
    voice.warn('Nothing was typed.');
  }
  throw noPasswordError(name);
}

/** CONFIG_MISSING (exit status 2): an administrator is named, and no password for him is to be had. */
function noPasswordError(name: string): McpkcError {
  const message = `The administrator '${visible(name)}' is named, but there is no password.`;
  const fix =
    'It is asked for at a terminal, without --no-input. Elsewhere: --admin-password-file <file>, or KC_BOOTSTRAP_ADMIN_PASSWORD in the environment.';
  return new McpkcError('CONFIG_MISSING', message, fix, { details: { missing: ['--admin-password-file'] } });
}

/**
 * Signs in, and asks again where a person typed the password and Keycloak refused it. A one-time code is asked for
 * first, since Keycloak doesn't tell a wrong password from a missing code (26.7.3). Then comes the password, three
 * times in all.
 */
export async function askAgain<T>(
  context: Context,
  administrator: Administrator,
  signIn: (administrator: Administrator) => Promise<T>,
): Promise<T> {
  const { io, voice, signal } = context;
  if (administrator.kind !== 'password' || administrator.typed !== true) return signIn(administrator);
  let given = administrator;
  for (let typed = 1; ; ) {
    try {
      return await signIn(given);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const name = visible(given.name);
      if (given.code === undefined) {
        const question = `Keycloak refused the password alone. One-time code of ${name}, where a second factor is set up (Enter: there is none, type the password again): `;
        const code = (await askText({ io, signal }, question, { secret: true })).replaceAll(' ', '');
        if (code !== '') {
          given = { ...given, code };
          continue;
        }
      }
      if (typed++ >= TRIES) throw error;
      const [what, single] =
        given.code === undefined
          ? ['the password', '']
          : ['the password or the code', ' A code is good for one sign-in.'];
      voice.warn(`Keycloak refused ${what} of ${name}.${single}`);
      const password = await askPassword(context, `Password of ${name}, again: `, given.name);
      const { code: _used, ...rest } = given;
      given = { ...rest, password };
    }
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof McpkcError && error.details?.reason === 'credentials';
}

/** The one line that a secret file holds; `-` is standard input. */
async function secretFrom({ io, voice }: Context, option: string, given: string): Promise<string> {
  const path = given === '-' ? '/dev/stdin' : given;
  if (given === '-' && io.stdinIsTerminal) {
    throw inputError(
      `${option} -`,
      'standard input is a terminal',
      'Leave the option out: the password is asked for.',
    );
  }
  const fault = (problem: string) =>
    inputError(`${option} ${visible(given)}`, problem, 'The file holds the secret alone, on one line.');
  let content: string | undefined;
  try {
    content = await io.files.read(path);
  } catch (error) {
    throw fault(`it can’t be read${codeOf(error)}`);
  }
  if (content === undefined) throw fault('there is no such file');
  const secret = content.replace(/\r?\n$/, '');
  if (secret.trim() === '') throw fault('it is empty');
  if (/\p{Cc}/u.test(secret)) throw fault('it holds more than one line, or a control character');
  const mode = given === '-' ? undefined : await io.files.mode(path);
  if (mode !== undefined && (mode & 0o077) !== 0) {
    const bits = mode.toString(8).padStart(3, '0');
    voice.warn(
      `${visible(path)} holds a secret and others can read it (mode ${bits}). Run: chmod 600 ${shellWord(path)}`,
    );
  }
  return secret;
}

/** CONFIG_MISSING (exit status 2): the ways for an administrator to sign in, and the way to do without one. */
export function noAdministratorError(problem: string, realm: string, removes = false): McpkcError {
  const named: CommandPart[] = realm === '' ? [] : [['--realm', realm]];
  const instead = removes
    ? `In a script, for example:\n${formatCommand(['init', ...named, '--remove', '--yes', ['--admin-user', 'admin'], ['--admin-password-file', '/run/secrets/admin']])}`
    : `Without giving mcpkc an administrator, kcadm lines to paste:\n${formatCommand(['init', ...named, '--dry-run'])}`;
  const fix = [
    'Any of these will do, once:',
    '- --admin-user <name> at a terminal, which asks for the password; or with --admin-password-file <file>, or KC_BOOTSTRAP_ADMIN_PASSWORD in the environment;',
    '- --admin-token-file <file>: an administrator’s access token;',
    '- KC_BOOTSTRAP_ADMIN_CLIENT_ID and KC_BOOTSTRAP_ADMIN_CLIENT_SECRET: the bootstrap service client.',
    instead,
  ].join('\n');
  const missing = ['--admin-user', '--admin-token-file', 'KC_BOOTSTRAP_ADMIN_CLIENT_ID'];
  return new McpkcError('CONFIG_MISSING', problem, fix, { details: { missing } });
}
