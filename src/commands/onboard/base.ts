import type { Config } from '../../config/config.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import type { Assignment, DesiredClient } from '../../plan/desired.ts';
import { policyNames } from '../../plan/policies.ts';
import type { Provisioning } from '../../plan/provisioned.ts';
import { heldAs, type RealmList, realmListOf } from '../../realm/lists.ts';
import { ATTRIBUTE, type Mode } from '../../realm/marks.ts';
import { listFor, modeOf } from '../../realm/mcp-scope.ts';
import { type RealmSnapshot, scopeNamed } from '../../realm/snapshot.ts';
import { openWindow } from './mark.ts';
import type { Run } from './run.ts';

/** The scope's mode and list outside a window, also while one is open. A scope that isn't there yet will be windowed. */
export function modeAndList(scope: string, snapshot: RealmSnapshot): { mode: Mode; list: RealmList } {
  const found = scopeNamed(snapshot, scope);
  if (!found) return { mode: 'windowed', list: 'none' };
  const mark = openWindow(snapshot, scope);
  const now = mark ? mark.before : realmListOf(snapshot, scope);
  if (mark && found.attributes[ATTRIBUTE.mode] === undefined)
    return { mode: now === 'none' ? 'windowed' : 'standing', list: now };
  const mode = modeOf(found, snapshot);
  return { mode, list: listFor(mode, now) };
}

/** The provisioning of the resource outside a window, with the clients that get the scope by name. */
export function baseOf(
  run: Run,
  snapshot: RealmSnapshot,
  attached: readonly { assignment: Assignment; mark: DesiredClient }[],
  freed: Assignment[],
): Provisioning {
  const { scope, resource, mode, list, presets } = run;
  const found = scopeNamed(snapshot, scope);
  const names = policyNames(scope);
  const has = (name: string) => snapshot.clientPolicies.some((policy) => policy.name === name);
  // Who left the PKCE policy out for this scope (--no-pkce-policy) meant it.
  const pkce = found?.attributes[ATTRIBUTE.pkce] !== 'off' || has(names.pkce);
  return {
    scope,
    resource,
    mode,
    list,
    presets,
    pkce,
    rejectUserless: has(names.userless),
    harden: run.harden,
    assignments: [...attached.map(({ assignment }) => assignment), ...freed],
    clients: attached.map(({ mark }) => mark),
  };
}

/** mcpkc's own account without the scope, where it inherited it. */
export function ownAccount(
  config: Config,
  keycloak: Keycloak,
  snapshot: RealmSnapshot,
  scope: string,
): Assignment[] {
  const own = snapshot.clients.find(({ clientId }) => clientId === config.clientId);
  if (!own || keycloak.accountRealm !== keycloak.realm || heldAs(own, scope) === 'none') return [];
  return [
    {
      clientId: own.clientId,
      scope,
      list: 'none',
      why: 'so that mcpkc’s own account carries no MCP audience',
    },
  ];
}
