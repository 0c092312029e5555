import { accessGroup } from './access.ts';
import { account } from './account.ts';
import { adoption } from './adoption.ts';
import { askedScopes } from './asked-scopes.ts';
import { clientPolicies } from './client-policies.ts';
import { clients } from './clients.ts';
import { connectors } from './connectors.ts';
import { documents } from './documents.ts';
import { events } from './events.ts';
import type { RuleGroup } from './finding.ts';
import { guidance } from './guidance.ts';
import { holdersGroup } from './holders.ts';
import { hosts } from './hosts.ts';
import { registration } from './registration.ts';
import { scopes } from './scopes.ts';
import { server } from './server.ts';

/** All rules, the most important first: those about all products, then those about one connector on its way. */
export const GROUPS: readonly RuleGroup[] = [
  account,
  server,
  adoption,
  scopes,
  accessGroup,
  hosts,
  registration,
  askedScopes,
  connectors,
  clientPolicies,
  documents,
  clients,
  holdersGroup,
  events,
  guidance,
];
