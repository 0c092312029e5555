import type { CommandEntry } from '../../cli/command.ts';

/** `mcpkc completion`, as the program's help has it. */
export const completionEntry: CommandEntry = {
  name: 'completion',
  group: 'Shell',
  summary: 'print a completion script for bash, zsh or fish',
  load: async () => (await import('./command.ts')).completion,
};
