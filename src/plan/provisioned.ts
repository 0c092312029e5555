import { trustedHost } from '../names/resource-url.ts';
import type { Preset } from '../products/preset.ts';
import type { RealmList } from '../realm/lists.ts';
import { ATTRIBUTE, type Mode } from '../realm/marks.ts';
import type { Client } from '../realm/representations.ts';
import type { Assignment, Desired, DesiredClient } from './desired.ts';
import { hardened } from './hardening.ts';
import { pkcePolicy, userlessPolicy } from './policies.ts';

/** What a resource's provisioning is made from. */
export interface Provisioning {
  /** Name of the audience client scope. */
  scope: string;
  /** Canonical URL of the MCP server: the audience. */
  resource: string;
  mode: Mode;
  list: RealmList;
  presets: readonly Preset[];
  pkce: boolean;
  rejectUserless: boolean;
  /** Narrow what registrations may bring; off with `--no-harden`. */
  harden: boolean;
  /** Clients that get the scope by themselves. */
  assignments: Assignment[];
  clients: DesiredClient[];
}

/** The hosts that may register: those of the products, and the MCP server's own. */
export function hostsFor(presets: readonly Preset[], resource: string): string[] {
  return [...new Set([...presets.flatMap(({ trustedHosts }) => trustedHosts), trustedHost(resource)])];
}

/** A realm in which the products' clients can register and get the resource's audience; the base of both modes. */
export function provisioned(input: Provisioning): Desired {
  const { scope, resource, mode, list, presets, pkce, rejectUserless } = input;
  return {
    clientScope: {
      name: scope,
      attributes: {
        [ATTRIBUTE.mode]: mode,
        [ATTRIBUTE.resource]: resource,
        // A choice that onboard keeps; what isn't there may as well be what a killed run did not get to.
        ...(pkce ? {} : { [ATTRIBUTE.pkce]: 'off' }),
      },
      description: `Audience ${resource} for MCP clients.`,
    },
    audienceMapper: { scope, audience: resource },
    trustedHosts: {
      add: hostsFor(presets, resource),
      remove: [],
      matchFlags: { sender: false, clientUris: true },
      createMissing: true,
    },
    // `openid` is no client scope: a registration that names it is refused unless it is listed (26.7.3).
    allowedScopes: { add: ['openid'], remove: [scope], defaults: true },
    ...(input.harden ? hardened() : {}),
    clientPolicies: [
      ...(pkce ? [pkcePolicy(scope)] : []),
      ...(rejectUserless ? [userlessPolicy(scope)] : []),
    ],
    defaultScope: { scope, list },
    assignments: input.assignments,
    clients: input.clients,
  };
}

/** The client's `mcpkc.adopted` with a scope added: blank-separated names. */
export function adoptedWith(client: Client | undefined, scope: string): string {
  return [...new Set([...adoptedScopes(client), scope])].join(' ');
}

/** The same without it; null where none is left. */
export function adoptedWithout(client: Client | undefined, scope: string): string | null {
  const rest = adoptedScopes(client).filter((one) => one !== scope);
  return rest.length === 0 ? null : rest.join(' ');
}

/** The scopes that a client was explicitly given. */
export function adoptedScopes(client: Client | undefined): string[] {
  return (client?.attributes[ATTRIBUTE.adopted] ?? '').split(' ').filter((name) => name !== '');
}

/** A client that is given a scope by name: attached, and marked so that the closing of a window leaves it. */
export function given(client: Client | undefined, clientId: string, scope: string, why: string) {
  const assignment: Assignment = { clientId, scope, list: 'default', why };
  const attributes = { [ATTRIBUTE.adopted]: adoptedWith(client, scope) };
  const mark: DesiredClient = {
    clientId,
    attributes,
    why: 'so that it keeps the scope when a window closes',
  };
  return { assignment, mark };
}

/** A client that is to hold a scope no longer: detached, and its mark without it. */
export function withdrawn(client: Client | undefined, clientId: string, scope: string, why: string) {
  const assignment: Assignment = { clientId, scope, list: 'none', why };
  const attributes = { [ATTRIBUTE.adopted]: adoptedWithout(client, scope) };
  return { assignment, mark: { clientId, attributes, why } satisfies DesiredClient };
}
