import { McpkcError } from '../errors.ts';
import { type CommandPart, shellWord, visible } from '../text.ts';
import type { Config } from './config.ts';
import { nameOf, type Secret } from './secret.ts';
import type { Given } from './sources.ts';

/** The route of the secret: the server, and the settings that lead there. */
export interface Route {
  /** KC_SERVER as it counts, and where it is from; undefined for the default. */
  url: string;
  server: Given | undefined;
  /** MCPKC_CA_FILE and MCPKC_ALLOW_HTTP where they are given and have an effect. */
  caFile: Given | undefined;
  allowHttp: Given | undefined;
}

/** One setting that a file of the working directory makes and nobody else, and the same as a person sets it. */
interface Doubt {
  message: string;
  key: string;
  value: string;
}

/**
 * The reason why the service account's secret is not sent (FOLDER_NOT_TRUSTED, exit status 5); undefined where it may
 * be. Anybody who writes into a folder can put a configuration there. So a secret goes to the server that stands with
 * it in the same file. It also goes to one that flag, environment, a file that a flag names or the user's own file
 * name. A secret from elsewhere takes neither authorities nor plain http from a file of the working directory.
 */
export function accountNotTrustedError(secret: Secret | undefined, route: Route): McpkcError | undefined {
  if (secret === undefined) return undefined;
  const { given, key, outside } = secret;
  const doubts = [
    ...(outside === undefined
      ? []
      : [
          {
            message: `${key} (${given.origin}) names a file outside of this folder, ${visible(outside)}`,
            key,
            value: outside,
          },
        ]),
    ...(outside === undefined && given.file === route.server?.file ? [] : serverDoubts(route)),
    ...(given.found ? [] : routeDoubts(route)),
  ];
  return notTrustedError(`${nameOf(secret)} (${given.origin})`, doubts, route, given);
}

/** The same for an administrator's password, token or client secret, which never stands in a file of mcpkc's. */
export function administratorNotTrustedError(route: Route): McpkcError | undefined {
  return notTrustedError(
    'An administrator’s password, token or secret',
    [...serverDoubts(route), ...routeDoubts(route)],
    route,
    undefined,
  );
}

function serverDoubts({ server, url }: Route): Doubt[] {
  if (server?.found !== true) return [];
  return [
    {
      message: `only a file in this folder names that server: KC_SERVER (${server.origin})`,
      key: 'KC_SERVER',
      value: url,
    },
  ];
}

function routeDoubts({ caFile, allowHttp }: Route): Doubt[] {
  return [caFile, allowHttp].flatMap((given, at) => {
    if (given?.found !== true) return [];
    const key = at === 0 ? 'MCPKC_CA_FILE' : 'MCPKC_ALLOW_HTTP';
    const what = at === 0 ? 'whose certificates to trust' : 'that plain http will do';
    const message = `only a file in this folder sets ${what}: ${key} (${given.origin})`;
    return [{ message, key, value: String(given.raw) }];
  });
}

function notTrustedError(
  what: string,
  doubts: readonly Doubt[],
  { url }: Route,
  given: Given | undefined,
): McpkcError | undefined {
  if (doubts.length === 0) return undefined;
  const message = `${what} is not sent to ${visible(url)}, since ${doubts.map(({ message }) => message).join('; ')}.`;
  const words = doubts.map(({ key, value }) => shellWord(`${key}=${value}`));
  // A file that holds the secret may name the server for good; only the usual one is a file of plain lines.
  const own = given?.found === true && given.file === '.keycloak-env' && doubts[0]?.key === 'KC_SERVER';
  const line = own ? `printf '%s\\n' ${words.join(' ')} >> .keycloak-env` : `export ${words.join(' ')}`;
  const fix = `Anybody who made this folder may have written that. If it is right, run:\n${line}`;
  return new McpkcError('FOLDER_NOT_TRUSTED', message, fix, {
    details: { keys: doubts.map(({ key }) => key), line },
  });
}

/** The flags of a printed `mcpkc init` that name what an administrator's password needs to have named. */
export function namingFlags({ refusals, server, caFile }: Config): CommandPart[] {
  const keys = refusals.administrator?.details?.keys;
  const unnamed = Array.isArray(keys) ? keys : [];
  return [
    ...(unnamed.includes('KC_SERVER') ? [['--server', server] as const] : []),
    ...(unnamed.includes('MCPKC_CA_FILE') ? [['--ca-file', caFile ?? ''] as const] : []),
    ...(unnamed.includes('MCPKC_ALLOW_HTTP') ? ['--allow-http'] : []),
  ];
}
