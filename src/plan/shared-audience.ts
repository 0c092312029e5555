import { resourceOf, standingScopes } from '../realm/mcp-scope.ts';
import type { NamedServer } from '../realm/mcp-server.ts';
import type { RealmSnapshot } from '../realm/snapshot.ts';
import { visible } from '../text.ts';
import type { Reservation } from './plan.ts';

/**
 * A reservation about a second server that everybody may connect to. Each connector's token then opens both, so that
 * either server can use it at the other. Only asked for when it becomes so.
 */
export function sharedAudience({
  scope,
  resource,
  mode,
  list,
  snapshot,
}: Pick<NamedServer, 'scope' | 'resource' | 'mode' | 'list'> & { snapshot: RealmSnapshot }): Reservation[] {
  if (mode !== 'standing' || list === 'none') return [];
  const standing = standingScopes(snapshot);
  const others = standing.filter((one) => one.name !== scope);
  if (others.length === 0 || standing.some((one) => one.name === scope)) return [];
  const servers = others.map((one) => visible(resourceOf(one) ?? one.name)).join(', ');
  return [
    {
      message: `Every client of the realm then gets tokens for ${visible(resource)} and for ${servers} alike: each of these servers can use at the others what it is sent. Instead: --attach none (adopted clients only), or roles (mcpkc access), or resource indicators.`,
    },
  ];
}
