import { writeAllowedClient } from '../../keycloak/write/write-allowed.ts';
import { PKCE_ATTRIBUTE } from '../../realm/own-policies.ts';
import { MADE_ATTRIBUTE } from '../../realm/record.ts';
import type { Client } from '../../realm/representations.ts';
import { CIMD_ATTRIBUTE } from '../../realm/ways.ts';
import type { DesiredAllowed } from '../desired.ts';
import type { Change } from '../plan.ts';
import { each } from './join.ts';
import type { Kind } from './kind.ts';

/** A client for a product, or the settings of it that differ; `id` is its internal one. Never its proof. */
export type OwnedAllowed = Readonly<Record<string, unknown>> & { readonly id: string };

/** The settings of such a client that mcpkc owns; scopes are assigned when it is made, and by assignments. */
const FIELDS = [
  'name',
  'enabled',
  'publicClient',
  'standardFlowEnabled',
  'implicitFlowEnabled',
  'directAccessGrantsEnabled',
  'serviceAccountsEnabled',
  'consentRequired',
  'fullScopeAllowed',
] as const;
const ATTRIBUTES = [PKCE_ATTRIBUTE, CIMD_ATTRIBUTE];

const sorted = (values: readonly string[]) => [...values].sort();

/** The fields of a client that are compared. */
function ownedOf(client: Partial<Client>): Record<string, unknown> {
  const attributes = client.attributes ?? {};
  return {
    ...Object.fromEntries(FIELDS.map((field) => [field, client[field]])),
    redirectUris: sorted(client.redirectUris ?? []),
    ...Object.fromEntries(ATTRIBUTES.map((name) => [name, attributes[name] ?? null])),
  };
}

function diffOne(wanted: DesiredAllowed, found: Client | undefined): Change<'allowed-client'>[] {
  const { clientId: key, why } = wanted;
  const isOurs = found?.id === wanted.id && found.attributes[MADE_ATTRIBUTE] === wanted.proof;
  if ('absent' in wanted) {
    if (!found || !isOurs) return [];
    const before = { id: found.id, redirectUris: found.redirectUris };
    return [{ kind: 'allowed-client', action: 'delete', key, before, after: null, why }];
  }
  const { id, create } = wanted;
  if (!found || !isOurs) {
    const before = found ? { id: found.id, clientId: key, redirectUris: found.redirectUris } : null;
    return [{ kind: 'allowed-client', action: 'create', key, before, after: { ...create, id }, why }];
  }
  const [is, must] = [ownedOf(found), ownedOf(create)];
  const differing = Object.keys(must).filter(
    (field) => JSON.stringify(is[field]) !== JSON.stringify(must[field]),
  );
  if (differing.length === 0) return [];
  const pick = (of: Record<string, unknown>) =>
    Object.fromEntries(differing.map((field) => [field, of[field]]));
  const change = { before: { id, ...pick(is) }, after: { id, ...pick(must) } };
  return [{ kind: 'allowed-client', action: 'update', key, ...change, why }];
}

/**
 * Clients that a product is known by without registering. A client in its place that isn't proved to be mcpkc's is
 * removed first. It is never repaired, since anybody who registered it could change it afterwards.
 */
export const allowedClient: Kind<'allowed-client', OwnedAllowed, 'allowedClients'> = {
  title: 'client',
  isRemembered: false,
  isRealmList: false,
  joins: {
    allowedClients: (parts) => each(parts, ({ clientId }) => clientId),
  },
  diff: ({ allowedClients: wanted }, snapshot) =>
    (wanted ?? []).flatMap((one) =>
      diffOne(
        one,
        snapshot.clients.find(({ clientId }) => clientId === one.clientId),
      ),
    ),
  write: (change, { keycloak }) => writeAllowedClient(keycloak, change),
};
