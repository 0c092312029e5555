import type { CommandEntry } from '../../cli/command.ts';

/** `mcpkc connections`, as the program's help has it. */
export const connectionsEntry: CommandEntry = {
  name: 'connections',
  group: 'Clean up',
  summary: 'say who is connected to what, and cut it',
  load: async () => (await import('./command.ts')).connections,
};
