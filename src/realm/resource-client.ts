import { type RealmRecord, type Wrote, wroteOf } from './record.ts';
import type { Client } from './representations.ts';

/** The client attribute by which Keycloak knows the resource that a client stands for (feature resource-indicators, 26.7). */
export const RESOURCE_URL = 'resource_url';
/** The record's name for the clients that stand for MCP servers. */
export const RESOURCE_CLIENT = 'resource-client';

/**
 * The client that stands for an MCP server. With the feature resource-indicators Keycloak grants a sign-in that names
 * `resource` the audience of a client with that URL. It refuses the sign-in where there is no such client. Nobody signs
 * in with it. Harmless without the feature (26.4.0, 26.5.6, 26.7.4).
 */
export function resourceClientBody(resource: string): Readonly<Record<string, unknown>> {
  return {
    name: 'MCP server',
    description:
      'Lets sign-ins name this MCP server in `resource` (RFC 8707). Nobody signs in with it (mcpkc).',
    protocol: 'openid-connect',
    publicClient: false,
    bearerOnly: true,
    standardFlowEnabled: false,
    implicitFlowEnabled: false,
    directAccessGrantsEnabled: false,
    serviceAccountsEnabled: false,
    fullScopeAllowed: false,
    redirectUris: [],
    defaultClientScopes: [],
    optionalClientScopes: [],
    attributes: { [RESOURCE_URL]: resource },
  };
}

/**
 * Deviations of a client that stands for an MCP server from the form in which it is made; empty where there are none.
 */
export function resourceClientDeviations(client: Client, resource: string): string[] {
  // From 26.8 on every client holds `basic`.
  const scopes = [...client.defaultClientScopes, ...client.optionalClientScopes].filter(
    (name) => name !== 'basic',
  );
  const isOn = (flag: boolean | undefined) => flag === true;
  return [
    client.enabled === false ? ['it is disabled'] : [],
    client.attributes[RESOURCE_URL] === resource ? [] : [`its ${RESOURCE_URL} is another`],
    isOn(client.bearerOnly) ? [] : ['it is not bearer-only'],
    isOn(client.publicClient) ? ['it is public'] : [],
    isOn(client.standardFlowEnabled) || isOn(client.implicitFlowEnabled) ? ['it can sign people in'] : [],
    isOn(client.directAccessGrantsEnabled) ? ['it may use the password grant'] : [],
    isOn(client.serviceAccountsEnabled) ? ['it has a service account'] : [],
    isOn(client.fullScopeAllowed) ? ['it has all roles in its tokens'] : [],
    isOn(client.consentRequired) ? ['it asks for consent, as a client that registered itself'] : [],
    client.redirectUris.length > 0 ? ['it has redirect URIs'] : [],
    (client.protocolMappers ?? []).length > 0 ? ['it has mappers of its own'] : [],
    scopes.length > 0 ? [`it holds client scopes (${scopes.join(', ')})`] : [],
  ].flat();
}

/** Whether mcpkc made a client to stand for an MCP server: the record has its id, which a registrant can't take while it lives. */
export function isOwnResourceClient(client: Client, resource: string, record: RealmRecord): boolean {
  return client.clientId === resource && wroteOf(record, RESOURCE_CLIENT, resource).id === client.id;
}

/** The record's entry for such a client. */
export function resourceClientEntry(resource: string, id: string, since: string, by: string): Wrote {
  return { kind: 'wrote', what: RESOURCE_CLIENT, of: resource, value: { id }, since, by };
}
