import type { Context } from '../../cli/command.ts';
import type { Report } from '../../cli/report.ts';
import type { Config } from '../../config/load.ts';
import { noteFile } from '../../fleet/hint.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { readRealm } from '../../keycloak/read/realm.ts';
import { holderOf } from '../../keycloak/write/lock.ts';
import { agreeToPlan } from '../../plan/agree.ts';
import { knownPresets, requireNoLiveWindow, resourceFor, scopeWish } from '../../plan/input.ts';
import { type Plan, planStatus } from '../../plan/plan.ts';
import { provisioningText } from '../../plan/provisioning-text.ts';
import { applyRetirement, clientsText, planRetirement } from '../../plan/retirement.ts';
import { nearResources, otherResourceOf, requireOwnScope } from '../../realm/mcp-scope.ts';
import { mcpServerIn } from '../../realm/mcp-server.ts';
import type { RealmRecord } from '../../realm/record.ts';
import type { Client } from '../../realm/representations.ts';
import { formatCommand, listNames } from '../../text.ts';
import type { CreateScopeOptions } from './command.ts';

/** `create-scope --remove`: retires a resource; the clients that lose the scope are listed first. */
export async function retireScope(
  context: Context,
  config: Config,
  keycloak: Keycloak,
  flags: CreateScopeOptions,
  record: RealmRecord,
): Promise<Report> {
  const resource = resourceFor(config, flags.resource);
  const snapshot = await readRealm(keycloak, [resource]);
  const wish = scopeWish(config, resource, flags);
  const server = mcpServerIn(snapshot, wish);
  const { scope } = server;
  requireOwnScope(scope, wish, snapshot);
  const { named } = server.scopes;
  const dryRun = flags.dryRun === true;
  const owner = otherResourceOf(named, resource);
  // A scope of that name may be another server's at the same host: a slip of the keys removes nothing of it.
  if (owner !== undefined) {
    warnOfNear(context, resource, [owner, ...nearResources(resource, snapshot)]);
    return report(keycloak, { resource, scope, plan: [], holders: [], kept: [], dryRun, isThere: false });
  }
  const planned = await planRetirement(keycloak, {
    snapshot,
    server,
    record,
    products: knownPresets(config),
  });
  const { io, signal } = context;
  if (!dryRun) {
    if (planned.plan.length > 0) {
      requireNoLiveWindow(server, io, flags.yes === true);
      const { plan, reservations } = planned;
      await agreeToPlan(context, keycloak, { plan, reservations, yes: flags.yes === true });
    }
    const holder = holderOf(io, 'create-scope --remove');
    await applyRetirement(keycloak, planned, snapshot, { io, holder, signal });
    await noteFile(context, config, { resource, scope, removed: 'server' });
  }
  const { plan, holders, kept } = planned;
  if (named === undefined && plan.length === 0)
    warnOfNear(context, resource, nearResources(resource, snapshot));
  return report(keycloak, { resource, scope, plan, holders, kept, dryRun, isThere: named !== undefined });
}

/** The parts that were retired, and those that stay. */
interface Retired {
  resource: string;
  scope: string;
  plan: Plan;
  holders: readonly Client[];
  /** Roles that mcpkc made and that somebody has. */
  kept: readonly string[];
  dryRun: boolean;
  /** Whether the realm had a scope for the resource. */
  isThere: boolean;
}

/** A slip of the keys removes nothing, and leaves the MCP server that was meant. */
function warnOfNear({ voice }: Context, resource: string, found: readonly string[]): void {
  const near = [...new Set(found)];
  if (near.length === 0) return;
  const lines = near.map((one) => formatCommand(['create-scope', one, '--remove']));
  voice.warn(
    `The realm has a scope for ${listNames(near)}, which is spelled nearly like ${resource}. If that one is meant:\n${lines.join('\n')}`,
  );
}

function report(
  { server, realm }: Keycloak,
  { resource, scope, plan, holders, kept, dryRun, isThere }: Retired,
): Report {
  const next = [
    ...(holders.length === 0
      ? []
      : [`Clients that ${dryRun ? 'would lose' : 'lost'} the scope: ${clientsText(holders)}.`]),
    ...(kept.length === 0
      ? []
      : [`These roles stay, since somebody has them: ${listNames(kept)} (admin console, Realm roles).`]),
  ];
  const nothing = isThere ? undefined : `The realm has no scope for ${resource}: nothing to remove.`;
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
    text: (style) => provisioningText({ ...answer, ...(nothing && { nothing }) }, style),
  };
}
