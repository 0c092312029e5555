import type { CommandEntry } from '../../cli/command.ts';

/** `mcpkc presets`, as the program's help has it. */
export const presetsEntry: CommandEntry = {
  name: 'presets',
  group: 'Look and prove',
  summary: 'show the client products that mcpkc knows',
  load: async () => (await import('./command.ts')).presets,
};
