import type { Context } from '../../cli/command.ts';
import type { Report } from '../../cli/report.ts';
import type { Config } from '../../config/load.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { allClients } from '../../keycloak/read/clients.ts';
import { readRealm } from '../../keycloak/read/realm.ts';
import { readRecord } from '../../keycloak/read/record.ts';
import { holderOf } from '../../keycloak/write/lock.ts';
import { writeRecord } from '../../keycloak/write/record.ts';
import { retiredRoles } from '../../plan/access.ts';
import { applyAndVerify } from '../../plan/apply.ts';
import {
  commonReservations,
  knownPresets,
  requireNoLiveWindow,
  resourceFor,
  scopeWish,
} from '../../plan/input.ts';
import { planFor } from '../../plan/kinds/index.ts';
import { type Plan, planStatus, type Reservation, requireConsent } from '../../plan/plan.ts';
import { provisioningText } from '../../plan/provisioning-text.ts';
import { retired } from '../../plan/retired.ts';
import { heldOf, requireOwnScope } from '../../realm/mcp-scope.ts';
import { mcpServerIn } from '../../realm/mcp-server.ts';
import { allowedIn } from '../../realm/record.ts';
import type { Client } from '../../realm/representations.ts';
import { count, listNames, visible } from '../../text.ts';
import type { CreateScopeOptions } from './command.ts';

/** `create-scope --remove`: retires a resource; the clients that lose the scope are listed first. */
export async function retireScope(
  context: Context,
  config: Config,
  keycloak: Keycloak,
  flags: CreateScopeOptions,
): Promise<Report> {
  const resource = resourceFor(config, flags.resource);
  const snapshot = await readRealm(keycloak);
  const wish = scopeWish(config, resource, flags);
  const server = mcpServerIn(snapshot, wish);
  const { scope, carriers } = server;
  requireOwnScope(scope, wish, snapshot);
  const holders = carriers.length > 0 ? await holdersOf(keycloak, carriers) : [];
  snapshot.clients.push(...holders);
  const presetHosts = knownPresets(config).flatMap(({ trustedHosts }) => trustedHosts);
  const record = await readRecord(keycloak);
  const scopes = [...new Set([scope, ...carriers])];
  const roles = await retiredRoles(keycloak, snapshot, scopes, { resource, record });
  // Scopes first, roles last: a scope whose roles went before it would be open to everybody.
  const desired = { ...retired({ scope, resource, presetHosts, record }, snapshot), ...roles.desired };
  const plan = planFor(desired, snapshot);
  const { io, signal } = context;
  const dryRun = flags.dryRun === true;
  if (!dryRun && plan.length > 0) {
    requireNoLiveWindow(server, io, flags.yes === true);
    requireConsent(
      [...commonReservations(keycloak.realm, plan), ...loss(scope, holders)],
      flags.yes === true,
    );
    await applyAndVerify(keycloak, plan, desired, snapshot, {
      io,
      holder: holderOf(io, 'create-scope --remove'),
      signal,
    });
    await writeRecord(keycloak, { forget: allowedIn(record, resource) });
  }
  if (!dryRun && roles.remembered) await writeRecord(keycloak, { forget: [roles.remembered] });
  return report(keycloak, { resource, scope, plan, holders, kept: roles.kept, dryRun });
}

async function holdersOf(keycloak: Keycloak, carriers: readonly string[]): Promise<Client[]> {
  const holders: Client[] = [];
  for await (const page of allClients(keycloak)) {
    holders.push(...page.filter((client) => heldOf(client, carriers) !== 'none'));
  }
  return holders;
}

function loss(scope: string, holders: readonly Client[]): Reservation[] {
  if (holders.length === 0) return [];
  return [
    {
      message: `${count(holders.length, 'client')} will lose '${scope}' and with it the MCP server: ${listed(holders)}.`,
    },
  ];
}

function listed(clients: readonly Client[]): string {
  const names = clients
    .slice(0, 20)
    .map(({ clientId, name }) => visible(name ? `${clientId} (${name})` : clientId));
  return names.join(', ') + (clients.length > 20 ? ` and ${clients.length - 20} more` : '');
}

/** What was retired, and what stays. */
interface Retired {
  resource: string;
  scope: string;
  plan: Plan;
  holders: readonly Client[];
  /** Roles that mcpkc made and that somebody has. */
  kept: readonly string[];
  dryRun: boolean;
}

function report(
  { server, realm }: Keycloak,
  { resource, scope, plan, holders, kept, dryRun }: Retired,
): Report {
  const next = [
    ...(holders.length === 0
      ? []
      : [`Clients that ${dryRun ? 'would lose' : 'lost'} the scope: ${listed(holders)}.`]),
    ...(kept.length === 0
      ? []
      : [`These roles stay, since somebody has them: ${listNames(kept)} (admin console, Realm roles).`]),
  ];
  const answer = { server, realm, resource, scope, mode: null, plan, dryRun, next };
  return {
    command: 'create-scope',
    exitStatus: planStatus(plan, dryRun),
    server,
    realm,
    document: {
      resource,
      scope,
      mode: null,
      changes: plan,
      applied: !dryRun,
      holders: holders.map(({ clientId, name }) => ({ clientId, name: name ?? null })),
      keptRoles: kept,
    },
    text: (style) => provisioningText(answer, style),
  };
}
