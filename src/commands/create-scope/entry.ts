import type { CommandEntry } from '../../cli/command.ts';

/** `mcpkc create-scope`, as the program's help has it. */
export const createScopeEntry: CommandEntry = {
  name: 'create-scope',
  group: 'Provision and connect',
  summary: 'make Keycloak ready for an MCP server that every user may connect to',
  load: async () => (await import('./command.ts')).createScope,
};
