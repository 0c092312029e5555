// biome-ignore lint/style/noRestrictedImports: the options of every command.
import type { Command as Commander } from 'commander';
import { VERSION } from '../version.ts';
import { parseDurationFlag } from './command.ts';

/** Adds the program's own options: those that every command takes, before or after its name. */
export function defineGlobal(root: Commander): Commander {
  return root
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this, or the help of a command')
    .optionsGroup('Configuration:')
    .option(
      '--profile <name>',
      'a named set of both files, in XDG_CONFIG_HOME/mcpkc/<name> (or MCPKC_PROFILE)',
    )
    .option(
      '--config <file>',
      'configuration file (default: config.local.json here or in docs/local, else in XDG_CONFIG_HOME/mcpkc)',
    )
    .option('--credentials <file>', 'the file that holds the service account (default: .keycloak-env here)')
    .option('--server <url>', 'KC_SERVER: base URL of Keycloak for admin and token requests')
    .option('--realm <name>', 'KC_REALM: the realm to work on')
    .optionsGroup('Output:')
    .option('--json', 'one JSON document on stdout, also on failure')
    .option('--quiet', 'nothing but warnings and failures where all is well')
    .option('--verbose', 'log each HTTP request on stderr')
    .option('--no-input', 'never ask, even at a terminal')
    .option('--no-color', 'no colour (as NO_COLOR)')
    .optionsGroup('Connection:')
    .option(
      '--request-timeout <duration>',
      'give up on a request after this long (default: 30s)',
      parseDurationFlag,
    )
    .option('--ca-file <pem>', 'certificate authorities to trust besides the system’s')
    .option('--wait <duration>', 'wait this long for a Keycloak that is still starting', parseDurationFlag)
    .option('--allow-http', 'allow a secret over plain http to another machine');
}

/** The global options that take a value, for code that has to tell an option's value from a command's name. */
export const GLOBAL_VALUES = /^--(profile|config|credentials|server|realm|request-timeout|ca-file|wait)$/;
