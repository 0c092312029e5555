import type { Context } from '../cli/command.ts';
import { codeOf } from '../cli/named-files.ts';
import type { Config } from '../config/config.ts';
import { baseUrl, ValueProblem } from '../config/values.ts';
import { inputError, McpkcError } from '../errors.ts';
import { brief, count, visible } from '../text.ts';
import { type FileProblem, type Fleet, type FleetRealm, placeText } from './fleet.ts';
import { type FileText, readFleet } from './read.ts';

/** Names of the files to read where `-f` names none: the first that is in this folder. */
export const USUAL_FILES = ['mcpkc.yaml', 'mcpkc.yml', 'mcpkc.json'] as const;

/** A fleet as the command line names it, and notes about its files. */
export interface LoadedFleet {
  fleet: Fleet;
  notes: FileProblem[];
  /** The files as they were read. */
  texts: readonly FileText[];
}

/**
 * Reads the files that `-f` names (`-` is stdin), else the usual one here. Throws INPUT_INVALID with every problem at once,
 * a line each, `file:line:column`. Nothing else is read: no configuration, no profile.
 */
export async function loadFleet(
  context: Pick<Context, 'io'>,
  named: readonly string[] | undefined,
): Promise<LoadedFleet> {
  const { io } = context;
  const files = named ?? (await usualFile(io));
  const texts = await Promise.all(files.map(async (file) => ({ file, text: await textOf(io, file) })));
  return checkFleet(texts);
}

/** Reads the fleet in these texts, as `loadFleet`. */
export function checkFleet(texts: readonly FileText[]): LoadedFleet {
  const { fleet, problems, notes } = readFleet(texts);
  if (problems.length === 0) return { fleet, notes, texts };
  const lines = problems.map(problemText);
  const title = problems.length === 1 ? 'The file has a problem' : `The file has ${problems.length} problems`;
  throw new McpkcError(
    'INPUT_INVALID',
    `${title}:\n${lines.join('\n')}`,
    'mcpkc plan --offline checks the file alone. Its words: docs/fleet.md',
    { details: { problems: problems.map(({ at, message }) => ({ ...at, message })) } },
  );
}

/** A problem in the form that editors and CI logs recognize. */
export function problemText({ at, message }: FileProblem): string {
  return `${visible(placeText(at))} ${message}`;
}

async function usualFile(io: Context['io']): Promise<string[]> {
  for (const file of USUAL_FILES) if (await io.files.exists(file).catch(() => true)) return [file];
  throw inputError(
    '-f',
    `there is no file ${USUAL_FILES.join(', ')} here`,
    'Name it: -f <file>. To write one of what is there: mcpkc export',
  );
}

async function textOf(io: Context['io'], file: string): Promise<string> {
  try {
    const text = await io.files.read(file === '-' ? '/dev/stdin' : file);
    if (text !== undefined) return text;
  } catch (error) {
    if (codeOf(error) === '') throw error;
    throw inputError('-f', `${brief(file, 300)} can’t be read${codeOf(error)}`, 'Name a file that can be.');
  }
  throw inputError('-f', `there is no file ${brief(file, 300)}`, 'Name one that is there.');
}

/**
 * The configuration of a realm of the file: of its profile, else of this run. The file's server and realm are compared
 * with it; PROFILE_MISMATCH where they differ. The file's realm is followed only where the profile names none and its
 * account is one of master. So no text of the file sends a secret anywhere but to the profile's server.
 */
export async function readConfigFor(
  context: Context,
  { profile, realm, server }: FleetRealm,
): Promise<Config> {
  const config = await (profile === undefined ? context.config() : context.configOf(profile));
  for (const [key, flag] of [
    ['KC_SERVER', '--server'],
    ['KC_REALM', '--realm'],
  ] as const)
    if (profile !== undefined && config.originOf(key)?.startsWith('flag'))
      throw inputError(
        flag,
        `the profile '${profile}' of the file names it`,
        'Leave it out, or correct the file.',
      );
  const who = profile === undefined ? 'the configuration' : `the profile '${profile}'`;
  if (server !== undefined && addressOf(server) !== config.server)
    throw mismatchError(`The file names the server ${brief(server, 200)}, ${who} ${config.server}.`);
  if (realm === undefined || realm === config.realm) return config;
  if (config.realm !== undefined)
    throw mismatchError(`The file names the realm '${visible(realm)}', ${who} '${visible(config.realm)}'.`);
  if (config.originOf('KC_ADMIN_REALM') === undefined || config.adminRealm !== 'master')
    throw mismatchError(
      `The file names the realm '${visible(realm)}', and ${who} has neither that realm nor an account of master.`,
    );
  return context.configOf(profile, realm);
}

function addressOf(server: string): string {
  try {
    return baseUrl(server);
  } catch (error) {
    if (error instanceof ValueProblem) return server;
    throw error;
  }
}

function mismatchError(message: string): McpkcError {
  return new McpkcError('PROFILE_MISMATCH', message, 'Correct the file, or name the profile of that server.');
}

/** The numbers of realms and servers, for a headline. */
export function fleetCount({ realms }: Fleet): string {
  const servers = realms.reduce((sum, one) => sum + one.servers.length, 0);
  return `${count(servers, 'MCP server')} in ${count(realms.length, 'realm')}`;
}
