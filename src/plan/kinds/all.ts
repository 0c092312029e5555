import { allowedClient } from './allowed-client.ts';
import { allowedScopes } from './allowed-scopes.ts';
import { audienceMapper } from './audience-mapper.ts';
import { client } from './client.ts';
import { clientPolicy } from './client-policy.ts';
import { clientScope } from './client-scope.ts';
import { clientScopeAssignment } from './client-scope-assignment.ts';
import { defaultScope } from './default-scope.ts';
import { mapperTypes } from './mapper-types.ts';
import { realmRole } from './realm-role.ts';
import { registrationOrigins } from './registration-origins.ts';
import { resourceClient } from './resource-client.ts';
import { roleHolder } from './role-holder.ts';
import { scopeAccess } from './scope-access.ts';
import { trustedHosts } from './trusted-hosts.ts';
import { windowMark } from './window-mark.ts';

/** The kinds of thing that mcpkc writes in a realm, in the order in which they are made. */
export const REALM = {
  'window-mark': windowMark,
  // The roles are set before anything grants the server's audience, and are removed last.
  'realm-role': realmRole,
  'client-scope': clientScope,
  'scope-access': scopeAccess,
  'audience-mapper': audienceMapper,
  // Nobody can take the MCP server's URL as client id once registration opens.
  'resource-client': resourceClient,
  // The realm is hardened before a host is trusted: nobody registers in between.
  'mapper-types': mapperTypes,
  // A client gets its own PKCE setting before the policy that demanded it is removed.
  client,
  'client-policy': clientPolicy,
  'trusted-hosts': trustedHosts,
  'allowed-scopes': allowedScopes,
  'registration-origins': registrationOrigins,
  'default-scope': defaultScope,
  'allowed-client': allowedClient,
  'client-scope-assignment': clientScopeAssignment,
  'role-holder': roleHolder,
};
