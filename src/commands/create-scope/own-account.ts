import type { Desired } from '../../plan/desired.ts';
import { freed } from '../../plan/provisioned.ts';
import type { Subject } from './subject.ts';

/**
 * The removal of the scope from mcpkc's own service account, which goes first. A client made while the scope was a
 * realm default holds it, and its admin tokens would name the MCP server. A policy against userless tokens would then
 * lock it out.
 */
export function freeOwnAccount({ config, keycloak, carriers, snapshot }: Subject): Desired {
  const own = snapshot.clients.find(({ clientId }) => clientId === config.clientId);
  const isOwn = keycloak.accountRealm === keycloak.realm;
  return isOwn ? { assignments: freed(own, carriers) } : {};
}
