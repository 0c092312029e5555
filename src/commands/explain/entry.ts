import type { CommandEntry } from '../../cli/command.ts';

/** `mcpkc explain`, as the program's help has it. */
export const explainEntry: CommandEntry = {
  name: 'explain',
  group: 'Look and prove',
  summary: 'explain a finding, an error or a check',
  load: async () => (await import('./command.ts')).explain,
};
