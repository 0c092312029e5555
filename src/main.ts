// biome-ignore lint/style/noRestrictedImports: main parses the command line.
import { type Command as Commander, CommanderError } from 'commander';
import type { Context, Flags } from './cli/command.ts';
import { failureText } from './cli/failure.ts';
import { type Io, SIGNALS, type Signal } from './cli/io.ts';
import { isPlanKnown } from './cli/known-plan.ts';
import { failureJson, type Report, reportJson } from './cli/report.ts';
import { documentWithRunFlags, runFlags, withRunFlags } from './cli/run-flags.ts';
import { isColorWanted, styleFor } from './cli/style.ts';
import { voiceFor } from './cli/voice.ts';
import { COMMANDS } from './commands/index.ts';
import { profileFiles } from './config/find-file.ts';
import type { Config } from './config/load.ts';
import { expandHome } from './config/paths.ts';
import { EXIT_STATUS, McpkcError } from './errors.ts';
import { findCalled, meantBy, programFor } from './program.ts';
import { type CommandPart, fitToWidth, withoutRunnerCommands } from './text.ts';

/** The reason that every request and wait is aborted with when a signal arrives. */
function interruptedError(signal: Signal): McpkcError {
  const code = ({ SIGHUP: 'HUNG_UP', SIGINT: 'INTERRUPTED', SIGTERM: 'TERMINATED' } as const)[signal];
  return new McpkcError(
    code,
    `Stopped (${signal === 'SIGINT' ? 'Ctrl-C' : signal}).`,
    'Run the command again: it finishes what it began, and does nothing twice.',
  );
}

/** Runs one command line; the only place that catches, prints the answer and decides the exit status. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const json = argv.includes('--json');
  const interrupted = new AbortController();
  let caught: Signal | undefined;
  const stopListening = io.onSignal((signal) => {
    if (caught) {
      stopListening();
      io.raise(signal);
      return;
    }
    caught = signal;
    interrupted.abort(interruptedError(signal));
  });
  let config: Config | undefined;
  let flags: readonly CommandPart[] = [];
  const finish = (error: unknown): number => {
    const failure = withOptionsOfRun(toMcpkcError(error, caught), flags);
    const style = styleFor(
      isColorWanted(io.env, io.stderr.isTerminal, !argv.includes('--no-color')),
      io.stderr.columns,
    );
    if (json)
      io.stdout.write(
        failureJson(failure, failure.exitStatus, { server: config?.server, realm: config?.realm }),
      );
    io.stderr.write(failureText(failure, style, argv.includes('--verbose')));
    return failure.exitStatus;
  };
  try {
    const report = await run(
      argv,
      io,
      interrupted.signal,
      (loaded) => {
        config = loaded;
      },
      (options) => {
        flags = runFlags(options);
      },
    );
    if (report === undefined) return 0;
    const color = isColorWanted(io.env, io.stdout.isTerminal, !argv.includes('--no-color'));
    const style = { ...styleFor(color, io.stdout.columns), isPlanKnown: isPlanKnown(io) };
    // A runbook and the files of init show which server they are about.
    const repeated = ['init', 'runbook'].includes(report.command) ? [] : flags;
    if (!json && argv.includes('--quiet') && isNoNews(report)) return report.exitStatus;
    io.stdout.write(
      json
        ? documentText(report, repeated)
        : withoutRunnerCommands(fitToWidth(withRunFlags(report.text(style), repeated, NAMES), style.width)),
    );
    return report.exitStatus;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    // Without a command the help is on stderr already.
    if (error instanceof CommanderError && error.code === 'commander.help' && !json) return EXIT_STATUS.USAGE;
    return finish(error);
  } finally {
    stopListening();
    io.end();
  }
}

/** The document is made only where it is asked for: of a large realm it is larger than all else. */
function documentText(report: Report, flags: readonly CommandPart[]): string {
  const { command, exitStatus, server, realm, text } = report;
  const document = documentWithRunFlags(report.document, flags, NAMES) as Report['document'];
  return reportJson({ command, exitStatus, server, realm, text, document });
}

/** Commands that are run for their effect or verdict; the others are run for the text of their answer. */
const DOERS: readonly string[] = [
  'init',
  'create-scope',
  'onboard',
  'allow',
  'status',
  'validate',
  'plan',
  'apply',
];

/** Whether there is nothing to tell with `--quiet`: all is well, and the text was not what was asked for. */
function isNoNews(report: Report): boolean {
  const { command, exitStatus, server } = report;
  if (exitStatus !== 0) return false;
  // An answer about no realm is what was asked for: a list of checks.
  if (server === undefined && !Array.isArray(report.document.realms)) return false;
  if (DOERS.includes(command)) return true;
  const { changes } = report.document;
  return Array.isArray(changes) && changes.length > 0;
}

/** Parses and runs; returns undefined where the help was the answer. */
async function run(
  typed: readonly string[],
  io: Io,
  signal: AbortSignal,
  loaded: (config: Config) => void,
  parsed: (options: Flags) => void,
): Promise<Report | undefined> {
  const argv = meantBy(typed);
  const called = await findCalled(argv);
  const root = programFor(io, called);
  let answer: Report | undefined;
  const target = root.commands.find((one) => one.name() === called?.entry.name);
  target?.action(async (...parameters: unknown[]) => {
    const options = withHome(root, root.opts<Flags>(), io);
    parsed(options);
    const context = contextFor(io, options, signal, loaded);
    const stopWatching = context.settings.verbose ? await logRequests(context) : undefined;
    try {
      answer = await called?.command.run(
        context,
        target.processedArgs,
        withHome(target, parameters.at(-2) as Flags, io),
      );
    } finally {
      context.voice.progress(undefined);
      stopWatching?.();
    }
  });
  await root.parseAsync(argv, { from: 'user' });
  return answer;
}

/** The options as they were parsed, with `~` in the paths among them. */
function withHome(command: Commander, options: Flags, { env }: Io): Flags {
  const changed = command.options.flatMap((option) => {
    const key = option.attributeName();
    const value = options[key];
    if (!/<(?:file|pem)>$/.test(option.flags)) return [];
    const expand = (one: unknown) => (typeof one === 'string' ? expandHome(one, env) : one);
    return [[key, Array.isArray(value) ? value.map(expand) : expand(value)] as const];
  });
  return { ...options, ...Object.fromEntries(changed.filter(([, value]) => value !== undefined)) };
}

const NAMES = COMMANDS.map(({ name }) => name);

/** The same failure, with this run's options in the command lines of its fix. */
function withOptionsOfRun(error: McpkcError, flags: readonly CommandPart[]): McpkcError {
  const fix = withRunFlags(error.fix, flags, NAMES);
  if (fix === error.fix) return error;
  return new McpkcError(error.code, error.message, fix, {
    cause: error.cause,
    ...(error.details === undefined ? {} : { details: error.details }),
  });
}

/** Both rooms are loaded when they are needed: a run that only shows help starts without them. */
async function logRequests({ voice }: Context): Promise<() => void> {
  const { watchRequests } = await import('./keycloak/connection/http.ts');
  return watchRequests((line) => voice.log(line));
}

function contextFor(io: Io, options: Flags, signal: AbortSignal, loaded: (config: Config) => void): Context {
  const color = options.color !== false;
  const settings = {
    json: options.json === true,
    quiet: options.quiet === true,
    verbose: options.verbose === true,
    input: options.input !== false && io.stdinIsTerminal && io.stderr.isTerminal,
    color,
  };
  const style = styleFor(isColorWanted(io.env, io.stderr.isTerminal, color), io.stderr.columns);
  const voice = voiceFor(io.stderr, style, settings.quiet);
  let config: Promise<Config> | undefined;
  const load = async (how?: { newFiles?: boolean }) => {
    const { loadConfig } = await import('./config/load.ts');
    const read = await loadConfig(options, io, how);
    loaded(read);
    for (const warning of read.warnings) voice.warn(warning);
    return read;
  };
  return {
    io,
    commands: COMMANDS,
    settings,
    signal,
    voice,
    config: (how) => {
      config ??= load(how);
      return config;
    },
    configOf: async (profile, realm) => {
      const { loadConfig } = await import('./config/load.ts');
      // Files that flags name belong to this run's own configuration, never to another profile.
      const ofFile = { profile, isOfFile: true, config: undefined, credentials: undefined };
      const own = profile ? { ...options, ...ofFile } : options;
      const named = { ...own, ...(realm && { realm }) };
      return loadConfig(named, io);
    },
    named: namedFiles(io, options),
  };
}

/** The files that flags name, else those of the profile that is. */
function namedFiles(io: Io, options: Flags): Context['named'] {
  const profile = profileFiles(io, nameOf(options.profile) ?? io.env.MCPKC_PROFILE ?? '');
  return {
    config: nameOf(options.config) ?? profile?.config,
    credentials: nameOf(options.credentials) ?? profile?.credentials,
  };
}

function nameOf(option: unknown): string | undefined {
  return typeof option === 'string' ? option : undefined;
}

const LONGEST_QUOTE = 600;

function toMcpkcError(error: unknown, caught: Signal | undefined): McpkcError {
  if (error instanceof McpkcError && caught && error.exitStatus !== SIGNALS[caught]) {
    // A clean-up after a signal that itself went wrong shows more than "interrupted".
    return error.code === 'NOT_WITHDRAWN' ? error : interruptedError(caught);
  }
  if (error instanceof McpkcError) return error;
  if (caught) return interruptedError(caught);
  if (error instanceof CommanderError) {
    // It quotes the input, and that may be a megabyte.
    const said = error.message.replace(/^error: /, '');
    const message =
      error.code === 'commander.help'
        ? 'No command was named.'
        : said.length > LONGEST_QUOTE
          ? `${said.slice(0, LONGEST_QUOTE)}…`
          : said;
    const renamed = /^unknown option '--env-file/.test(message);
    return new McpkcError(
      'USAGE',
      message,
      renamed
        ? 'It is called --credentials now: Node itself reads the file of an option --env-file, NODE_OPTIONS included.'
        : 'mcpkc --help lists the commands, mcpkc <command> --help their options.',
    );
  }
  const message = error instanceof Error ? error.message : String(error);
  return new McpkcError('BUG', `A bug in mcpkc: ${message}`, 'Please report it with the lines below.', {
    cause: error,
  });
}
