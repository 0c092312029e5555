import { shellLines, wrap } from '../text.ts';
import type { Command } from './command.ts';

/** Flags by topic, for commands that have many; `defineWriting` has its own group. */
export const FLAG_GROUPS: readonly { heading: string; flags: readonly string[] }[] = [
  {
    heading: 'Resource and scope:',
    flags: ['--resource', '--scope', '--alias', '--attach', '--replace-audience', '--remove'],
  },
  {
    heading: 'Clients and products:',
    flags: [
      '--preset',
      '--client',
      '--detach',
      '--existing',
      '--no-existing',
      '--create-static',
      '--static-client',
      '--keep',
      '--unkeep',
      '--by',
      '--client-id',
      '--redirect-uri',
    ],
  },
  {
    heading: 'Who may use it:',
    flags: ['--role', '--revoke', '--anybody', '--group', '--disable', '--release', '--idle'],
  },
  { heading: 'Policies:', flags: ['--no-harden'] },
  {
    heading: 'Administrator, signed in once:',
    flags: ['--admin-realm', '--admin-user', '--admin-password-file', '--admin-token-file'],
  },
  { heading: 'How long:', flags: ['--timeout', '--until', '--older-than', '--grace'] },
  {
    heading: 'Tokens and registrations:',
    flags: ['--user', '--login', '--token-file', '--no-registration', '--outside', '--allow-private'],
  },
  { heading: 'Checks:', flags: ['--only', '--skip', '--manifest', '--fail-on', '--list-checks'] },
  {
    heading: 'Files:',
    flags: [
      '--secret-file',
      '--show-secret',
      '--junit',
      '--html',
      '--sarif',
      '--backup',
      '--audit-file',
      '--restore',
      '--metrics',
      '--baseline',
    ],
  },
];

/** A command with more flags than this has them in groups. */
export const MANY_FLAGS = 6;

/** The start of the program's help: the way from nothing to a connection. */
export function firstSteps(width: number): string {
  const steps = [
    example('once for a realm: asks for what it needs, and makes the account', ['mcpkc init'], width),
    example('connect ChatGPT to that MCP server', ['mcpkc onboard --preset chatgpt'], width),
    example('is the realm ready, and does the whole chain work?', ['mcpkc status', 'mcpkc validate'], width),
  ];
  return `First steps:\n${steps.join('\n')}`;
}

/** A description and the command lines for it; those are broken so that they can still be pasted. */
function example(what: string, lines: readonly string[], width: number, lineWidth = width): string {
  const about = wrap(what, width - 4)
    .split('\n')
    .map((line) => `  # ${line}`);
  const typed = lines.map((line) => `  $ ${shellLines(line, lineWidth - 4, '    ').trimStart()}`);
  return [...about, ...typed].join('\n');
}

/** A flag, an argument or a command with its description beside it, or below it where there is no room. */
export function helpItem(term: string, termWidth: number, description: string, width: number): string {
  if (description === '') return `  ${term}`;
  const room = width - termWidth - 4;
  if (room < LEAST_ROOM) return `  ${term}\n${wrap(description, width, '      ')}`;
  const lines = wrap(description, room).split('\n');
  return `  ${term.padEnd(termWidth)}  ${lines.join(`\n${' '.repeat(termWidth + 4)}`)}`;
}

/** The least columns that a description is read in. */
const LEAST_ROOM = 30;

/** The end of the program's help. */
export function exitStatuses(width: number): string {
  const text =
    'Exit statuses: 0 done, 1 the answer is no, 2 usage or configuration, 3 unreachable, 4 not authorised, 5 refused for safety, 6 timed out, 70 a bug. What a code means: mcpkc explain <code>';
  return `\n${wrap(text, width - 2).replaceAll('\n', '\n  ')}`;
}

/** The exit statuses of every command that talks to a server, unless it has words of its own for them. */
const TALKING: readonly (readonly [number, string])[] = [
  [3, 'Keycloak or the MCP server can’t be reached, or fails'],
  [4, 'not authorised'],
];

/**
 * The part after the options in a command's help: examples, what it changes, its exit statuses. Command lines are whole
 * where nobody reads them in a terminal (`lineWidth` is infinite).
 */
export function commandHelp(command: Command, width: number, lineWidth: number): string {
  const examples = command.examples.map(([what, line]) => example(what, [line], width, lineWidth)).join('\n');
  const offline = command.changes.includes('does not talk to Keycloak');
  const exits = new Map<number, string>([[2, 'usage or configuration'], ...(offline ? [] : TALKING)]);
  // A command's own words count, or are added to those of all.
  for (const [status, meaning] of command.exits) {
    const [, more] = /^also: (.*)$/.exec(meaning) ?? [];
    exits.set(status, more === undefined ? meaning : `${exits.get(status)}; ${more}`);
  }
  const table = [...exits]
    .sort(([a], [b]) => a - b)
    .map(([status, meaning]) => `  ${String(status).padEnd(4)}${wrap(meaning, width, '      ').trimStart()}`);
  return `
Examples:
${examples}

Changes in Keycloak:
${wrap(command.changes, width, '  ')}

Exit statuses:
${table.join('\n')}

${wrap('Every command also takes --server, --realm, --json, --quiet, --verbose and more: mcpkc --help', width)}`;
}
