import { excessGrants, judgeAdoption } from '../products/adoptable.ts';
import { createdAt, isSelfRegistered } from '../products/dynamic.ts';
import type { Preset } from '../products/preset.ts';
import { heldAs } from '../realm/lists.ts';
import { isUserlessRefused, OWN_POLICY, PKCE_ATTRIBUTE, PKCE_METHOD } from '../realm/own-policies.ts';
import { allowancesOf, NO_RECORD, type RealmRecord } from '../realm/record.ts';
import { type Client, isKeycloakId } from '../realm/representations.ts';
import type { RealmSnapshot } from '../realm/snapshot.ts';
import { brief, visible } from '../text.ts';
import type { Reservation } from './plan.ts';

/**
 * A client as an operator has to see it before it gets an audience. Shows its name for itself, its redirect URIs, its
 * excess grants, and when it was made.
 */
export function describeClient(client: Client): string {
  const { clientId, name, redirectUris } = client;
  const called = name ? ` (${brief(name, 40)})` : '';
  const uris = redirectUris.map((uri) => visible(uri)).join(' ') || 'no redirect URI';
  const grants = excessGrants(client);
  const may = grants.length === 0 ? '' : `; may use ${visible(grants.join(', '))}`;
  const made = createdAt(client);
  const when = made === undefined ? '' : `; made ${new Date(made).toISOString()}`;
  return `${visible(clientId)}${called}: ${uris}${may}${when}`;
}

/** The reason why a named client must not get an audience without a person's word; undefined where it may. */
export function findStrangeness(client: Client, presets: readonly Preset[]): string | undefined {
  if (!isKeycloakId(client.id)) return 'its internal id is not one that Keycloak makes';
  // A client that an administrator made is for an administrator to judge, and naming it is that judgement.
  if (!isSelfRegistered(client)) return undefined;
  const verdict = judgeAdoption(client, presets);
  return verdict.adoptable ? undefined : verdict.reason;
}

/**
 * Reservations about named clients, which are judged like newcomers. A client that registered itself and that no
 * adoption would accept is shown, and needs a person's word. A registrant chooses client ids, also the one that an
 * operator has in mind.
 */
export function namedReservations(
  clients: readonly (Client | undefined)[],
  presets: readonly Preset[],
  record: RealmRecord = NO_RECORD,
): Reservation[] {
  return clients.flatMap((client) => {
    // A client that mcpkc made looks like a registration, and is proved by its record.
    const isMade = client !== undefined && allowancesOf(record, client).length > 0;
    const reason = client && !isMade ? findStrangeness(client, presets) : undefined;
    if (client === undefined || reason === undefined) return [];
    return [
      {
        message: `The client '${visible(client.clientId)}' registered itself, and an adoption would not accept it: ${visible(reason)}.\n  ${describeClient(client)}`,
      },
    ];
  });
}

/**
 * Reservations about an application that gets tokens without a user, and is held to PKCE by its own setting. To mcpkc's
 * policy it looks like a client that registered itself. Once it holds the audience, those tokens would be refused. That
 * needs a person's word.
 */
export function userlessReservations(
  clients: readonly (Client | undefined)[],
  carrier: string,
  { clientPolicies }: Pick<RealmSnapshot, 'clientPolicies'>,
): Reservation[] {
  const refuses = clientPolicies.some(
    (policy) => policy.enabled !== false && isUserlessRefused(policy, carrier),
  );
  if (!refuses) return [];
  return clients.flatMap((client) => {
    const isMachine = client?.serviceAccountsEnabled === true;
    if (!isMachine || client.attributes[PKCE_ATTRIBUTE] !== PKCE_METHOD) return [];
    if (heldAs(client, carrier) !== 'none') return [];
    const message = `The client '${visible(client.clientId)}' has a service account and is held to PKCE: once it holds the audience, the client policy ${OWN_POLICY.userless} refuses it every token without a user.`;
    return [{ message }];
  });
}
