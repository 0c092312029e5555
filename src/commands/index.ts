import type { CommandEntry } from '../cli/command.ts';

/** The subcommands in the order in which an operator meets them; the program's help has them by group. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'init',
    group: 'Set up',
    summary: 'make the service account that mcpkc works with',
    load: async () => (await import('./init/command.ts')).init,
  },
  {
    name: 'create-scope',
    group: 'Provision and connect',
    summary: 'make Keycloak ready for an MCP server that every user may connect to',
    load: async () => (await import('./create-scope/command.ts')).createScope,
  },
  {
    name: 'trusted-hosts',
    group: 'Provision and connect',
    summary: 'list, add or remove hosts that may register clients',
    load: async () => (await import('./trusted-hosts/command.ts')).trustedHosts,
  },
  {
    name: 'status',
    group: 'Look and prove',
    summary: 'show what would stop a connector, and how to fix it',
    load: async () => (await import('./status/command.ts')).status,
  },
  {
    name: 'onboard',
    group: 'Provision and connect',
    summary: 'connect one product to an MCP server, from registration to audience',
    load: async () => (await import('./onboard/command.ts')).onboard,
  },
  {
    name: 'allow',
    group: 'Provision and connect',
    summary: 'let a product connect without registering: by its document, or a client made beforehand',
    load: async () => (await import('./allow/command.ts')).allow,
  },
  {
    name: 'access',
    group: 'Provision and connect',
    summary: 'show or set who may use an MCP server',
    load: async () => (await import('./access/command.ts')).access,
  },
  {
    name: 'plan',
    group: 'Provision and connect',
    summary: 'show what apply would change, for many servers and realms',
    load: async () => (await import('./fleet/plan-command.ts')).planCommand,
  },
  {
    name: 'apply',
    group: 'Provision and connect',
    summary: 'make realms what a file of MCP servers describes',
    load: async () => (await import('./fleet/apply-command.ts')).applyCommand,
  },
  {
    name: 'export',
    group: 'Look and prove',
    summary: 'write the file that describes a realm’s MCP servers',
    load: async () => (await import('./fleet/export-command.ts')).exportCommand,
  },
  {
    name: 'connections',
    group: 'Clean up',
    summary: 'say who is connected to what, and cut it',
    load: async () => (await import('./connections/command.ts')).connections,
  },
  {
    name: 'validate',
    group: 'Look and prove',
    summary: 'prove the whole chain against a live MCP server',
    load: async () => (await import('./validate/command.ts')).validate,
  },
  {
    name: 'prune-clients',
    group: 'Clean up',
    summary: 'remove clients that registered themselves and never worked',
    load: async () => (await import('./prune-clients/command.ts')).pruneClients,
  },
  {
    name: 'env',
    group: 'Provision and connect',
    summary: 'print the environment that an MCP server needs',
    load: async () => (await import('./env/command.ts')).env,
  },
  {
    name: 'runbook',
    group: 'Look and prove',
    summary: 'write the steps for this deployment as Markdown',
    load: async () => (await import('./runbook/command.ts')).runbook,
  },
  {
    name: 'presets',
    group: 'Look and prove',
    summary: 'show the client products that mcpkc knows',
    load: async () => (await import('./presets/command.ts')).presets,
  },
  {
    name: 'explain',
    group: 'Look and prove',
    summary: 'explain a finding, an error or a check',
    load: async () => (await import('./explain/command.ts')).explain,
  },
  {
    name: 'completion',
    group: 'Shell',
    summary: 'print a completion script for bash, zsh or fish',
    load: async () => (await import('./completion/command.ts')).completion,
  },
];
