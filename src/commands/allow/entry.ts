import type { CommandEntry } from '../../cli/command.ts';

/** `mcpkc allow`, as the program's help has it. */
export const allowEntry: CommandEntry = {
  name: 'allow',
  group: 'Provision and connect',
  summary: 'let a product connect without registering: by its document, or a client made beforehand',
  load: async () => (await import('./command.ts')).allow,
};
