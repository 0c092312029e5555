import type { Desired } from '../../plan/desired.ts';
import { freed } from '../../plan/provisioned.ts';
import type { Subject } from './subject.ts';

/**
 * mcpkc's own service account without the scope: a client made while the scope was a realm default holds it, its admin
 * tokens would name the MCP server, and a policy against userless tokens would lock it out. So this goes first.
 */
export function freeOwnAccount({ config, keycloak, carriers, snapshot }: Subject): Desired {
  const own = snapshot.clients.find(({ clientId }) => clientId === config.clientId);
  const isOwn = keycloak.accountRealm === keycloak.realm;
  return isOwn ? { assignments: freed(own, carriers) } : {};
}
