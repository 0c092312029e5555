import type { CommandEntry } from '../../cli/command.ts';

/** `mcpkc runbook`, as the program's help has it. */
export const runbookEntry: CommandEntry = {
  name: 'runbook',
  group: 'Look and prove',
  summary: 'write the steps for this deployment as Markdown',
  load: async () => (await import('./command.ts')).runbook,
};
