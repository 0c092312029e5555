import { type Command, list } from '../../cli/command.ts';
import type { Report } from '../../cli/report.ts';
import { inputError } from '../../errors.ts';
import { fleetCount, type LoadedFleet, loadFleet, problemText } from '../../fleet/connect.ts';
import { placeText } from '../../fleet/fleet.ts';
import { REALMS_AT_ONCE } from '../../fleet/over.ts';
import type { FileText } from '../../fleet/read.ts';
import { mapSome } from '../../keycloak/connection/lists.ts';
import { holderOf } from '../../keycloak/write/lock.ts';
import { count, formatCommand, keepAsIs, listNames, visible } from '../../text.ts';
import { countsOf, realmDocument } from './document.ts';
import { type FleetRun, planRealm, type RealmPlanned } from './realm.ts';
import { fleetMarkdown, fleetText, hasFailed } from './text.ts';

/** The flags of `mcpkc plan`. */
export type PlanOptions = {
  file?: string[];
  prune?: true;
  offline?: true;
  markdown?: true;
};

/** `mcpkc plan` */
export const planCommand: Command<PlanOptions> = {
  define(command) {
    command
      .description('Show what apply would change for the MCP servers of a file, realm by realm.')
      .option('-f, --file <file>', 'file of MCP servers … (- is stdin; default: mcpkc.yaml here)', list)
      .option('--prune', 'also plan what stands under retired, as far as mcpkc made it')
      .option('--offline', 'check the file alone; nothing is sent anywhere')
      .option('--markdown', 'as Markdown, for the comment of a pull request');
  },
  examples: [
    ['what would change?', 'mcpkc plan -f mcpkc.yaml'],
    ['is the file right? (before a commit)', 'mcpkc plan --offline'],
    ['keep the plan, to apply exactly it', 'mcpkc plan --json > plan.json'],
    ['as a comment of a pull request', 'mcpkc plan --markdown'],
  ],
  changes: 'Nothing; an account made by mcpkc init --read-only suffices.',
  exits: [
    [0, 'nothing would change; with --offline: the file is right'],
    [1, 'something would change'],
    [5, 'the file names another server or realm than its profile'],
  ],
  async run(context, _args, flags) {
    if (flags.markdown && context.settings.json)
      throw inputError('--markdown', 'it stands beside --json', 'Leave one of the two out.');
    const loaded = await loadFleet(context, flags.file);
    for (const note of loaded.notes) context.voice.warn(problemText(note));
    if (flags.offline) return offlineReport(loaded);
    const holder = holderOf(context.io, 'plan');
    const prune = flags.prune === true;
    const planLine = planLineOf(flags);
    const run: FleetRun = { context, command: 'plan', holder, prune, planLine, isShown: true };
    const realms = await planRealms(run, loaded);
    const failed = realms.find((one) => hasFailed(one));
    const isChange = realms.some(({ changes }) => changes.length > 0);
    return {
      command: 'plan',
      exitStatus: failed ? failureStatus(failed) : isChange ? 1 : 0,
      server: undefined,
      realm: undefined,
      document: planDocument(realms, loaded.texts, flags.prune === true),
      text: (style) => {
        const answer = { headline: headlineOf(loaded), realms, done: undefined };
        return flags.markdown ? keepAsIs(fleetMarkdown(answer)) : fleetText(answer, style);
      },
    };
  },
};

/** The command line of the plan of these files. */
export function planLineOf({ file = [], prune }: { file?: string[]; prune?: boolean }): string {
  const named = file.filter((one) => one !== '-').map((one) => ['-f', one] as const);
  return formatCommand(['plan', ...named, ...(prune ? ['--prune'] : [])]);
}

/** The subject of a plan: "3 MCP servers in 2 realms (mcpkc.yaml)". */
export function headlineOf({ fleet }: LoadedFleet): string {
  return `${fleetCount(fleet)} (${listNames(fleet.files.map((file) => visible(file)))})`;
}

/** Plans all realms, some side by side. */
export async function planRealms(run: FleetRun, { fleet }: LoadedFleet): Promise<RealmPlanned[]> {
  const { voice } = run.context;
  let done = 0;
  const realms = await mapSome(
    fleet.realms,
    async (wish) => {
      const planned = await planRealm(run, wish);
      done += 1;
      voice.progress(`${done} of ${count(fleet.realms.length, 'realm')} read`);
      return planned;
    },
    REALMS_AT_ONCE,
  ).finally(() => voice.progress(undefined));
  // The failure of the only realm is the run's, with its own exit status.
  if (realms.length === 1 && realms[0]?.error) throw realms[0].error;
  const warnings = new Set(
    realms.flatMap(({ wish, config }) => (wish.profile === undefined ? [] : (config?.warnings ?? []))),
  );
  for (const warning of warnings) voice.warn(warning);
  return realms;
}

/** The exit status of the first failure. */
function failureStatus({ error, servers = [] }: RealmPlanned): number {
  const first = error ?? servers.flatMap((one) => one.error ?? [])[0];
  return first?.exitStatus ?? 1;
}

/** The document, which `apply --plan` takes. */
function planDocument(
  realms: readonly RealmPlanned[],
  sources: readonly FileText[],
  prune: boolean,
): Record<string, unknown> {
  return {
    prune,
    ...countsOf(realms.flatMap(({ changes }) => changes)),
    realms: realms.map((one) => realmDocument(one)),
    sources,
  };
}

function offlineReport({ fleet, notes }: LoadedFleet): Report {
  return {
    command: 'plan',
    exitStatus: 0,
    server: undefined,
    realm: undefined,
    document: {
      offline: true,
      files: fleet.files,
      realms: fleet.realms.map(({ profile, servers, retired, at }) => ({
        profile: profile ?? null,
        at,
        servers: servers.map(({ resource }) => resource),
        retired: retired.map(({ resource }) => resource),
      })),
      notes: notes.map(({ at, message }) => ({ at: placeText(at), message })),
    },
    text: (style) => {
      const verdict =
        notes.length === 0
          ? 'nothing is wrong with the file'
          : `the file can be read; ${count(notes.length, 'note')} above`;
      return `${style.green('✓')} ${fleetCount(fleet)}: ${verdict}. No realm was asked.\n`;
    },
  };
}
