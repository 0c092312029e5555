import { warnOfVendorNetwork } from '../../checks/vendor-network.ts';
import {
  type Command,
  type Context,
  defineWriting,
  list,
  Option,
  parseDurationFlag,
  type WritingOptions,
} from '../../cli/command.ts';
import type { Report } from '../../cli/report.ts';
import { givenResource } from '../../cli/resource-option.ts';
import { requireAccount } from '../../config/config.ts';
import type { Config } from '../../config/load.ts';
import { inputError } from '../../errors.ts';
import { noteFile } from '../../fleet/hint.ts';
import { connect, type Keycloak } from '../../keycloak/connection/connect.ts';
import { findClientById } from '../../keycloak/read/clients.ts';
import { readPublicFace } from '../../keycloak/read/issuer-metadata.ts';
import { agreeTo } from '../../plan/agree.ts';
import { requireNoLiveWindow, resourceFor, scopeWish, wantedPresets } from '../../plan/input.ts';
import { prepareRecord } from '../../plan/leftovers.ts';
import { lookBeside } from '../../plan/mcp-look.ts';
import type { Preset } from '../../products/preset.ts';
import { allowancesOf, allowedIn, type RealmRecord } from '../../realm/record.ts';
import { count, readTypedName, visible } from '../../text.ts';
import { type AnswerKind, report } from './answer.ts';
import type { Held } from './holding.ts';
import { close, type Onboarded, onboardNamed, onboardNext } from './onboard.ts';
import { labelClient } from './onboarding.ts';
import { type Prepared, prepare } from './prepare.ts';
import type { Until } from './watch.ts';

const DEFAULT_TIMEOUT_MS = 10 * 60_000;

/** The flags of `mcpkc onboard`. */
export type OnboardOptions = WritingOptions & {
  resource?: string;
  alias?: string;
  scope?: string;
  preset?: string[];
  staticClient?: string;
  role?: string[];
  timeout?: number;
  until?: Until;
  /** Whether to harden; false with `--no-harden`. */
  harden: boolean;
  user?: string;
  close?: true;
};

/** `mcpkc onboard` */
export const onboard: Command<OnboardOptions> = {
  define(command) {
    command
      .description('Connect one product to an MCP server: provision, wait for its client, adopt it.')
      .argument(
        '[resource]',
        'the MCP server’s URL as people type it; a bare host means https://<host>/mcp (default: MCP_TRANSPORT_URL)',
      )
      .argument('[client-id]', 'a client that is there already: adopt it, and wait for nobody')
      .option('--resource <url>', 'the same, as an option; the argument is then the client id')
      .option('--alias <name>', 'instead of the host’s first label in mcp-resource-<alias>')
      .option('--scope <name>', 'name of the client scope')
      .option(
        '--preset <name>',
        'the product that will register … (default: chatgpt; has to be named where registration is shut)',
        list,
      )
      .option('--static-client <id>', 'also adopt this client')
      .option('--role <name>', 'only who has this realm role may use the server …', list)
      .option('--timeout <duration>', 'how long to wait (default: 10m)', parseDurationFlag)
      .addOption(
        new Option(
          '--until <event>',
          'adopt the client that connected (of several attempts the one that signed in), or the one that registered; default at a terminal: connected',
        ).choices(['registered', 'connected']),
      )
      .option(
        '--no-harden',
        'leave out what makes registration safer: PKCE, exact redirect URIs, no mappers, tokens for users alone',
      )
      .option('--user <name>', 'with --until connected: only this person’s sign-in counts')
      .addOption(
        new Option('--close', 'end what a window of mcpkc 0.1.0, or a killed run, left').conflicts([
          'until',
          'timeout',
          'user',
        ]),
      );
    defineWriting(command);
  },
  examples: [
    ['connect ChatGPT', 'mcpkc onboard https://svc.example.com/mcp --preset chatgpt'],
    [
      'from a script',
      'mcpkc onboard https://svc.example.com/mcp --preset chatgpt --until connected --user ann --timeout 5m',
    ],
    ['adopt a client that is there', 'mcpkc onboard https://svc.example.com/mcp 3f1c…'],
  ],
  changes:
    'What create-scope makes in adopted mode; each newcomer of the product holds the audience scope while it is waited, at the end the connector alone. Its registration access token is revoked.',
  exits: [
    [0, 'a connector was adopted, or the client that was named'],
    [1, 'with --dry-run: something would change'],
    [
      5,
      'several may be the connector, the scope is another server’s, nobody agreed to the plan at the terminal, or --yes is needed',
    ],
    [6, 'nothing to adopt within --timeout'],
  ],
  async run(context, words, flags) {
    const { argument, typed } = namedBy(words, flags);
    const client = typed === undefined ? undefined : readTypedName(typed);
    const until = checkFlags(flags, client);
    const config = await context.config();
    const resource = resourceFor(config, argument, { bareHost: true });
    const presets = wantedPresets(config, flags.preset);
    scopeWish(config, resource, flags);
    requireAccount(config);
    requireUntil(flags, client, context.settings.input);
    const keycloak = await connect(config, context.io, context.signal);
    const look = flags.close === true ? undefined : lookBeside(context, config, resource);
    // Holders are read before the plan: a client that loses something by it is planned for as it is then.
    const record = await prepareRecord(context, keycloak, 'onboard', { dryRun: flags.dryRun === true });
    const known =
      client === undefined && flags.close !== true
        ? await madeFor(context, config, keycloak, resource, presets, record)
        : undefined;
    const prepared = await prepare(context, config, keycloak, {
      resource,
      record,
      client: client ?? known,
      presets,
      namesProducts: flags.preset !== undefined,
      staticClient: flags.staticClient === undefined ? undefined : readTypedName(flags.staticClient),
      harden: flags.harden,
      consent: flags.yes === true,
      dryRun: flags.dryRun === true,
      close: flags.close === true,
      scope: flags.scope,
      alias: flags.alias,
      roles: flags.role ?? [],
    });
    const kind: AnswerKind = flags.close === true ? 'close' : prepared.named ? 'named' : 'next';
    look?.tell();
    if (kind === 'next') warnOfVendorNetwork(context, config, presets, resource);
    if (flags.dryRun === true) return dryRun(prepared, config, kind);
    const yes = flags.yes === true;
    const { plan, reservations: reserved } = prepared;
    if (context.settings.input && !yes && plan.length > 0) {
      requireNoLiveWindow(prepared.run, context.io, yes);
      const { server, realm } = keycloak;
      const then = kind === 'next' ? `, then wait for ${presets.map(({ title }) => title).join(' or ')}` : '';
      const question = `Make ${count(plan.length, 'change')} in realm ${visible(realm)}${then}?`;
      await agreeTo(context, { server, plan, reserved, question });
      prepared.reservations = [];
    }
    look?.tell();
    if (kind === 'close') return report(await close(prepared, yes), config, { kind });
    const noted = async (onboarded: Onboarded) => {
      const { resource: url, scope, mode, gates } = onboarded.run;
      const named = flags.preset === undefined || kind === 'named' ? [] : presets;
      const products = named.map(({ name }) => ({ preset: name, by: 'registration' as const }));
      await noteFile(context, config, { resource: url, scope, mode, access: { gates }, products });
      return report(onboarded, config, { kind });
    };
    if (prepared.named) return noted(await onboardNamed(prepared, prepared.named, yes));
    const { timeout: timeoutMs = DEFAULT_TIMEOUT_MS } = flags;
    const choose = context.settings.input
      ? (held: readonly Held[], signal: AbortSignal) => ask(context, held, signal)
      : undefined;
    const manner = { timeoutMs, until, user: flags.user, yes, choose };
    return noted(await onboardNext(prepared, manner));
  },
};

/**
 * The client id of the one product in question, where its client is there already (`mcpkc allow`) and it will use that.
 * Then nobody is waited for. A client that was made beforehand for this resource is reported, since the product may
 * register as well.
 */
async function madeFor(
  { voice }: Context,
  config: Config,
  keycloak: Keycloak,
  resource: string,
  presets: readonly Preset[],
  record: RealmRecord,
): Promise<string | undefined> {
  const face = await readPublicFace(keycloak, config.issuer);
  const all = allowedIn(record);
  for (const { title, name } of presets) {
    const given = all.find(
      (one) => one.way === 'client' && one.resource === resource && one.products.includes(name),
    );
    if (given)
      voice.note(
        `${title} has a client made beforehand already: ${visible(given.client.clientId)} (mcpkc allow --list).`,
      );
  }
  const [preset] = presets;
  const isTold = (face.atIssuer ?? face.atKeycloak)?.cimd === true;
  if (!preset || presets.length > 1 || !isTold) return undefined;
  const pin = all.find((one) => one.way === 'document' && one.products.includes(preset.name));
  if (pin === undefined) return undefined;
  const client = await findClientById(keycloak, pin.client.id);
  if (!client || allowancesOf(record, client).length === 0) {
    voice.warn(
      `The client of ${preset.title}’s document is gone: mcpkc allow makes it anew. Until then its sign-ins fail.`,
    );
    return undefined;
  }
  voice.note(
    `${preset.title} is known by its document here and doesn’t register: its client gets the audience, and nobody is waited for.`,
  );
  return pin.client.id;
}

/**
 * The MCP server and the client that are named: with `--resource` a lone argument is the client, unless it is the same
 * URL.
 */
function namedBy(
  [first, second]: readonly (string | undefined)[],
  { resource }: OnboardOptions,
): { argument: string | undefined; typed: string | undefined } {
  if (resource === undefined) return { argument: first, typed: second };
  if (second === undefined && first !== resource) return { argument: resource, typed: first };
  return { argument: givenResource(first, { resource }), typed: second };
}

/** Refuses flags that contradict each other; returns `--until`. */
function checkFlags(flags: OnboardOptions, client: string | undefined): Until {
  const { until } = flags;
  const help = 'See mcpkc onboard --help';
  if (flags.close === true && client !== undefined)
    throw inputError('--close', 'it takes no client id: anybody who was adopted keeps the audience', help);
  if (flags.preset !== undefined && client !== undefined)
    throw inputError('--preset', 'a client is named, and nothing of registration is changed for it', help);
  const waits = flags.close !== true && client === undefined;
  const waiting = (['until', 'timeout', 'user'] as const).find((name) => flags[name] !== undefined);
  if (waiting !== undefined && !waits) {
    throw inputError(`--${waiting}`, 'nobody is waited for', help);
  }
  if (flags.user !== undefined && until === 'registered')
    throw inputError('--user', 'it goes with --until connected: who registers has not signed in yet', help);
  return until ?? 'connected';
}

/** The right newcomer has to be named by a flag where nobody can be asked. */
function requireUntil(flags: OnboardOptions, client: string | undefined, canAsk: boolean): void {
  const waits = flags.close !== true && client === undefined && flags.dryRun !== true;
  if (!waits || canAsk || flags.until !== undefined) return;
  throw inputError(
    '--until',
    'without a terminal the command line has to tell which newcomer is the right one',
    '--until connected adopts the one that signs in; --until registered the first that registers.',
  );
}

const QUESTIONS = 3;

/** Asks which of several is the person's own; undefined for none of them. */
async function ask(
  { io, voice }: Context,
  held: readonly Held[],
  signal: AbortSignal,
): Promise<Held | undefined> {
  const lines = held.map(({ client, address, signIns }, index) => {
    const uris = client.redirectUris.map((uri) => visible(uri)).join(' ');
    const from = address === undefined ? '' : `, registered from ${visible(address)}`;
    const names = [...new Set(signIns.map(({ username }) => visible(username ?? 'somebody')))];
    const who = names.length === 0 ? '' : `, signed in: ${names.join(', ')}`;
    return `  ${index + 1}  ${labelClient(client)}${from}${who}\n     ${uris}`;
  });
  voice.progress(undefined);
  voice.note(`Several may be the connector:\n${lines.join('\n')}`);
  for (let round = 1; round <= QUESTIONS; round++) {
    const question = `Which one is yours? 1 to ${held.length}, or nothing for none: `;
    const answer = (await io.prompt(question, { signal })).trim();
    if (answer === '') return undefined;
    const picked = /^\d{1,4}$/.test(answer) ? held[Number(answer) - 1] : undefined;
    if (picked) return picked;
  }
  return undefined;
}

function dryRun({ run, named, plan }: Prepared, config: Config, kind: AnswerKind): Report {
  const changed = { ...run, changes: [...plan] };
  const onboarded = { run: changed, client: named, others: [], audience: undefined, doubts: [], unused: [] };
  // Without a named client somebody would be waited for in any case.
  const exitStatus = plan.length > 0 || kind === 'next' ? 1 : 0;
  return report(onboarded, config, { kind, dryRun: { exitStatus } });
}
