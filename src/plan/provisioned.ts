import { trustedHost } from '../names/resource-url.ts';
import type { Preset } from '../products/preset.ts';
import { ATTRIBUTE } from '../realm/marks.ts';
import { HIDDEN } from '../realm/mcp-scope.ts';
import type { McpServer, NamedServer } from '../realm/mcp-server.ts';
import { clientKeyOf } from '../realm/record.ts';
import type { Client } from '../realm/representations.ts';
import type { Assignment, Desired, DesiredClient, DesiredScope } from './desired.ts';
import type { Hardening } from './hardening.ts';

/** Provisions beside the server's own scopes. */
export interface Provisions {
  presets: readonly Preset[];
  hardening: Hardening;
  /** Clients that get the audience by name. */
  assignments: Assignment[];
  clients: DesiredClient[];
}

/** The hosts that may register: the products', and the MCP server's own where nothing can be registered there. */
function hostsFor(presets: readonly Preset[], resource: string, trustsServer: boolean): string[] {
  const products = presets.flatMap(({ trustedHosts }) => trustedHosts);
  return [...new Set([...products, ...(trustsServer ? [trustedHost(resource)] : [])])];
}

/** The Origins that registrations of these products carry. */
export function originsFor(presets: readonly Preset[]): string[] {
  const browsers = presets.filter(({ registersInBrowser }) => registersInBrowser !== undefined);
  return [...new Set(browsers.flatMap(({ origins }) => origins))];
}

/** The scopes that carry the resource's audience once it is provisioned. */
export function carriersFor({ scope, audienceScope, mode }: McpServer): string[] {
  return [...(mode === 'standing' ? [scope] : []), ...(audienceScope === undefined ? [] : [audienceScope])];
}

/**
 * A realm in which the products' clients can register, and get the resource's audience as its mode wants. Standing: by
 * the scope that they name. Adopted: that scope carries no audience; a hidden one, which only the admin API attaches,
 * does.
 */
export function provision(
  server: NamedServer,
  { presets, hardening, assignments, clients }: Provisions,
): Desired {
  const { scope, audienceScope, resource, mode, list } = server;
  const carriers = carriersFor(server);
  return {
    clientScopes: [
      nameScope(server),
      ...(audienceScope === undefined ? [] : [hiddenScope(scope, audienceScope, resource)]),
    ],
    audienceMappers: [
      ...carriers.map((carrier) => ({ scope: carrier, audience: resource })),
      ...(mode === 'adopted' ? [{ scope, audience: resource, absent: true as const }] : []),
    ],
    trustedHosts: {
      add: hostsFor(presets, resource, hardening.trustsServer),
      remove: [],
      matchFlags: { sender: false, clientUris: true },
      createMissing: true,
    },
    // `openid` is not a client scope: a registration that names it is refused unless it is listed (26.7.3).
    allowedScopes: { add: ['openid'], remove: [scope, ...carriers], defaults: true },
    registrationOrigins: { add: originsFor(presets) },
    ...hardening.desired,
    // Marks that a run of 0.1.0 left: nothing depends on a moment any more.
    windowMark: { scope, mark: null },
    defaultScopes: [
      { scope, list },
      ...(audienceScope === undefined ? [] : [{ scope: audienceScope, list: 'none' as const }]),
    ],
    assignments,
    clients: [...clients, ...hardening.clients],
  };
}

function nameScope({ scope, resource, mode }: NamedServer): DesiredScope {
  const what =
    mode === 'standing' ? `Audience ${resource} for MCP clients.` : `Names ${resource}; carries no audience.`;
  return {
    name: scope,
    attributes: {
      [ATTRIBUTE.mode]: mode,
      [ATTRIBUTE.resource]: resource,
    },
    begin: {
      'include.in.token.scope': 'true',
      'display.on.consent.screen': 'true',
      'consent.screen.text': `Use ${resource}`,
    },
    description: what,
  };
}

function hiddenScope(scope: string, audienceScope: string, resource: string): DesiredScope {
  return {
    name: audienceScope,
    attributes: { [ATTRIBUTE.audienceOf]: scope, ...HIDDEN },
    description: `Audience ${resource} for the MCP clients that were adopted.`,
  };
}

/** A client that is to get a resource's audience, as it was judged: see `Assignment.seen`. */
export function assignAudience(client: Client, carrier: string, why: string): Assignment {
  return { clientId: client.clientId, scope: carrier, list: 'default', why, seen: clientKeyOf(client) };
}
