import type { Command } from '../command.ts';

/** What follows the options in a command's help: examples, what it changes, its exit statuses. */
export function commandHelp(command: Command): string {
  const examples = command.examples.map(([what, line]) => `  # ${what}\n  $ ${line}`).join('\n');
  const exits = [
    ...command.exits,
    [2, 'usage or configuration'] as const,
    [3, 'Keycloak or the MCP host can’t be reached, or fails'] as const,
    [4, 'not authorised'] as const,
  ];
  const unique = [...new Map(exits.map(([status, meaning]) => [status, meaning])).entries()];
  const table = unique
    .sort(([a], [b]) => a - b)
    .map(([status, meaning]) => `  ${String(status).padEnd(4)}${meaning}`);
  return `
Examples:
${examples}

Changes in Keycloak:
  ${command.changes}

Exit statuses (all of them: README):
${table.join('\n')}

Global options (--server, --realm, --json, --quiet, --verbose …): mcpkc --help`;
}
