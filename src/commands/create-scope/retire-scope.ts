import type { Context } from '../../cli/command.ts';
import type { Report } from '../../cli/report.ts';
import type { Config } from '../../config/load.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { allClients } from '../../keycloak/read/clients.ts';
import { readRealm } from '../../keycloak/read/realm.ts';
import { readRecord } from '../../keycloak/read/record.ts';
import { readSessionStats, type SessionCount } from '../../keycloak/read/sessions.ts';
import { holderOf } from '../../keycloak/write/lock.ts';
import { deedBy, deedOf, writeRecord } from '../../keycloak/write/record.ts';
import { retiredRoles } from '../../plan/access.ts';
import { applyAndVerify } from '../../plan/apply.ts';
import { requireEditablePolicies } from '../../plan/editable-policies.ts';
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
import { sessionsSentence } from '../../plan/signed-in.ts';
import { heldOf, requireOwnScope } from '../../realm/mcp-scope.ts';
import { mcpServerIn } from '../../realm/mcp-server.ts';
import { allowedIn, entriesOf, type RealmRecord } from '../../realm/record.ts';
import type { Client } from '../../realm/representations.ts';
import { isOwnResourceClient, RESOURCE_CLIENT } from '../../realm/resource-client.ts';
import { scopeNamed } from '../../realm/snapshot.ts';
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
  const snapshot = await readRealm(keycloak, [resource]);
  const wish = scopeWish(config, resource, flags);
  const server = mcpServerIn(snapshot, wish);
  const { scope, carriers } = server;
  requireOwnScope(scope, wish, snapshot);
  const record = await readRecord(keycloak);
  const own = snapshot.clients.filter((client) => isOwnResourceClient(client, resource, record));
  const read = scopeNamed(snapshot, scope) ? await touchedBy(keycloak, carriers, record) : [];
  const touched = [...own, ...read.filter(({ id }) => !own.some((one) => one.id === id))];
  const holders = touched.filter((client) => heldOf(client, carriers) !== 'none');
  snapshot.clients.push(...touched.filter((client) => !own.includes(client)));
  const retirement = { scope, resource, products: knownPresets(config), record, clients: touched };

  const scopes = [...new Set([scope, ...carriers])];
  const roles = await retiredRoles(keycloak, snapshot, scopes, { resource, record });
  // Scopes first, roles last: a scope whose roles went before it would be open to everybody.
  const desired = { ...retired(retirement, snapshot), ...roles.desired };
  const plan = planFor(desired, snapshot);
  await requireEditablePolicies(keycloak, plan, snapshot);
  const { io, signal } = context;
  const dryRun = flags.dryRun === true;
  if (!dryRun && plan.length > 0) {
    requireNoLiveWindow(server, io, flags.yes === true);
    requireConsent(
      [
        ...commonReservations(keycloak.realm, plan),
        ...loss(scope, holders, holders.length === 0 ? new Map() : await readSessionStats(keycloak)),
        ...opening(plan),
      ],
      flags.yes === true,
    );
    await applyAndVerify(keycloak, plan, desired, snapshot, {
      io,
      holder: holderOf(io, 'create-scope --remove'),
      signal,
      back: true,
    });
    await forgetServer(keycloak, io, resource, record);
    await writeRecord(keycloak, { forget: allowedIn(record, resource) });
  }
  if (!dryRun && roles.remembered) await writeRecord(keycloak, { forget: [roles.remembered] });
  return report(keycloak, { resource, scope, plan, holders, kept: roles.kept, dryRun });
}

/** The clients that hold the audience, and those on which mcpkc wrote something. */
async function touchedBy(
  keycloak: Keycloak,
  carriers: readonly string[],
  record: RealmRecord,
): Promise<Client[]> {
  const written = entriesOf(record, 'before').flatMap(({ what, of }) => (what === 'client' ? [of] : []));
  if (carriers.length === 0 && written.length === 0) return [];
  const names = new Set(written);
  const touched: Client[] = [];
  for await (const page of allClients(keycloak)) {
    touched.push(
      ...page.filter((client) => heldOf(client, carriers) !== 'none' || names.has(client.clientId)),
    );
  }
  return touched;
}

function loss(
  scope: string,
  holders: readonly Client[],
  stats: ReadonlyMap<string, SessionCount>,
): Reservation[] {
  if (holders.length === 0) return [];
  const lost = `${count(holders.length, 'client')} will lose '${scope}' and with it the MCP server: ${listed(holders)}.`;
  return [{ message: `${lost} ${sessionsSentence(holders, stats)}` }];
}

/** A Trusted Hosts policy that mcpkc made goes again: registration is then as open as it was. */
function opening(plan: Plan): Reservation[] {
  if (!plan.some(({ kind, action }) => kind === 'trusted-hosts' && action === 'delete')) return [];
  return [
    {
      message:
        'The Trusted Hosts policy goes, which mcpkc made: anybody may register a client again, as before.',
    },
  ];
}

/** What was remembered of the server goes with it. */
async function forgetServer(
  keycloak: Keycloak,
  io: Context['io'],
  resource: string,
  record: RealmRecord,
): Promise<void> {
  const forget = record.entries.filter(
    (entry) =>
      ((entry.kind === 'wanted' || entry.kind === 'adopted') && entry.resource === resource) ||
      (entry.kind === 'wrote' && entry.what === RESOURCE_CLIENT && entry.of === resource),
  );
  const by = deedBy(holderOf(io, 'create-scope --remove'));
  await writeRecord(keycloak, { remember: [deedOf(io, 'retired', resource, by)], forget });
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
