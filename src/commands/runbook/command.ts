import { type Command, type Context, list, Option } from '../../cli/command.ts';
import { readNamed, writeNamed } from '../../cli/named-files.ts';
import { givenResource, SAME_AS_OPTION } from '../../cli/resource-option.ts';
import type { Config } from '../../config/load.ts';
import { inputError, McpkcError } from '../../errors.ts';
import { findProblems } from '../../findings/look.ts';
import { readConfiguredServer } from '../../plan/configured-server.ts';
import { resourceFor, wantedPresets } from '../../plan/input.ts';
import { keepAsIs, shellWord, visible } from '../../text.ts';
import { VERSION } from '../../version.ts';
import { boxStates } from './checklist.ts';
import { RUNS_ON, type RunbookFacts, type RunsOn } from './facts.ts';
import { runChecks } from './run-checks.ts';
import { RUNBOOK_MARK, runbookText } from './runbook.ts';

/** The flags of `mcpkc runbook`. */
export type RunbookOptions = {
  resource?: string;
  output?: string;
  withSecrets?: true;
  preset?: string[];
  validate?: true;
  runsOn: RunsOn;
  force?: true;
};

/** `mcpkc runbook` */
export const runbook: Command<RunbookOptions> = {
  define(command) {
    command
      .description('Write the steps for this deployment as Markdown: values filled in, boxes ticked.')
      .argument(
        '[resource]',
        'the MCP server’s URL; a bare host means https://<host>/mcp (default: MCP_TRANSPORT_URL)',
      )
      .option('--resource <url>', SAME_AS_OPTION)
      .option('--output <file>', 'write it to this file instead of stdout')
      .option(
        '--with-secrets',
        'write the service account’s secret into it (needs --output; the file gets mode 0600)',
      )
      .option(
        '--preset <name>',
        'the products that it is for … (default: those that the MCP server was opened for, else chatgpt)',
        list,
      )
      .option('--validate', 'run the playbook too, so that its boxes can be ticked (registers probes)')
      .addOption(
        new Option('--runs-on <what>', 'how Keycloak and the MCP server are run, for the lines on their logs')
          .choices([...RUNS_ON])
          .default('docker'),
      )
      .option('--force', 'replace a file that isn’t a runbook');
  },
  examples: [
    ['for the team’s wiki', 'mcpkc runbook https://svc.example.com/mcp --output runbook.md'],
    ['with every box ticked that is proven', 'mcpkc runbook https://svc.example.com/mcp --validate'],
    ['for a deployment on Kubernetes', 'mcpkc runbook https://svc.example.com/mcp --runs-on kubernetes'],
    ['what is still open, for a script', 'mcpkc runbook --json | jq \'.boxes[] | select(.state != "done")\''],
  ],
  changes:
    'Nothing; it reads the realm where a service account is configured. With --validate what mcpkc validate does.',
  exits: [
    [0, 'written'],
    [5, 'the file is there and isn’t a runbook'],
  ],
  async run(context, [argument], flags) {
    const { output } = flags;
    if (flags.withSecrets === true && output === undefined) {
      throw inputError(
        '--with-secrets',
        'it needs --output',
        'A secret is only ever written into a file of mode 0600.',
      );
    }
    const config = await context.config();
    const facts = await factsOf(context, config, givenResource(argument, flags), flags);
    const markdown = runbookText(facts);
    if (output !== undefined) await write(context, output, markdown, flags);
    const boxes = boxStates(facts.results);
    const { resource, scope, mode, source } = facts.mcpServer;
    const document = { resource, scope, mode, source, output: output ?? null, boxes };
    return {
      command: 'runbook',
      exitStatus: 0,
      server: config.server,
      realm: config.realm,
      document: output === undefined ? { ...document, markdown } : document,
      text: () => (output === undefined ? keepAsIs(markdown) : `${written(output, flags)}\n`),
    };
  },
};

async function factsOf(
  context: Context,
  config: Config,
  argument: string | undefined,
  flags: RunbookOptions,
): Promise<RunbookFacts> {
  const resource = resourceFor(config, argument, { bareHost: true });
  const named = flags.preset === undefined ? undefined : wantedPresets(config, flags.preset);
  const mcpServer = await readConfiguredServer(context, config, resource);
  const look = await findProblems(context, config, { resource, presets: named });
  const presets = named ?? look?.presets ?? wantedPresets(config, undefined);
  const checks =
    flags.validate === true ? await runChecks(context, config, { resource, presets }) : undefined;
  return {
    version: VERSION,
    day: new Date(context.io.now()).toISOString().slice(0, 10),
    mcpServer,
    presets,
    server: config.server,
    caFile: config.caFile,
    adminRealm: config.adminRealm ?? mcpServer.realm,
    hostname: config.hostname,
    hostnameAdmin: config.hostnameAdmin,
    clientId: config.clientId,
    secretOrigin: secretOrigin(config),
    runsOn: flags.runsOn,
    secret: flags.withSecrets === true ? config.clientSecret : undefined,
    results: { findings: look?.findings, isWhole: look?.isWhole === true, checks },
  };
}

function secretOrigin(config: Config): string | undefined {
  if (config.clientKey !== undefined) return config.originOf('KC_CLIENT_KEY_FILE') ?? 'the configuration';
  if (config.clientSecret === undefined) return undefined;
  const origin = config.originOf('KC_CLIENT_SECRET') ?? config.originOf('KC_CLIENT_SECRET_FILE');
  return origin ?? 'the configuration';
}

async function write(
  { io }: Context,
  output: string,
  markdown: string,
  flags: RunbookOptions,
): Promise<void> {
  const before = await readNamed(io, '--output', output);
  if (before !== undefined && !before.startsWith(RUNBOOK_MARK) && flags.force !== true) {
    throw new McpkcError(
      'FILE_EXISTS',
      `${visible(output)} is there and isn’t a runbook of mcpkc.`,
      'Name another file, or replace it with --force.',
    );
  }
  const mode = flags.withSecrets === true ? 0o600 : 0o644;
  await writeNamed('--output', output, () => io.files.write(output, markdown, { mode }));
}

function written(output: string, flags: RunbookOptions): string {
  return flags.withSecrets === true
    ? `Written to ${shellWord(output)} (mode 0600; it holds the secret).`
    : `Written to ${shellWord(output)}.`;
}
