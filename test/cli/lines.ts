/** The MCP server that the command lines are about. */
const RESOURCE = 'https://svc.example.com/mcp';

/** The file that `plan` and `apply` find. */
export const FILES: Readonly<Record<string, string>> = {
  'mcpkc.yaml': `realms: [{ servers: [{ resource: ${RESOURCE}, access: anybody }] }]`,
};

/** A command line of each command that reaches its answer in a new realm, or in one that has the server's scope. */
export const LINES: Readonly<Record<string, readonly string[]>> = {
  init: ['--dry-run'],
  'create-scope': ['--resource', RESOURCE, '--dry-run'],
  'trusted-hosts': [],
  access: [RESOURCE],
  connections: [RESOURCE],
  status: [],
  onboard: [RESOURCE, '--preset', 'chatgpt', '--dry-run'],
  allow: [RESOURCE, '--by', 'client', '--dry-run', '--secret-file', 'chatgpt.secret'],
  'prune-clients': [],
  env: [RESOURCE],
  runbook: [RESOURCE],
  plan: [],
  apply: [],
  export: [],
  presets: [],
  explain: ['USAGE'],
  completion: ['bash'],
  validate: ['--list-checks'],
};
