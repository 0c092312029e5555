import type { CommandEntry } from '../../cli/command.ts';

/** `mcpkc init`, as the program's help has it. */
export const initEntry: CommandEntry = {
  name: 'init',
  group: 'Set up',
  summary: 'make the service account that mcpkc works with',
  load: async () => (await import('./command.ts')).init,
};
