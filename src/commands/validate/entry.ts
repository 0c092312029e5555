import type { CommandEntry } from '../../cli/command.ts';

/** `mcpkc validate`, as the program's help has it. */
export const validateEntry: CommandEntry = {
  name: 'validate',
  group: 'Look and prove',
  summary: 'prove the whole chain against a live MCP server',
  load: async () => (await import('./command.ts')).validate,
};
