import type { CommandEntry } from '../../cli/command.ts';

/** `mcpkc access`, as the program's help has it. */
export const accessEntry: CommandEntry = {
  name: 'access',
  group: 'Provision and connect',
  summary: 'show or set who may use an MCP server',
  load: async () => (await import('./command.ts')).access,
};
