import { type Command, type Flags, list } from '../../cli/command.ts';
import type { Report } from '../../cli/report.ts';
import type { Config } from '../../config/load.ts';
import { badInput } from '../../errors.ts';
import { fails } from '../../findings/judge.ts';
import type { Seen } from '../../findings/seen.ts';
import { seenBy } from '../../findings/seen-by.ts';
import { connect } from '../../keycloak/connection/connect.ts';
import { readStatus } from '../../keycloak/read/status-snapshot.ts';
import { canonicalResource } from '../../names/resource-url.ts';
import { wantedPresets } from '../../plan/input.ts';
import { answerOf, documentOf } from './answer.ts';
import { statusText } from './text.ts';

const DAY_MS = 86_400_000;

/** `mcpkc status` */
export const status: Command = {
  define(command) {
    command
      .description('Say what would stop the next connector in this realm, and what mends it.')
      .option(
        '--resource <url>',
        'judge this MCP server alone (default: the configured one, and all of mcpkc’s)',
      )
      .option('--preset <name>', 'client products that shall be able to connect … (default: chatgpt)', list)
      .option('--clients', 'also list the clients that registered, and who holds a scope')
      .option(
        '--fail-on <severity>',
        'exit 1 at findings of this severity or worse: warning, error',
        'error',
      );
  },
  examples: [
    ['is the realm ready for ChatGPT?', 'mcpkc status'],
    ['who registered, and who holds the audience?', 'mcpkc status --clients'],
    [
      'for several products, strictly, in CI',
      'mcpkc status --preset chatgpt,claude --fail-on warning --json',
    ],
  ],
  changes: 'Nothing; an account made by mcpkc init --read-only suffices.',
  exits: [
    [0, 'no finding at or above --fail-on'],
    [1, 'there is one'],
  ],
  async run(context, _args, flags) {
    const failOn = severityOf(flags);
    const config = await context.config();
    const presets = wantedPresets(config, flags.preset);
    if (typeof flags.resource === 'string') canonicalResource(flags.resource);
    const keycloak = await connect(config, context.io, context.signal);
    const parts = await readStatus(keycloak, {
      account: config.clientId ?? '',
      issuer: config.issuer,
      since: context.io.now() - DAY_MS,
      clients: flags.clients === true,
      onClients: (read) => context.voice.progress(`${read} clients read`),
    });
    return report(
      await seenBy(context, config, keycloak, { resource: flags.resource, presets, parts }),
      failOn,
      config,
    );
  },
};

function severityOf({ failOn }: Flags): 'error' | 'warning' {
  if (failOn === 'error' || failOn === 'warning') return failOn;
  throw badInput('--fail-on', `'${String(failOn)}' is neither warning nor error`, 'See mcpkc status --help');
}

function report(seen: Seen, failOn: 'error' | 'warning', { server, realm }: Config): Report {
  const answer = answerOf(seen);
  return {
    command: 'status',
    exitStatus: fails(answer.findings, failOn) ? 1 : 0,
    server,
    realm,
    document: documentOf(seen, answer),
    text: (style) => statusText(answer, style),
  };
}
