import type { DesiredPolicy } from './desired.ts';

/** Names of the client policies that mcpkc makes for a scope, and of the profiles that they share. */
export const policyNames = (scope: string) => ({
  pkce: `mcpkc-pkce-${scope}`,
  userless: `mcpkc-reject-userless-${scope}`,
});

/**
 * PKCE with S256 for every client that uses the scope: without it Keycloak takes authorization requests without PKCE
 * and with `plain` (OAuth 2.1 §4.1.1 demands S256). Condition and executor as verified on Keycloak 26.4.0 and 26.7.3.
 * `scopes` are those by which clients get the audience, where it isn't the scope that they name.
 */
export function pkcePolicy(
  scope: string,
  absent = false,
  scopes: readonly string[] = [scope],
): DesiredPolicy {
  return {
    name: policyNames(scope).pkce,
    profile: 'mcpkc-pkce',
    absent,
    description: `so that sign-ins for '${scope}' use PKCE with S256`,
    conditions: [{ condition: 'client-scopes', configuration: { type: 'Any', scopes: [...scopes] } }],
    profileDescription: 'PKCE with S256 is enforced (mcpkc).',
    executors: [{ executor: 'pkce-enforcer', configuration: { 'auto-configure': 'false' } }],
  };
}

/**
 * No tokens without a user for clients that hold the scope: whoever may register could otherwise get an audience token
 * by client credentials. Needs `mode: STRICT` (Keycloak 26.7.0): without it the condition that abstains is skipped and
 * every sign-in with the scope fails.
 */
export function userlessPolicy(
  scope: string,
  absent = false,
  scopes: readonly string[] = [scope],
): DesiredPolicy {
  return {
    name: policyNames(scope).userless,
    profile: 'mcpkc-reject-request',
    absent,
    description: `so that nobody gets a token for '${scope}' without a user`,
    mode: 'STRICT',
    conditions: [
      { condition: 'grant-type', configuration: { grant_types: ['client_credentials'] } },
      { condition: 'client-scopes', configuration: { type: 'Any', scopes: [...scopes] } },
    ],
    profileDescription: 'The request is rejected (mcpkc).',
    executors: [{ executor: 'reject-request', configuration: {} }],
  };
}
