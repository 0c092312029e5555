/** The subcommands, a line a folder. */
export { accessEntry } from './access/entry.ts';
export { allowEntry } from './allow/entry.ts';
export { completionEntry } from './completion/entry.ts';
export { connectionsEntry } from './connections/entry.ts';
export { createScopeEntry } from './create-scope/entry.ts';
export { envEntry } from './env/entry.ts';
export { explainEntry } from './explain/entry.ts';
export { applyEntry, exportEntry, planEntry } from './fleet/entry.ts';
export { initEntry } from './init/entry.ts';
export { onboardEntry } from './onboard/entry.ts';
export { presetsEntry } from './presets/entry.ts';
export { pruneClientsEntry } from './prune-clients/entry.ts';
export { runbookEntry } from './runbook/entry.ts';
export { statusEntry } from './status/entry.ts';
export { trustedHostsEntry } from './trusted-hosts/entry.ts';
export { validateEntry } from './validate/entry.ts';
