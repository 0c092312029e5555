import type { CommandEntry } from '../../cli/command.ts';

/** `mcpkc status`, as the program's help has it. */
export const statusEntry: CommandEntry = {
  name: 'status',
  group: 'Look and prove',
  summary: 'show what would stop a connector, and how to fix it',
  load: async () => (await import('./command.ts')).status,
};
