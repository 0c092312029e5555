import { askText } from '../../cli/ask.ts';
import type { Command, Context } from '../../cli/command.ts';
import { list, Option } from '../../cli/command.ts';
import { isColorWanted, styleFor } from '../../cli/style.ts';
import { inputError, McpkcError } from '../../errors.ts';
import { checkFleet, type LoadedFleet, loadFleet, problemText } from '../../fleet/connect.ts';
import { mapSome } from '../../keycloak/connection/lists.ts';
import { holderOf } from '../../keycloak/write/lock.ts';
import { count, fitToWidth } from '../../text.ts';
import { countsOf, realmDocument } from './document.ts';
import { headlineOf, planLineOf, planRealms } from './plan-command.ts';
import {
  applyRealm,
  type FleetRun,
  type RealmApplied,
  type RealmPlanned,
  requireAgreed,
  type Strictness,
} from './realm.ts';
import { readSaved, requireSaved } from './saved.ts';
import { countText, fleetText, hasFailed, realmName } from './text.ts';

/** The flags of `mcpkc apply`. */
export type ApplyOptions = {
  file?: string[];
  plan?: string;
  prune?: true;
  yes?: true;
};

/** `mcpkc apply` */
export const applyCommand: Command<ApplyOptions> = {
  define(command) {
    command
      .description('Make the realms of a file what it describes; absence removes nothing.')
      .option('-f, --file <file>', 'file of MCP servers … (- is stdin; default: mcpkc.yaml here)', list)
      .addOption(
        new Option('--plan <file>', 'apply exactly this plan (of mcpkc plan --json), or nothing').conflicts([
          'file',
        ]),
      )
      .option('--prune', 'also remove what stands under retired, as far as mcpkc made it (with --yes)')
      .option(
        '--yes',
        'agree to what needs a person’s consent: what is removed, connected people who lose access',
      );
  },
  examples: [
    ['make it so', 'mcpkc apply -f mcpkc.yaml'],
    ['exactly the plan that was looked at', 'mcpkc apply --plan plan.json'],
    ['also remove what is retired', 'mcpkc apply --prune --yes'],
  ],
  changes:
    'What create-scope, allow and access would change for each server, under the lock of its realm. With --prune what stands under retired and what mcpkc made by its record.',
  exits: [
    [0, 'done, or nothing to do'],
    [1, 'something failed: what is done and what isn’t is told, and the next run does the rest'],
    [
      5,
      'nobody agreed at the terminal, --yes is needed, or a realm has moved since the plan was saved: nothing was written',
    ],
  ],
  async run(context, _args, flags) {
    const saved = flags.plan === undefined ? undefined : await readSaved(context.io, flags.plan);
    if (saved && flags.prune && !saved.prune)
      throw inputError(
        '--prune',
        'the saved plan was made without it',
        'Make a new one: mcpkc plan --prune --json',
      );
    const loaded = saved ? checkFleet(saved.sources) : await loadFleet(context, flags.file);
    for (const note of loaded.notes) context.voice.warn(problemText(note));
    const prune = saved?.prune ?? flags.prune === true;
    const run: FleetRun = {
      ...{ context, command: 'apply', holder: holderOf(context.io, 'apply'), prune },
      planLine: planLineOf({ ...flags, prune }),
      isShown: context.settings.input && !flags.yes,
    };
    const realms = await planRealms(run, loaded);
    if (saved) requireSaved(saved, realms);
    requireAgreed(
      run,
      realms.flatMap((one) =>
        one.reservations.map((message) => (realms.length > 1 ? `${realmName(one)}: ${message}` : message)),
      ),
      flags.yes === true,
    );
    const isAsked = await requireAnswer(context, loaded, realms, flags.yes === true);
    const strictness: Strictness = saved ? 'exact' : isAsked ? 'shown' : 'free';
    const done = await applyAll(run, realms, { strictness, yes: flags.yes === true });
    if (realms.length === 1 && done[0]?.error) throw done[0].error;
    const isBad = realms.some((one, at) => hasFailed(one, done[at]));
    return {
      command: 'apply',
      exitStatus: isBad ? 1 : 0,
      server: undefined,
      realm: undefined,
      document: {
        prune,
        ...countsOf(realms.flatMap(({ changes }) => changes)),
        realms: realms.map((one, at) => realmDocument(one, done[at])),
      },
      text: (style) => fleetText({ headline: headlineOf(loaded), realms, done }, style),
    };
  },
};

/**
 * Whether the plan was reviewed. At a terminal it is shown and asked about once; elsewhere a file that was reviewed is
 * answer enough.
 */
async function requireAnswer(
  { io, settings, signal, voice }: Context,
  loaded: LoadedFleet,
  realms: readonly RealmPlanned[],
  yes: boolean,
): Promise<boolean> {
  const changes = realms.flatMap((one) => one.changes);
  if (yes || !settings.input || changes.length === 0) return false;
  const color = isColorWanted(io.env, io.stderr.isTerminal, settings.color);
  const style = styleFor(color, io.stderr.columns);
  const shown = fleetText({ headline: headlineOf(loaded), realms, done: undefined }, style);
  io.stderr.write(fitToWidth(shown, style.width));
  const answer = await askText({ io, signal }, `Apply this (${countText(changes)})? [y/N] `);
  if (/^y(es)?$/i.test(answer)) return true;
  voice.progress(undefined);
  throw new McpkcError('CONSENT_NEEDED', 'Nothing was written.', 'Answer y, or run it with --yes.');
}

/** Realms that are written at once: with 50 of them, all new, four took 161 MB and three 150; the time hardly differs. */
const WRITTEN_AT_ONCE = 3;

/** Applies realms side by side; one that fails stops no other. A run that is interrupted begins no more of them. */
async function applyAll(
  run: FleetRun,
  realms: readonly RealmPlanned[],
  how: { strictness: Strictness; yes: boolean },
): Promise<RealmApplied[]> {
  const { signal, voice } = run.context;
  let finished = 0;
  return mapSome(
    realms,
    async (one): Promise<RealmApplied> => {
      if (signal.aborted) throw signal.reason;
      const done = await applyRealm(run, one, how);
      if (signal.aborted) throw interrupted(signal.reason, realms.length, finished);
      finished += 1;
      voice.progress(`${finished} of ${count(realms.length, 'realm')} done`);
      return done;
    },
    WRITTEN_AT_ONCE,
  ).finally(() => voice.progress(undefined));
}

/** The same interruption, with the progress of the run. */
function interrupted(reason: unknown, all: number, finished: number): unknown {
  if (!(reason instanceof McpkcError)) return reason;
  const { code, message, fix, cause } = reason;
  const how = `${finished} of ${count(all, 'realm')} are done; what was begun in the others is finished by the next run.`;
  return new McpkcError(code, message, `${how}\n${fix}`, { cause });
}
