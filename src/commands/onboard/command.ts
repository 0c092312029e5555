import { type Command, type Context, defineWriting, duration, type Flags, list } from '../../cli/command.ts';
import type { Report } from '../../cli/report.ts';
import type { Config } from '../../config/load.ts';
import { badInput } from '../../errors.ts';
import { connect } from '../../keycloak/connection/connect.ts';
import { resourceFor, scopeWish, wantedPresets } from '../../plan/input.ts';
import type { Client } from '../../realm/representations.ts';
import { readTypedName, visible } from '../../text.ts';
import { type Kind, report } from './answer.ts';
import { basePlan, closeWindow, closingPlan, onboardNamed, onboardNext } from './onboard.ts';
import { type Prepared, prepare } from './prepare.ts';
import { called, type Until } from './watch.ts';

const DEFAULT_TIMEOUT_MS = 10 * 60_000;

/** `mcpkc onboard` */
export const onboard: Command = {
  define(command) {
    command
      .description(
        'Connect one product to an MCP server: provision, open a window, adopt the connector, close it.',
      )
      .argument('<resource>', 'the MCP server’s URL as people type it; a bare host means https://<host>/mcp')
      .argument('[client-id]', 'a client that is there already: give it the scope, open no window')
      .option('--alias <name>', 'instead of the host’s first label in mcp-resource-<alias>')
      .option('--scope <name>', 'name of the client scope')
      .option('--preset <name>', 'the product that will register … (default: chatgpt)', list)
      .option('--static-client <id>', 'also give the scope to this client')
      .option('--timeout <duration>', 'how long to wait for a registration (default: 10m)', duration)
      .option(
        '--until <event>',
        'adopt who registered, or who connected (of several attempts the one that signed in); default: registered',
      )
      .option('--no-harden', 'leave out what makes registration safer: mapper types')
      .option('--close', 'close a window that was left open');
    defineWriting(command);
  },
  examples: [
    ['connect ChatGPT', 'mcpkc onboard https://svc.example.com/mcp'],
    ['give the scope to a client that is there', 'mcpkc onboard https://svc.example.com/mcp 3f1c…'],
    ['after a run that was killed', 'mcpkc onboard https://svc.example.com/mcp --close'],
  ],
  changes:
    'What create-scope makes, with the scope in none of the realm’s lists; while the window is open the scope is a realm default; at the end the connector alone holds it.',
  exits: [
    [0, 'a connector was adopted, or the client has the scope'],
    [1, 'with --dry-run: something would change'],
    [5, 'several newcomers, a window in use, the scope is another server’s, or --yes is needed'],
    [6, 'nothing to adopt within --timeout; the window is closed'],
  ],
  async run(context, [argument, typed], flags) {
    const client = typed === undefined ? undefined : readTypedName(typed);
    const until = checkFlags(flags, client);
    const config = await context.config();
    const resource = resourceFor(config, argument, { bareHost: true });
    const presets = wantedPresets(config, flags.preset);
    scopeWish(config, resource, flags);
    const keycloak = await connect(config, context.io, context.signal);
    const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
    const prepared = await prepare(context, config, keycloak, {
      resource,
      client,
      presets,
      staticClient: typeof flags.staticClient === 'string' ? readTypedName(flags.staticClient) : undefined,
      // A client that is there needs nothing of registration.
      harden: flags.harden !== false && client === undefined,
      scope: text(flags.scope),
      alias: text(flags.alias),
    });
    const kind: Kind = flags.close === true ? 'close' : client === undefined ? 'next' : 'named';
    if (flags.dryRun === true) return dryRun(prepared, config, kind);
    const yes = flags.yes === true;
    if (kind === 'close') return report(await closeWindow(prepared, yes), config, { kind });
    if (prepared.named) return report(await onboardNamed(prepared, prepared.named, yes), config, { kind });
    const timeoutMs = typeof flags.timeout === 'number' ? flags.timeout : DEFAULT_TIMEOUT_MS;
    const choose = context.settings.input
      ? (clients: readonly Client[], signal: AbortSignal) => ask(context, clients, signal)
      : undefined;
    return report(await onboardNext(prepared, { timeoutMs, until, yes, choose }), config, { kind });
  },
};

/** What goes with what; gives `--until`. */
function checkFlags(flags: Flags, client: string | undefined): Until {
  const { until } = flags;
  const help = 'See mcpkc onboard --help';
  if (until !== undefined && until !== 'registered' && until !== 'connected') {
    throw badInput('--until', `'${until}' is neither registered nor connected`, help);
  }
  const waiting = ['until', 'timeout'].find((name) => flags[name] !== undefined);
  if (flags.close === true && client !== undefined)
    throw badInput('--close', 'it takes no client id: whoever was adopted keeps the scope', help);
  if (waiting !== undefined && (flags.close === true || client !== undefined)) {
    throw badInput(`--${waiting}`, 'no window is opened, so there is nothing to wait for', help);
  }
  return until ?? 'registered';
}

const QUESTIONS = 3;

/** Asks which of several is the person's own; undefined for none of them. */
async function ask(
  { io, voice }: Context,
  clients: readonly Client[],
  signal: AbortSignal,
): Promise<Client | undefined> {
  const lines = clients.map((client, index) => {
    const uris = client.redirectUris.map((uri) => visible(uri)).join(' ');
    return `  ${index + 1}  ${called(client)}\n     ${uris}`;
  });
  voice.progress(undefined);
  voice.note(`Several clients registered at once:\n${lines.join('\n')}`);
  for (let round = 1; round <= QUESTIONS; round++) {
    const question = `Which one is yours? 1 to ${clients.length}, or nothing for none: `;
    const answer = (await io.prompt(question, { signal })).trim();
    if (answer === '') return undefined;
    const picked = /^\d{1,4}$/.test(answer) ? clients[Number(answer) - 1] : undefined;
    if (picked) return picked;
  }
  return undefined;
}

async function dryRun(prepared: Prepared, config: Config, kind: Kind): Promise<Report> {
  const { run, named } = prepared;
  const plan = kind === 'close' ? await closingPlan(prepared) : basePlan(prepared).plan;
  const onboarded = { run: { ...run, changes: [...plan] }, client: named, others: [], audience: undefined };
  // Without a named client a window would be opened in any case.
  const exitStatus = plan.length > 0 || kind === 'next' ? 1 : 0;
  return report(onboarded, config, { kind, dryRun: { exitStatus } });
}
