import type { ErrorCode } from '../errors.ts';
import { ADMIN_GUIDE, type Explanation, HOSTNAME_GUIDE, SEEN } from '../explanation.ts';

/** Errors that end with exit status 2: usage, configuration, input. */
export const INPUT_ERRORS: Partial<Record<ErrorCode, Explanation>> = {
  USAGE: {
    what: 'The command line could not be read: an unknown command or option, or one without its value. Nothing was done.',
    cause: 'A typing error, or an option of another version of mcpkc.',
    fix: 'mcpkc --help lists the commands, mcpkc <command> --help the options of one.',
    sources: [],
  },
  CONFIG_INVALID: {
    what: 'A value in flags, environment, credentials file or config file is no good. All problems are listed, each with its key and where it stands. Nothing was sent to Keycloak.',
    cause: 'A typing error in a value, an unknown key, a file that can’t be read or holds no valid JSON.',
    fix: 'Correct the values in the places that the message names. config.sample.json holds every key. A flag wins over the environment, that over the credentials file, that over the config file.',
    sources: [],
  },
  CONFIG_MISSING: {
    what: 'Something that the command can’t do without is not configured.',
    cause:
      'mcpkc is not set up in this folder, or runs in another one than it was set up in: .keycloak-env and config.local.json are looked for in the working directory.',
    fix: 'mcpkc init --server <url> --realm <name> makes the service account and writes both files. Or set the keys that are named in the environment.',
    sources: [],
  },
  INPUT_INVALID: {
    what: 'An argument or an option has a value that makes no sense there; the message names it. Nothing was done.',
    cause:
      'A URL with a query or a fragment, a host with a path, a name with blanks, options that exclude each other.',
    fix: 'Write the value as the message shows. A resource is the URL of the MCP server as people type it; a host is a bare name.',
    sources: ['RFC 8707 §2 (resource)', 'RFC 6749 §3.3 (scope)'],
  },
  REALM_NOT_FOUND: {
    what: 'Keycloak answers, but has no realm of that name.',
    cause:
      'KC_REALM (or --realm) is misspelled; realm names are case-sensitive. Or KC_SERVER is another Keycloak than the one that is meant.',
    fix: 'Compare with the list of realms in the admin console, and correct KC_REALM or KC_SERVER.',
    sources: [SEEN],
  },
  WRONG_SERVER_PATH: {
    what: 'Keycloak’s token endpoint isn’t at KC_SERVER, and the realm’s document was read at the same address with another path.',
    cause:
      'The relative path is missing or one too many: Keycloak serves at / unless it was started with --http-relative-path=/auth.',
    fix: 'Set KC_SERVER to the base URL with the path that Keycloak was started with; the message names it.',
    sources: [HOSTNAME_GUIDE],
  },
  SCOPE_NOT_FOUND: {
    what: 'The audience client scope that the command is about isn’t in the realm.',
    cause: 'The resource was never provisioned here, somebody deleted the scope, or --scope is misspelled.',
    fix: 'mcpkc status lists the scopes that are there; mcpkc create-scope --resource <url> makes one.',
    sources: [ADMIN_GUIDE],
  },
  CLIENT_NOT_IN_REALM: {
    what: 'A client that was named isn’t in the realm. Nothing was changed.',
    cause:
      'The client id is misspelled (it is case-sensitive), or the client was deleted: by prune-clients, by hand, or by the product itself.',
    fix: 'mcpkc status --clients lists the clients that registered. A client that mcpkc deleted comes back with mcpkc prune-clients --restore <backup> <client id>.',
    sources: [ADMIN_GUIDE],
  },
  FILE_NOT_WRITTEN: {
    what: 'A file that the command was to write could not be written.',
    cause: 'The folder doesn’t exist or belongs to somebody else, or the disk is full.',
    fix: 'Name another place with the option that the message names, or correct the permissions, and run the command again.',
    sources: [],
  },
};
