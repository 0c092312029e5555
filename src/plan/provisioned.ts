import { trustedHost } from '../names/resource-url.ts';
import type { Preset } from '../products/preset.ts';
import { heldAs, type RealmList } from '../realm/lists.ts';
import { ATTRIBUTE, type Mode } from '../realm/marks.ts';
import { HIDDEN } from '../realm/mcp-scope.ts';
import { clientKeyOf } from '../realm/record.ts';
import type { Client } from '../realm/representations.ts';
import type { Assignment, Desired, DesiredClient, DesiredScope } from './desired.ts';
import { hardened } from './hardening.ts';
import { pkcePolicy, userlessPolicy } from './policies.ts';

/** What a resource's provisioning is made from. */
export interface Provisioning {
  /** Name of the scope that clients name; in standing mode it carries the audience itself. */
  scope: string;
  /** Name of the audience scope: of adopted mode, or one that is left from it and has holders. */
  audienceScope: string | undefined;
  /** Canonical URL of the MCP server: the audience. */
  resource: string;
  mode: Mode;
  list: RealmList;
  presets: readonly Preset[];
  pkce: boolean;
  rejectUserless: boolean;
  /** Narrow what registrations may bring; off with `--no-harden`. */
  harden: boolean;
  /** Clients that get the audience by name. */
  assignments: Assignment[];
  clients: DesiredClient[];
}

/** The hosts that may register: those of the products, and the MCP server's own. */
export function hostsFor(presets: readonly Preset[], resource: string): string[] {
  return [...new Set([...presets.flatMap(({ trustedHosts }) => trustedHosts), trustedHost(resource)])];
}

/**
 * A realm in which the products' clients can register, and get the resource's audience as its mode wants. Standing: by
 * the scope that they name. Adopted: that scope gives nothing; a hidden one, that only the admin API attaches, does.
 */
export function provisioned(input: Provisioning): Desired {
  const { scope, audienceScope, resource, mode, list, presets, pkce, rejectUserless } = input;
  const carriers = mode === 'standing' ? [scope] : [];
  if (audienceScope !== undefined) carriers.push(audienceScope);
  return {
    clientScopes: [
      nameScope(input),
      ...(audienceScope === undefined ? [] : [hiddenScope(scope, audienceScope, resource)]),
    ],
    audienceMappers: [
      ...carriers.map((carrier) => ({ scope: carrier, audience: resource })),
      ...(mode === 'adopted' ? [{ scope, audience: resource, absent: true as const }] : []),
    ],
    trustedHosts: {
      add: hostsFor(presets, resource),
      remove: [],
      matchFlags: { sender: false, clientUris: true },
      createMissing: true,
    },
    // `openid` is no client scope: a registration that names it is refused unless it is listed (26.7.3).
    allowedScopes: { add: ['openid'], remove: [scope, ...carriers], defaults: true },
    ...(input.harden ? hardened() : {}),
    clientPolicies: [
      ...(pkce ? [pkcePolicy(scope, false, carriers)] : []),
      ...(rejectUserless ? [userlessPolicy(scope, false, carriers)] : []),
    ],
    // What a run of 0.1.0 left: nothing is given by a moment any more.
    windowMark: { scope, mark: null },
    defaultScopes: [
      { scope, list },
      ...(audienceScope === undefined ? [] : [{ scope: audienceScope, list: 'none' as const }]),
    ],
    assignments: input.assignments,
    clients: input.clients,
  };
}

function nameScope({ scope, resource, mode, pkce }: Provisioning): DesiredScope {
  const what =
    mode === 'standing' ? `Audience ${resource} for MCP clients.` : `Names ${resource}; gives nothing.`;
  return {
    name: scope,
    attributes: {
      [ATTRIBUTE.mode]: mode,
      [ATTRIBUTE.resource]: resource,
      // A choice that onboard keeps; what isn't there may as well be what a killed run did not get to.
      ...(pkce ? {} : { [ATTRIBUTE.pkce]: 'off' }),
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

/** mcpkc's own account without any of some scopes: its administrative tokens name no MCP server. */
export function freed(own: Client | undefined, scopes: readonly string[]): Assignment[] {
  const why = 'so that mcpkc’s own account carries no MCP audience';
  return scopes
    .filter((scope) => own && heldAs(own, scope) !== 'none')
    .map((scope) => ({ clientId: own?.clientId ?? '', scope, list: 'none', why }));
}

/** A client that is to get a resource's audience, as it was judged: see `Assignment.seen`. */
export function adoption(client: Client, carrier: string, why: string): Assignment {
  return { clientId: client.clientId, scope: carrier, list: 'default', why, seen: clientKeyOf(client) };
}
