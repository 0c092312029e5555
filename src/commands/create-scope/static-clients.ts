import { McpkcError } from '../../errors.ts';
import type { Assignment, DesiredClient } from '../../plan/desired.ts';
import { knownPresets } from '../../plan/input.ts';
import { describeClient, findStrangeness } from '../../plan/named.ts';
import { assignAudience } from '../../plan/provisioned.ts';
import { listOwnMapperTypes } from '../../products/adoptable.ts';
import type { Preset } from '../../products/preset.ts';
import { heldAs } from '../../realm/lists.ts';
import type { Client } from '../../realm/representations.ts';
import { visible } from '../../text.ts';
import type { WantedServer } from './wanted-server.ts';

/**
 * The static clients of OIDC_AUDIENCE: each is granted the scope. With `--create-static` one that isn't there is made:
 * confidential, authorization code with PKCE S256 only, with the products' fixed redirect URIs.
 */
export function staticClients(
  { config, keycloak, presets, carrier, snapshot }: WantedServer,
  { create, yes }: { create: boolean; yes: boolean },
  warn: (text: string) => void,
): { assignment: Assignment; mark?: DesiredClient }[] {
  return config.audiences.clients.flatMap((clientId) => {
    if (clientId === config.clientId && keycloak.accountRealm === keycloak.realm) {
      warn(`'${clientId}' (OIDC_AUDIENCE) is mcpkc’s own account, which gets no MCP audience.`);
      return [];
    }
    const found = snapshot.clients.find((client) => client.clientId === clientId);
    const why = 'since it is the static client of OIDC_AUDIENCE';
    if (found) {
      if (create) requireAsMade(found, staticBody(presets));
      const reason =
        heldAs(found, carrier) === 'none' ? findStrangeness(found, knownPresets(config)) : undefined;
      if (reason === undefined || yes) return [{ assignment: assignAudience(found, carrier, why) }];
      warn(
        `The static client of OIDC_AUDIENCE registered itself, and gets no audience without --yes: ${visible(reason)}.\n  ${describeClient(found)}`,
      );
      return [];
    }
    if (!create) {
      warn(`The static client '${clientId}' (OIDC_AUDIENCE) isn’t in the realm; --create-static makes it.`);
      return [];
    }
    const body = staticBody(presets);
    const mark = { clientId, attributes: {}, create: body, why: 'because of --create-static' };
    return [{ assignment: { clientId, scope: carrier, list: 'default', why }, mark }];
  });
}

/**
 * The client that `--create-static` makes: confidential, for the products' fixed redirect URIs, PKCE with S256 alone.
 */
function staticBody(presets: readonly Preset[]) {
  return {
    name: `MCP connector (static)`,
    protocol: 'openid-connect',
    publicClient: false,
    standardFlowEnabled: true,
    directAccessGrantsEnabled: false,
    implicitFlowEnabled: false,
    serviceAccountsEnabled: false,
    fullScopeAllowed: false,
    redirectUris: [...new Set(presets.flatMap(({ registration }) => registration.redirect_uris))],
    attributes: { 'pkce.code.challenge.method': 'S256' },
  };
}

/**
 * Refuses (CLIENT_TAKEN, exit status 5) a client of that name that is not what `--create-static` makes. Anybody who
 * made it first has its secret, and may have set its redirect URIs, grants and mappers.
 */
function requireAsMade(found: Client, body: ReturnType<typeof staticBody>): void {
  const flags = [
    'publicClient',
    'standardFlowEnabled',
    'directAccessGrantsEnabled',
    'implicitFlowEnabled',
    'serviceAccountsEnabled',
    'fullScopeAllowed',
  ] as const;
  const uris = (all: readonly string[]) => [...all].sort().join(' ');
  const differences = [
    ...flags.filter((flag) => (found[flag] === true) !== body[flag]),
    ...(uris(found.redirectUris) === uris(body.redirectUris) ? [] : ['redirectUris']),
    ...(found.attributes['pkce.code.challenge.method'] === 'S256' ? [] : ['PKCE']),
    ...(found.consentRequired === true ? ['consentRequired, as a client that registered itself'] : []),
    ...(listOwnMapperTypes(found).length > 0 ? ['protocol mappers of its own'] : []),
  ];
  if (differences.length === 0) return;
  const message = `The client '${visible(found.clientId)}' is there already, and is not what --create-static makes (${differences.join(', ')}). It was left as it is.\n  ${describeClient(found)}`;
  const fix =
    'If it is yours, name it: --client <id> assigns the scope to it as it is. Else delete it, or choose another client id (OIDC_AUDIENCE).';
  throw new McpkcError('CLIENT_TAKEN', message, fix, { details: { clientId: found.clientId, differences } });
}
