import { McpkcError } from '../../errors.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { asksStrictPolicies, tellsStrictPolicies } from '../../keycloak/read/features.ts';
import type { Desired } from '../../plan/desired.ts';
import { freed } from '../../plan/provisioned.ts';
import { carriersOf } from '../../realm/mcp-scope.ts';
import type { Subject } from './subject.ts';

/**
 * Refuses `--reject-userless` (SERVER_TOO_OLD, exit status 2) where the recipe would break every sign-in. A server that
 * doesn't tell its version is asked by a write that it refuses; not with `--dry-run`, which gives 'unknown'.
 */
export async function requireStrictMode(keycloak: Keycloak, dryRun: boolean): Promise<'known' | 'unknown'> {
  const told = await tellsStrictPolicies(keycloak);
  if (told === undefined && dryRun) return 'unknown';
  if (told ?? (await asksStrictPolicies(keycloak))) return 'known';
  const message =
    '--reject-userless needs Keycloak 26.7.0 or later: this server knows no client policies in STRICT mode.';
  throw new McpkcError(
    'SERVER_TOO_OLD',
    message,
    'Leave the flag out, or upgrade Keycloak; without it a self-registered client can get an audience token without a user.',
  );
}

/**
 * mcpkc's own service account without the scope: a client made while the scope was a realm default holds it, its admin
 * tokens would name the MCP server, and a policy against userless tokens would lock it out. So this goes first.
 */
export function freeOwnAccount({ config, keycloak, scope, snapshot }: Subject): Desired {
  const own = snapshot.clients.find(({ clientId }) => clientId === config.clientId);
  const isOwn = keycloak.accountRealm === keycloak.realm;
  return isOwn ? { assignments: freed(own, carriersOf(scope, snapshot)) } : {};
}
