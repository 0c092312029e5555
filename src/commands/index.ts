import type { CommandEntry } from '../cli/command.ts';
import * as entries from './all.ts';

/** The order in which an operator meets the subcommands; one that isn't here comes behind them. */
const ORDER = [
  'init',
  'create-scope',
  'trusted-hosts',
  'status',
  'onboard',
  'allow',
  'access',
  'plan',
  'apply',
  'export',
  'connections',
  'validate',
  'prune-clients',
  'env',
  'runbook',
  'presets',
  'explain',
  'completion',
];

const placeOf = ({ name }: CommandEntry) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);

/** The subcommands in their order; the program's help has them by group. */
export const COMMANDS: readonly CommandEntry[] = Object.values<CommandEntry>(entries).sort(
  (a, b) => placeOf(a) - placeOf(b) || (a.name < b.name ? -1 : 1),
);
