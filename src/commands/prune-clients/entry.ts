import type { CommandEntry } from '../../cli/command.ts';

/** `mcpkc prune-clients`, as the program's help has it. */
export const pruneClientsEntry: CommandEntry = {
  name: 'prune-clients',
  group: 'Clean up',
  summary: 'remove clients that registered themselves and never worked',
  load: async () => (await import('./command.ts')).pruneClients,
};
