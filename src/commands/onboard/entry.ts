import type { CommandEntry } from '../../cli/command.ts';

/** `mcpkc onboard`, as the program's help has it. */
export const onboardEntry: CommandEntry = {
  name: 'onboard',
  group: 'Provision and connect',
  summary: 'connect one product to an MCP server, from registration to audience',
  load: async () => (await import('./command.ts')).onboard,
};
