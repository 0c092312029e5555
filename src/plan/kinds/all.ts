import { allowedClient } from './allowed-client.ts';
import { allowedScopes } from './allowed-scopes.ts';
import { audienceMapper } from './audience-mapper.ts';
import { client } from './client.ts';
import { clientPolicy } from './client-policy.ts';
import { clientScope } from './client-scope.ts';
import { clientScopeAssignment } from './client-scope-assignment.ts';
import { defaultScope } from './default-scope.ts';
import { mapperTypes } from './mapper-types.ts';
import { trustedHosts } from './trusted-hosts.ts';
import { windowMark } from './window-mark.ts';

/** The kinds of thing that mcpkc writes in a realm, in the order in which they are made. */
export const REALM = {
  'window-mark': windowMark,
  'client-scope': clientScope,
  'audience-mapper': audienceMapper,
  'trusted-hosts': trustedHosts,
  'allowed-scopes': allowedScopes,
  'mapper-types': mapperTypes,
  // A client gets its own PKCE setting before the policy goes that demanded it.
  client,
  'client-policy': clientPolicy,
  'default-scope': defaultScope,
  'allowed-client': allowedClient,
  'client-scope-assignment': clientScopeAssignment,
};
