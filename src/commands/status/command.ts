import { readDocuments } from '../../checks/documents.ts';
import { type Command, type Context, list, Option } from '../../cli/command.ts';
import { openMetrics, requireMetricsWritable, writeMetrics } from '../../cli/open-metrics.ts';
import { readOwnRuns } from '../../cli/own-runs.ts';
import type { Report } from '../../cli/report.ts';
import { givenResource, SAME_AS_OPTION } from '../../cli/resource-option.ts';
import { failedSarifText, sarifText, writeSarif } from '../../cli/sarif.ts';
import type { Config } from '../../config/load.ts';
import { DAY } from '../../duration.ts';
import { inputError, McpkcError } from '../../errors.ts';
import { isFailing } from '../../findings/judge.ts';
import { judgedClients } from '../../findings/judged-clients.ts';
import {
  compareReleases,
  judgeUpgrade,
  parseRelease,
  type Release,
  type Upgrade,
} from '../../findings/releases.ts';
import type { Seen } from '../../findings/seen.ts';
import { lookAt } from '../../findings/seen-by.ts';
import { listRegisteringProducts, lookOver } from '../../fleet/over.ts';
import { connect } from '../../keycloak/connection/connect.ts';
import type { StatusSnapshot } from '../../keycloak/read/status-parts.ts';
import { readStatus } from '../../keycloak/read/status-snapshot.ts';
import { canonicalResource } from '../../names/resource-url.ts';
import { knownPresets, wantedPresets } from '../../plan/input.ts';
import { isPinned } from '../../realm/ways.ts';
import { answerOf, documentOf, type StatusAnswer } from './answer.ts';
import { type News, newsSince, readBaseline } from './baseline.ts';
import { statusGauges } from './metrics.ts';
import { statusSarif } from './sarif.ts';
import { newsText, statusText } from './text.ts';
import { upgradeText } from './upgrade-text.ts';

/** The flags of `mcpkc status`. */
export type StatusOptions = {
  resource?: string;
  preset?: string[];
  for?: string;
  clients?: true;
  checkDocuments?: true;
  failOn: 'warning' | 'error';
  metrics?: string;
  baseline?: string;
  sarif?: string;
  file?: string[];
};

/** `mcpkc status` */
export const status: Command<StatusOptions> = {
  define(command) {
    command
      .description('Show what would stop the next connector in this realm, and how to fix it.')
      .argument('[resource]', 'judge this MCP server alone (default: the configured one, and all of mcpkc’s)')
      .option('--resource <url>', SAME_AS_OPTION)
      .addOption(
        new Option('-f, --file <file>', 'for every realm of a file of MCP servers …')
          .argParser(list)
          .conflicts(['resource', 'metrics', 'baseline', 'sarif']),
      )
      .option(
        '--preset <name>',
        'client products that should be able to connect … (default: those that the server was opened for, else chatgpt)',
        list,
      )
      .option('--for <version>', 'also show what breaks when this server is upgraded to this Keycloak (26.8)')
      .option(
        '--check-documents',
        'also compare products’ metadata documents with their clients here (takes network)',
      )
      .option('--clients', 'also list the clients that registered, and who holds a scope')
      .addOption(
        new Option('--fail-on <severity>', 'exit 1 at findings of this severity or worse')
          .choices(['warning', 'error'])
          .default('error'),
      )
      .option('--sarif <file>', 'also write the findings as SARIF 2.1.0')
      .option('--metrics <file>', 'also write what was seen as OpenMetrics, for Prometheus')
      .addOption(
        new Option(
          '--baseline <file>',
          'only what is new since this document of status --json; nothing where nothing is',
        ).conflicts('for'),
      );
  },
  examples: [
    ['is the realm ready for ChatGPT?', 'mcpkc status'],
    ['who registered, and who holds the audience?', 'mcpkc status --clients'],
    ['for every realm of a file', 'mcpkc status -f mcpkc.yaml'],
    ['what breaks when Keycloak is upgraded?', 'mcpkc status --for 26.8'],
    [
      'for several products, strictly, in CI',
      'mcpkc status --preset chatgpt,claude --fail-on warning --json',
    ],
    ['watched by Prometheus', 'mcpkc status --quiet --metrics /var/lib/prometheus/node-exporter/mcpkc.prom'],
    ['from cron, silent unless something is new', 'mcpkc status --fail-on warning --baseline known.json'],
  ],
  changes: 'Nothing; an account made by mcpkc init --read-only suffices.',
  exits: [
    [0, 'no finding (with --baseline: no new one) at or above --fail-on, and with --for nothing that breaks'],
    [1, 'there is one'],
  ],
  async run(context, [argument], flags) {
    try {
      return await lookWith(context, argument, flags);
    } catch (error) {
      if (flags.sarif !== undefined && error instanceof McpkcError && error.code !== 'FILE_NOT_WRITTEN')
        await writeSarif(context.io, flags.sarif, failedSarifText('status', error));
      throw error;
    }
  },
};

/** Looks at the realm of the configuration, or at every realm of a file. */
async function lookWith(
  context: Context,
  argument: string | undefined,
  flags: StatusOptions,
): Promise<Report> {
  const resource = givenResource(argument, flags);
  releaseOf(flags.for);
  if (resource !== undefined) canonicalResource(resource);
  if (flags.file === undefined) return look(context, await context.config(), resource, flags);
  if (resource !== undefined) throw inputError('-f', 'the file names the servers', 'Leave the URL out.');
  return lookOver(context, 'status', flags.file, async (config, wish) => {
    const named = listRegisteringProducts(wish);
    const own = named.length === 0 ? flags : { preset: named, ...flags };
    return [await look(context, config, undefined, own)];
  });
}

async function look(
  context: Context,
  config: Config,
  resource: string | undefined,
  flags: StatusOptions,
): Promise<Report> {
  const { failOn, metrics } = flags;
  const to = releaseOf(flags.for);
  const began = context.io.elapsed();
  const baseline = flags.baseline === undefined ? undefined : await readBaseline(context.io, flags.baseline);
  await requireMetricsWritable(context.io, metrics);
  const named = flags.preset === undefined ? undefined : wantedPresets(config, flags.preset);
  const server = resource === undefined ? config.transportUrl : canonicalResource(resource);
  const keycloak = await connect(config, context.io, context.signal);
  const parts = await readStatus(keycloak, {
    account: config.clientId ?? '',
    issuer: config.issuer,
    since: context.io.now() - DAY,
    clientIds: knownPresets(config).flatMap(({ cimdUrl }) => cimdUrl ?? []),
    resource: server,
    ...(flags.clients && {
      clients: (found) =>
        judgedClients({ presets: knownPresets(config), scopeName: config.scopeName, ...found }),
    }),
    count: metrics !== undefined,
    onClients: (read) => context.voice.progress(`${read} clients read`),
  });
  const documents =
    flags.checkDocuments === true
      ? await readDocuments(context, config, pinnedIds(parts), ownDocuments(config))
      : undefined;
  const given = { resource, presets: named, parts, documents };
  const seen = await lookAt(context, config, keycloak, given);
  const upgrade = to && upgradeOf(seen, to);
  const shift = keycloak.serverNow() - context.io.now();
  const runs = (await readOwnRuns(context.io, keycloak)).map(({ from, to }) => ({
    from: from + shift,
    to: to + shift,
  }));
  const answer = answerOf(seen, runs);
  const news = baseline && newsSince(baseline.of(seen), answer.findings, answer.unjudged);
  const told = report({ seen, answer, news, upgrade }, failOn, config, context.settings.verbose);
  if (metrics !== undefined) {
    const run = {
      ms: context.io.elapsed() - began,
      exitStatus: told.exitStatus,
      known: knownPresets(config),
    };
    const labels = { server: keycloak.server, realm: keycloak.realm };
    await writeMetrics(context.io, metrics, openMetrics(statusGauges(seen, answer, run), labels));
  }
  if (flags.sarif !== undefined) {
    const run = { exitStatus: told.exitStatus, file: config.files.config };
    await writeSarif(context.io, flags.sarif, sarifText(statusSarif(answer, news, run)));
  }
  return told;
}

/** The documents of the configuration's own presets. */
function ownDocuments(config: Config): string[] {
  return knownPresets(config).flatMap(({ custom, cimdUrl }) => (custom && cimdUrl ? [cimdUrl] : []));
}

/** The document URLs that are ids of clients here. */
function pinnedIds({ ids }: StatusSnapshot): string[] {
  return ids.visible ? ids.value.filter(isPinned).map(({ clientId }) => clientId) : [];
}

/** A release as it was written, and as it is compared. */
interface Target {
  written: string;
  release: Release;
}

function releaseOf(written: string | undefined): Target | undefined {
  if (written === undefined) return undefined;
  const release = parseRelease(written);
  if (release !== undefined) return { written, release };
  throw inputError('--for', 'this is not a version of Keycloak', 'Write it like 26.8 or 26.8.2.');
}

function upgradeOf(seen: Seen, { written, release }: Target): Upgrade {
  const upgrade = judgeUpgrade(seen, release, written);
  const now = parseRelease(upgrade.now ?? '');
  if (now === undefined || compareReleases(now, release) < 0) return upgrade;
  const problem = `this server is ${upgrade.now} already`;
  throw inputError('--for', problem, 'Name a newer one; without --for status judges the realm as it is.');
}

/** The report of a run. */
interface Told {
  seen: Seen;
  answer: StatusAnswer;
  news: News | undefined;
  upgrade: Upgrade | undefined;
}

function report(
  { seen, answer, news, upgrade }: Told,
  failOn: 'error' | 'warning',
  { server, realm }: Config,
  verbose: boolean,
): Report {
  const judged = news?.findings ?? answer.findings;
  const bad = isFailing(judged, failOn) || isFailing(upgrade?.breakages ?? [], failOn) || upgrade?.beyond;
  return {
    command: 'status',
    exitStatus: bad === true ? 1 : 0,
    server,
    realm,
    document: {
      ...documentOf(seen, answer, judged),
      ...(upgrade === undefined ? {} : { upgrade }),
      ...(news === undefined ? {} : { baseline: baselineDocument(news) }),
    },
    text: (style) =>
      news !== undefined
        ? newsText(answer, news, style)
        : upgrade === undefined
          ? statusText(answer, style, verbose)
          : `${statusText(answer, style, verbose)}\n${upgradeText(upgrade, style)}`,
  };
}

function baselineDocument({ file, known, gone, unjudged }: News) {
  return { file, known, gone, notVisible: unjudged };
}
