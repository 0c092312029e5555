import { type Command, type Context, defineWriting, duration, type Flags, list } from '../command.ts';
import type { Config } from '../config/load.ts';
import { badInput } from '../errors.ts';
import { connect } from '../keycloak/connect.ts';
import type { Client } from '../keycloak/representations.ts';
import {
  basePlan,
  closeWindow,
  type Manner,
  type Onboarded,
  onboardNamed,
  onboardNext,
} from '../onboard/onboard.ts';
import { type Prepared, prepare } from '../onboard/prepare.ts';
import { called, type Until } from '../onboard/watch.ts';
import type { Plan } from '../plan.ts';
import { envBlock } from '../provision/env-block.ts';
import { resourceFor, wantedPresets } from '../provision/input.ts';
import { type OnboardAnswer, onboardText } from '../render/onboard.ts';
import type { Report } from '../report.ts';

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
      .option('--until <event>', 'registered, or connected (somebody signed in); default: registered')
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
    [6, 'nobody registered within --timeout; the window is closed'],
  ],
  async run(context, [argument, client], flags) {
    const until = untilOf(flags);
    const config = await context.config();
    const resource = resourceFor(config, argument, { bareHost: true });
    const presets = wantedPresets(config, flags.preset);
    const keycloak = await connect(config, context.io, context.signal);
    const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
    const input = {
      resource,
      client,
      presets,
      staticClient: text(flags.staticClient),
      scope: text(flags.scope),
      alias: text(flags.alias),
    };
    const prepared = await prepare(context, config, keycloak, input);
    if (flags.dryRun === true) return dryRun(prepared, config);
    const yes = flags.yes === true;
    if (flags.close === true) return report(await closeWindow(prepared, yes), config, true);
    if (prepared.named) return report(await onboardNamed(prepared, prepared.named, yes), config, false);
    const timeoutMs = typeof flags.timeout === 'number' ? flags.timeout : DEFAULT_TIMEOUT_MS;
    const manner: Manner = {
      timeoutMs,
      until,
      yes,
      choose: context.settings.input ? (clients) => ask(context, clients) : undefined,
    };
    return report(await onboardNext(prepared, manner), config, false);
  },
};

function untilOf(flags: Flags): Until {
  const { until } = flags;
  if (until === undefined || until === 'registered' || until === 'connected') return until ?? 'registered';
  throw badInput('--until', `'${until}' is neither registered nor connected`, 'See mcpkc onboard --help');
}

async function ask({ io, voice, signal }: Context, clients: readonly Client[]): Promise<Client | undefined> {
  const choices = clients.map(
    (client, index) => `  ${index + 1}  ${called(client)}  ${client.redirectUris.join(' ')}`,
  );
  voice.note(`Several clients registered at once:\n${choices.join('\n')}`);
  const answer = await io.prompt(`Which one is yours? 1–${clients.length}, or nothing for none: `, {
    signal,
  });
  return clients[Number(answer) - 1];
}

function dryRun(prepared: Prepared, config: Config): Report {
  const { plan } = basePlan(prepared);
  const { run, named } = prepared;
  // Without a named client a window would be opened in any case.
  const exitStatus = plan.length > 0 || !named ? 1 : 0;
  return answer({ run, client: named, others: [], audience: undefined }, config, plan, {
    exitStatus,
    dryRun: true,
    closed: false,
  });
}

function report(onboarded: Onboarded, config: Config, closed: boolean): Report {
  return answer(onboarded, config, onboarded.run.changes, { exitStatus: 0, dryRun: false, closed });
}

function answer(
  { run, client, others, audience }: Onboarded,
  config: Config,
  changes: Plan,
  { exitStatus, dryRun: dry, closed }: { exitStatus: number; dryRun: boolean; closed: boolean },
): Report {
  const { resource, scope, mode, list: realmList, keycloak } = run;
  const { server, realm } = keycloak;
  const issuer = config.issuer ?? `${server}/realms/${encodeURIComponent(realm)}`;
  const { audiences, allowedOrigins } = config;
  const env = client
    ? envBlock({
        resource,
        scope,
        mode,
        issuer,
        audiences: [...audiences.urls, ...audiences.clients],
        allowedOrigins,
      })
    : null;
  const shown = client
    ? { clientId: client.clientId, name: client.name ?? null, redirectUris: client.redirectUris }
    : null;
  const document = {
    resource,
    scope,
    mode,
    changes,
    applied: !dry,
    client: shown,
    others: others.map(({ client: other, reason }) => ({
      clientId: other.clientId,
      name: other.name ?? null,
      redirectUris: other.redirectUris,
      reason,
    })),
    audience: audience ?? null,
    env,
    timeline: run.timeline,
  };
  const text: OnboardAnswer = {
    server,
    realm,
    resource,
    scope,
    mode,
    list: realmList,
    changes,
    dryRun: dry,
    closed,
    client: shown,
    audience: audience ?? null,
    env,
  };
  return {
    command: 'onboard',
    exitStatus,
    server,
    realm,
    document,
    text: (style) => onboardText(text, style),
  };
}
