import type { Assignment, DesiredClient } from '../../plan/desired.ts';
import { adoption } from '../../plan/provisioned.ts';
import type { Subject } from './subject.ts';

/**
 * The static clients of OIDC_AUDIENCE: each is given the scope; with `--create-static` one that isn't there is made,
 * confidential, authorization code with PKCE S256 only, with the products' fixed redirect URIs.
 */
export function staticClients(
  { config, keycloak, presets, scope, audienceScope, mode, snapshot }: Subject,
  create: boolean,
  warn: (text: string) => void,
): { assignment: Assignment; mark?: DesiredClient }[] {
  const carrier = mode === 'adopted' ? (audienceScope ?? scope) : scope;
  return config.audiences.clients.flatMap((clientId) => {
    if (clientId === config.clientId && keycloak.accountRealm === keycloak.realm) {
      warn(`'${clientId}' (OIDC_AUDIENCE) is mcpkc’s own account, which gets no MCP audience.`);
      return [];
    }
    const found = snapshot.clients.find((client) => client.clientId === clientId);
    const why = 'since it is the static client of OIDC_AUDIENCE';
    if (found) return [{ assignment: adoption(found, carrier, why) }];
    if (!create) {
      warn(`The static client '${clientId}' (OIDC_AUDIENCE) isn’t in the realm; --create-static makes it.`);
      return [];
    }
    const redirectUris = presets.flatMap(({ registration }) => registration.redirect_uris);
    const attributes = { 'pkce.code.challenge.method': 'S256' };
    const body = {
      name: `MCP connector (static)`,
      protocol: 'openid-connect',
      publicClient: false,
      standardFlowEnabled: true,
      directAccessGrantsEnabled: false,
      implicitFlowEnabled: false,
      serviceAccountsEnabled: false,
      fullScopeAllowed: false,
      redirectUris: [...new Set(redirectUris)],
      attributes,
    };
    const mark = { clientId, attributes: {}, create: body, why: 'since --create-static was said' };
    return [{ assignment: { clientId, scope: carrier, list: 'default', why }, mark }];
  });
}
