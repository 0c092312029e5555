import type { CommandEntry } from '../../cli/command.ts';

/** `mcpkc trusted-hosts`, as the program's help has it. */
export const trustedHostsEntry: CommandEntry = {
  name: 'trusted-hosts',
  group: 'Provision and connect',
  summary: 'list, add or remove hosts that may register clients',
  load: async () => (await import('./command.ts')).trustedHosts,
};
