import { askText, askYes } from '../../cli/ask.ts';
import {
  type Command,
  type Context,
  list,
  Option,
  parseDurationFlag,
  wholeNumber,
} from '../../cli/command.ts';
import type { Report } from '../../cli/report.ts';
import { isColorWanted, styleFor } from '../../cli/style.ts';
import type { Config } from '../../config/load.ts';
import { DAY } from '../../duration.ts';
import { inputError, McpkcError } from '../../errors.ts';
import { connect, type Keycloak } from '../../keycloak/connection/connect.ts';
import { customPresets } from '../../products/custom.ts';
import { DEFAULT_PRODUCT, PRESETS } from '../../products/index.ts';
import { resolvePresets } from '../../products/resolve.ts';
import { PRUNING } from '../../realm/events.ts';
import { brief, count, fitToWidth, readTypedName, visible } from '../../text.ts';
import type { Judged } from './judge/audit.ts';
import { UNRECOGNISED } from './judge/verdict.ts';
import { protect } from './protect.ts';
import { type PruneMode, planGoing, prune } from './prune.ts';
import { restore } from './restore.ts';
import type { PruneWish } from './scan.ts';
import { goingText } from './text.ts';

/** The flags of `mcpkc prune-clients`. */
export type PruneOptions = {
  observe?: true;
  apply?: true;
  /** The duration in milliseconds, as `grace`. */
  olderThan?: number;
  grace?: number;
  preset?: string[];
  max?: number;
  now?: true;
  confirm?: string;
  acceptAge?: string;
  backup?: string;
  auditFile?: string;
  metrics?: string;
  restore?: string;
  keep?: string[];
  unkeep?: string[];
  yes?: true;
  dryRun?: true;
};

/** `mcpkc prune-clients` */
export const pruneClients: Command<PruneOptions> = {
  define(command) {
    command
      .description('Remove clients that registered themselves and never worked; by default only list them.')
      .argument('[client-id...]', 'with --restore: only these; with --accept-age: these')
      .addOption(
        new Option('--observe', 'write when clients were first and last seen, and nothing else').conflicts([
          'apply',
          'restore',
          'keep',
          'unkeep',
        ]),
      )
      .addOption(
        new Option(
          '--apply',
          'mark orphans, after a grace disable them, after another delete them',
        ).conflicts(['restore', 'keep', 'unkeep']),
      )
      .option('--older-than <duration>', 'how old a client has to be (default: 7d)', parseDurationFlag)
      .option('--grace <duration>', 'how long each stage lasts (default: 3d)', parseDurationFlag)
      .option(
        '--preset <name>',
        `products whose clients may be pruned …; ${UNRECOGNISED}: those of none (default: chatgpt)`,
        list,
      )
      .option('--max <n>', 'disable or delete up to so many at once, in place of 25 and 30 %', wholeNumber)
      .option('--now', 'with --apply: delete orphans at once, without the stages')
      .option('--confirm <realm>', 'with --now: the realm’s name, as an assent without a terminal')
      .addOption(
        new Option(
          '--accept-age <date>',
          'the named clients are from that day or before, on your word: disabled first, then deleted',
        ).conflicts(['observe', 'restore', 'keep', 'unkeep']),
      )
      .option('--backup <file>', 'where deleted clients are kept (default: under XDG_STATE_HOME/mcpkc)')
      .option('--audit-file <file>', 'append a JSON line per decision here instead of stderr')
      .addOption(
        new Option('--metrics <file>', 'also write what was decided and done as OpenMetrics').conflicts([
          'restore',
          'keep',
          'unkeep',
        ]),
      )
      .addOption(
        new Option('--restore <file>', 'make deleted clients again from a backup').conflicts([
          'keep',
          'unkeep',
        ]),
      )
      .addOption(
        new Option('--keep <client>', 'never prune this client …').argParser(list).conflicts('unkeep'),
      )
      .option('--unkeep <client>', 'take that back …', list)
      .option('--yes', 'with --restore: also what has no seal of this realm, or would not be adopted')
      .option('--dry-run', 'write nothing; exit 1 if something would change');
  },
  examples: [
    [
      'a client of which nothing tells the age',
      'mcpkc prune-clients --apply --accept-age 2026-01-31 0f8b1c1e-7d3c-4b0a-9f6e-2f1f8c1f5a11',
    ],
    ['see what would go, and why not the rest', 'mcpkc prune-clients'],
    ['every night from cron', 'mcpkc prune-clients --apply --quiet --audit-file /var/log/mcpkc-prune.jsonl'],
    ['a realm full of dead clients, now', 'mcpkc prune-clients --apply --now --max 150 --confirm demo'],
    ['bring one back', 'mcpkc prune-clients --restore pruned.jsonl 0f8b1c1e-7d3c-4b0a-9f6e-2f1f8c1f5a11'],
    ['never touch one', 'mcpkc prune-clients --keep 0f8b1c1e-7d3c-4b0a-9f6e-2f1f8c1f5a11'],
  ],
  changes:
    'With --apply or --observe: mcpkc’s record of the realm; with --apply: orphans are disabled and deleted. Never in realm master.',
  exits: [
    [0, 'nothing to prune; or done'],
    [1, 'a plan that would change something'],
    [3, 'also: a source could not be read, and so everything was kept'],
    [4, 'also: a role is missing, and so everything was kept'],
    [
      5,
      'more would go than the limits allow, --now without assent, nobody agreed at the terminal, --restore of what needs --yes or whose id is taken, another run holds the lock, or realm master',
    ],
  ],
  async run(context, args, flags) {
    const mode = modeOf(flags, clientIdsOf(args));
    const config = await context.config();
    forbidMaster(config);
    const wish = wishOf(config, flags, acceptingOf(context, args, flags));
    const asks = flags.now === true && flags.dryRun !== true;
    if (asks) requireAnswerable(context, config, flags);
    const keycloak = await connect(config, context.io, context.signal);
    if (asks && flags.confirm === undefined) await askForName(context, keycloak, wish);
    const isStaged = mode === 'apply' && flags.now !== true && flags.dryRun !== true;
    if (isStaged && context.settings.input) await askToApply(context, keycloak, wish);
    return run(context, keycloak, wish, mode, args, flags);
  },
};

type AnyMode = PruneMode | 'restore' | 'keep' | 'unkeep';

async function run(
  context: Context,
  keycloak: Keycloak,
  wish: PruneWish,
  mode: AnyMode,
  args: readonly unknown[],
  flags: PruneOptions,
): Promise<Report> {
  const dryRun = flags.dryRun === true;
  if (mode === 'restore') {
    return restore(context, keycloak, {
      file: flags.restore ?? '',
      clientIds: clientIdsOf(args),
      dryRun,
      yes: flags.yes === true,
      presets: wish.house.presets,
    });
  }
  if (mode === 'keep' || mode === 'unkeep') {
    return protect(context, keycloak, flags[mode] ?? [], mode === 'keep', dryRun);
  }
  return prune(context, keycloak, wish, dryRun ? 'plan' : mode, flags);
}

function clientIdsOf([rest]: readonly unknown[]): string[] {
  return Array.isArray(rest) ? rest.map((one) => readTypedName(String(one))) : [];
}

function modeOf(flags: PruneOptions, clientIds: readonly string[]): AnyMode {
  const modes = ['observe', 'apply', 'restore', 'keep', 'unkeep'] as const;
  const [mode] = modes.filter((name) => flags[name] !== undefined);
  const help = 'See mcpkc prune-clients --help';
  if (flags.now === true && mode !== 'apply') throw inputError('--now', 'it needs --apply', help);
  if (flags.confirm !== undefined && flags.now !== true)
    throw inputError('--confirm', 'it needs --now', help);
  if (flags.yes === true && mode !== 'restore') throw inputError('--yes', 'it needs --restore', help);
  const [extra] = clientIds;
  const takesIds = mode === 'restore' || flags.acceptAge !== undefined;
  if (extra !== undefined && !takesIds) {
    throw inputError(extra, 'client ids go with --restore or --accept-age', help);
  }
  return mode ?? 'plan';
}

function wishOf(config: Config, flags: PruneOptions, accepting: PruneWish['accepting']): PruneWish {
  const custom = customPresets(config.presets, config.files.config);
  const named = flags.preset ?? [DEFAULT_PRODUCT];
  return {
    house: {
      presets: [...PRESETS, ...custom],
      protect: config.protect,
      fixed: [...config.audiences.clients, ...(config.clientId === undefined ? [] : [config.clientId])],
    },
    rules: {
      olderThanMs: flags.olderThan ?? PRUNING.olderThanMs,
      presets: [
        ...resolvePresets(
          named.filter((name) => name !== UNRECOGNISED),
          custom,
        ).map(({ name }) => name),
        ...named.filter((name) => name === UNRECOGNISED),
      ],
    },
    pace: { graceMs: flags.grace ?? PRUNING.graceMs, atOnce: flags.now === true },
    max: flags.max,
    accepting,
  };
}

/** The value of `--accept-age`: a day that is over, and clients. */
function acceptingOf(
  { io }: Context,
  args: readonly unknown[],
  { acceptAge }: PruneOptions,
): PruneWish['accepting'] {
  if (acceptAge === undefined) return undefined;
  const text = String(acceptAge);
  const age = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN;
  // JavaScript reads 2026-02-31 as a day of March.
  if (Number.isNaN(age) || new Date(age).toISOString().slice(0, 10) !== text) {
    throw inputError('--accept-age', `${brief(text, 40)} is not a day`, 'Write it like 2026-01-31.');
  }
  if (age + DAY > io.now()) {
    throw inputError(
      '--accept-age',
      `${text} is not over`,
      'Name the last day on which the clients were certainly there.',
    );
  }
  const clientIds = new Set(clientIdsOf(args));
  if (clientIds.size === 0) {
    throw inputError(
      '--accept-age',
      'no client is named',
      'Name each by its client id; mcpkc prune-clients lists them.',
    );
  }
  // The whole day counts: a client of that evening is not older.
  return { age: age + DAY, clientIds };
}

function forbidMaster({ realm }: Config): void {
  if (realm !== 'master') return;
  const message = 'Clients of realm master are never pruned: they administer the whole server.';
  throw new McpkcError(
    'REALM_PROTECTED',
    message,
    'Name the realm that MCP clients register in with --realm.',
  );
}

/** Confirms `--now`, which deletes without a grace: the realm's name has to be typed, as a flag or at the terminal. */
function requireAnswerable({ settings }: Context, { realm }: Config, { confirm }: PruneOptions): void {
  if (confirm === realm || (confirm === undefined && settings.input)) return;
  throw notConfirmedError(realm, confirm);
}

function notConfirmedError(realm: string | undefined, said: string | undefined): McpkcError {
  const message =
    said === undefined
      ? '--now deletes orphans without a grace.'
      : `--now was not confirmed: '${said}' is not the realm’s name.`;
  return new McpkcError('CONSENT_NEEDED', message, `If that is what you want: --now --confirm ${realm}`);
}

/** Shows on stderr the clients that would go now; empty where none would, or where the limit will refuse. */
async function showGoing(context: Context, keycloak: Keycloak, wish: PruneWish): Promise<readonly Judged[]> {
  const { io, voice, settings } = context;
  const { judged, limit } = await planGoing(context, keycloak, wish);
  voice.progress(undefined);
  if (judged.length === 0 || limit.exceeded) return [];
  const style = styleFor(isColorWanted(io.env, io.stderr.isTerminal, settings.color), io.stderr.columns);
  io.stderr.write(fitToWidth(goingText(judged, style), style.width));
  return judged;
}

/** Asks once, at a terminal, before clients are disabled or deleted; marks alone take nothing from anybody. */
async function askToApply(context: Context, keycloak: Keycloak, wish: PruneWish): Promise<void> {
  const judged = await showGoing(context, keycloak, wish);
  if (judged.length === 0) return;
  const number = (action: string) => judged.filter(({ decision }) => decision.action === action).length;
  const parts = [
    [number('disable'), 'disable'],
    [number('delete'), 'delete'],
  ].flatMap(([some, action]) => (Number(some) > 0 ? [`${action} ${count(Number(some), 'client')}`] : []));
  const question = `In realm ${visible(keycloak.realm)}: ${parts.join(' and ')}?`;
  if (await askYes(context, question, false)) return;
  const fix = 'Without --apply it lists them; --no-input asks nothing.';
  throw new McpkcError('CONSENT_NEEDED', 'The answer was no: nothing was written.', fix);
}

/** Shows the clients that would go, and asks for the realm’s name; where none would, nothing is asked. */
async function askForName(context: Context, keycloak: Keycloak, wish: PruneWish): Promise<void> {
  const { io, signal } = context;
  const { realm } = keycloak;
  const judged = await showGoing(context, keycloak, wish);
  if (judged.length === 0) return;
  const what = `${count(judged.length, 'client')} of realm '${visible(realm)}' will be deleted at once.`;
  const said = await askText({ io, signal }, `${what} Type the realm’s name to go on: `);
  if (said !== realm) throw notConfirmedError(realm, said);
}
