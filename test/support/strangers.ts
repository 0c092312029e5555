import type { Realm } from './keycloak/realm.ts';
import type { Representation } from './keycloak/snapshot.ts';
import { anonymousPolicies, configure } from './realm-things.ts';

/** What Keycloak answered to a registration. */
export interface Registered {
  status: number;
  body: Representation;
}

/**
 * Registers a whole client as anybody can, at the endpoint that takes Keycloak's own representation: client id, internal
 * id, attributes, secret and mappers are the stranger's to choose.
 */
export async function registerWhole(realm: Realm, body: Representation): Promise<Registered> {
  const response = await fetch(`${realm.issuer}/clients-registrations/default`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Representation };
}

/** Changes a registration by its registration access token, as its registrant can. */
export async function updateOwn(
  realm: Realm,
  registered: Registered,
  body: Representation,
): Promise<{ status: number; body: Representation }> {
  const { clientId, registrationAccessToken } = registered.body;
  const response = await fetch(
    `${realm.issuer}/clients-registrations/default/${encodeURIComponent(String(clientId))}`,
    {
      method: 'PUT',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${String(registrationAccessToken)}`,
      },
      body: JSON.stringify({ clientId, ...body }),
    },
  );
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Representation) };
}

/** Lets anybody register clients whose URIs are at these hosts. */
export async function openRegistration(realm: Realm, hosts: readonly string[]): Promise<void> {
  for (const policy of await anonymousPolicies(realm, 'trusted-hosts')) {
    await configure(realm, policy, {
      'trusted-hosts': [...hosts],
      'host-sending-registration-request-must-match': ['false'],
    });
  }
}
