import type { CommandEntry } from '../../cli/command.ts';

/** `mcpkc env`, as the program's help has it. */
export const envEntry: CommandEntry = {
  name: 'env',
  group: 'Provision and connect',
  summary: 'print the environment that an MCP server needs',
  load: async () => (await import('./command.ts')).env,
};
