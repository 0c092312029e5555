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

/** Whether the token of a registration still lets its registrant read, change (with a body) or delete his client. */
export async function withToken(
  realm: Realm,
  registered: Registered,
  method: 'GET' | 'PUT' | 'DELETE',
  body?: Representation,
  clientId = String(registered.body.clientId),
): Promise<number> {
  const token = String(registered.body.registrationAccessToken);
  const response = await fetch(
    `${realm.issuer}/clients-registrations/default/${encodeURIComponent(clientId)}`,
    {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    },
  );
  await response.arrayBuffer();
  return response.status;
}

/** Deletes the anonymous registration policies of a provider, as an administrator may have done. */
export async function deletePolicies(realm: Realm, providerId: string): Promise<void> {
  for (const { id } of await anonymousPolicies(realm, providerId)) {
    await realm.admin.del(realm.path(`components/${id}`));
  }
}

/** A token by client credentials; undefined where it is refused. */
export async function userlessToken(
  realm: Realm,
  clientId: string,
  secret: string,
): Promise<string | undefined> {
  const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: secret };
  const response = await fetch(`${realm.issuer}/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams(form),
  });
  return ((await response.json()) as { access_token?: string }).access_token;
}

/** Whether a token administers the realm: it reads the realm's clients. */
export async function administers(realm: Realm, token: string | undefined): Promise<boolean> {
  const response = await fetch(`${realm.admin.access.url}/admin${realm.path('clients?max=1')}`, {
    headers: { authorization: `Bearer ${token ?? ''}` },
  });
  return response.status === 200;
}
