import type { Config } from '../config/config.ts';
import type { Keycloak } from '../keycloak/connection/connect.ts';
import { heldAs } from '../realm/lists.ts';
import type { RealmSnapshot } from '../realm/snapshot.ts';
import type { Assignment, Desired } from './desired.ts';
import { planFor } from './kinds/index.ts';
import type { RealmPlan } from './plan.ts';

/** The parts of a plan that are applied, read back and compared one after the other. */
export interface Stage {
  desired: Desired;
  plan: RealmPlan;
}

/** The facts by which mcpkc's own account is found among the clients of a realm. */
interface Own {
  config: Pick<Config, 'clientId'>;
  keycloak: Pick<Keycloak, 'accountRealm' | 'realm'>;
  snapshot: Pick<RealmSnapshot, 'clients'>;
}

/** The removal of scopes from mcpkc's own account: its administrative tokens name no MCP server. */
export function freeOwnAccount({ config, keycloak, snapshot }: Own, scopes: readonly string[]): Assignment[] {
  const own = snapshot.clients.find(({ clientId }) => clientId === config.clientId);
  if (own === undefined || keycloak.accountRealm !== keycloak.realm) return [];
  const why = 'so that mcpkc’s own account carries no MCP audience';
  return scopes
    .filter((scope) => heldAs(own, scope) !== 'none')
    .map((scope) => ({ clientId: own.clientId, scope, list: 'none', why }));
}

/**
 * The stages of a wish. The scopes are removed from mcpkc's own account first. A client made while a scope was a realm
 * default holds it, and a policy against userless tokens would lock the account out.
 */
export function planStages(freed: readonly Assignment[], desired: Desired, snapshot: RealmSnapshot): Stage[] {
  const free: Desired = { assignments: [...freed] };
  const first = planFor(free, snapshot);
  const isFirst = (kind: string, key: string) => first.some((one) => one.kind === kind && one.key === key);
  const rest = planFor(desired, snapshot).filter(({ kind, key }) => !isFirst(kind, key));
  return [
    { desired: free, plan: first },
    { desired, plan: rest },
  ];
}
