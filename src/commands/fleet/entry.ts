import type { CommandEntry } from '../../cli/command.ts';

/** `mcpkc plan`, as the program's help has it. */
export const planEntry: CommandEntry = {
  name: 'plan',
  group: 'Provision and connect',
  summary: 'show what apply would change, for many servers and realms',
  load: async () => (await import('./plan-command.ts')).planCommand,
};

/** `mcpkc apply`, as the program's help has it. */
export const applyEntry: CommandEntry = {
  name: 'apply',
  group: 'Provision and connect',
  summary: 'make realms what a file of MCP servers describes',
  load: async () => (await import('./apply-command.ts')).applyCommand,
};

/** `mcpkc export`, as the program's help has it. */
export const exportEntry: CommandEntry = {
  name: 'export',
  group: 'Look and prove',
  summary: 'write the file that describes a realm’s MCP servers',
  load: async () => (await import('./export-command.ts')).exportCommand,
};
