import {
  type Command,
  defineWriting,
  Option,
  parseDurationFlag,
  type WritingOptions,
} from '../../cli/command.ts';
import { givenResource, SAME_AS_OPTION } from '../../cli/resource-option.ts';
import { setUpAccount } from './setup.ts';

/** The flags of `mcpkc init`. */
export type InitOptions = WritingOptions & {
  resource?: string;
  adminUser?: string;
  adminRealm: string;
  adminPasswordFile?: string;
  adminTokenFile?: string;
  readOnly?: true;
  revoke?: true;
  /** The duration in milliseconds. */
  events?: number;
  /** Whether to make a key; false with `--no-key`. */
  key?: boolean;
  rotateSecret?: true;
  exact?: true;
  remove?: true;
  force?: true;
};

/** `mcpkc init` */
export const init: Command<InitOptions> = {
  define(command) {
    command
      .description('Make or repair the service account that mcpkc works with, and write its configuration.')
      .argument('[resource]', 'the MCP server’s URL, which is kept as MCP_TRANSPORT_URL')
      .option('--resource <url>', SAME_AS_OPTION)
      .option('--admin-user <name>', 'the administrator who signs in, once (default: admin)')
      .option('--admin-realm <realm>', 'the realm that the administrator is in', 'master')
      .option(
        '--admin-password-file <file>',
        'file with the password, - for standard input (default: a prompt)',
      )
      .addOption(
        new Option(
          '--admin-token-file <file>',
          'file with an administrator’s access token, instead of a password',
        ).conflicts(['adminUser', 'adminPasswordFile']),
      )
      .option('--read-only', 'roles to look, not to change anything')
      .option(
        '--revoke',
        'also the right to end people’s connections; the account can then set anybody’s password',
      )
      .option(
        '--events <retention>',
        'store the user events that mcpkc reads, this long (30d)',
        parseDurationFlag,
      )
      .option('--key', 'the account signs in with a private key in a file here instead of a secret')
      .option('--no-key', 'back to a secret')
      .option('--rotate-secret', 'make a new secret or key, though nobody else knows the one that is there')
      .option('--exact', 'remove roles and settings that the account doesn’t need')
      .addOption(
        new Option('--remove', 'remove everything that mcpkc made in the realm, the account last').conflicts([
          'readOnly',
          'revoke',
          'events',
          'rotateSecret',
          'exact',
          'key',
        ]),
      )
      .option('--force', 'change files that are there without asking');
    defineWriting(command);
  },
  examples: [
    ['at a terminal, which asks for everything', 'mcpkc init'],
    ['on a new machine', 'mcpkc init --server https://auth.example.com/auth --realm mcp'],
    ['with events, for onboard and prune-clients', 'mcpkc init --events 30d'],
    ['an account without a shared secret', 'mcpkc init --key'],
    ['see it, and do it yourself with kcadm.sh', 'mcpkc init --dry-run'],
    ['take mcpkc out of a realm', 'mcpkc init --remove --dry-run'],
    [
      'in a script',
      'mcpkc init https://svc.example.com/mcp --admin-user admin --admin-password-file /run/secrets/admin --force',
    ],
  ],
  changes:
    'One client with its service account, the administrative roles of that account, and with --events which user events the realm stores. Run it before any host is trusted: from then on anybody can register the client id first. A client that no administrator’s hand shows on is never taken over: it is refused, or with --yes deleted and made anew. Registration access tokens of the account are dead after each run; a secret of an account of 0.1.0 is made anew, once. With --key the account’s secret is dead, and so is its old key with --key --rotate-secret. On this machine: .keycloak-env (0600), config.local.json and with --key .keycloak-env.key (0600).',
  exits: [
    [0, 'done, or nothing to do'],
    [1, 'with --dry-run: something would change'],
    [4, 'the administrator’s sign-in is refused, or a role is missing'],
    [
      5,
      'nobody agreed at the terminal, a file is there that would change (--force), or --yes is needed (realm master; a client of that name that somebody else may have made)',
    ],
  ],
  run: (context, [argument], flags) => setUpAccount(context, givenResource(argument, flags), flags),
};
