import { CookieJar } from '../support/connectors/cookies.ts';
import { readPage } from '../support/connectors/page.ts';
import { claimsOf } from '../support/connectors/tokens.ts';
import type { Realm, RealmUser } from '../support/keycloak/realm.ts';
import type { Representation } from '../support/keycloak/snapshot.ts';
import { type Login, login, refresh, userless } from '../support/login.ts';
import { anonymousPolicies, clientIn, configure, registerAnonymously } from '../support/realm-things.ts';

const SECRET = 'an-application-of-somebody';

/** What an application uses of Keycloak. */
interface Application {
  clientId: string;
  fields: Representation;
  redirectUri?: string;
  pkce?: 'S256' | 'none';
  /** Its own service account. */
  machine?: true;
  how?: 'saml' | 'device';
}

const confidential = { publicClient: false, secret: SECRET, clientAuthenticatorType: 'client-secret' };

function web(clientId: string, redirectUri: string, more: Representation = {}): Application {
  return {
    clientId,
    redirectUri,
    pkce: 'none',
    fields: { ...confidential, redirectUris: [redirectUri], ...more },
  };
}

/** Twelve applications as a realm of a company has them; the last of all registers by an initial access token. */
export const APPLICATIONS: readonly Application[] = [
  {
    clientId: 'spa',
    redirectUri: 'https://spa.example.com/',
    pkce: 'none',
    fields: {
      publicClient: true,
      redirectUris: ['https://spa.example.com/'],
      webOrigins: ['https://spa.example.com'],
    },
  },
  web('intranet', 'https://intranet.example.com/callback'),
  web('reports', 'https://reports.example.com/oauth', {
    fullScopeAllowed: false,
    directAccessGrantsEnabled: true,
    optionalClientScopes: ['phone', 'offline_access'],
  }),
  {
    clientId: 'nightly-job',
    machine: true,
    fields: { ...confidential, standardFlowEnabled: false, serviceAccountsEnabled: true },
  },
  {
    clientId: 'mobile-and-job',
    redirectUri: 'https://mobile.example.com/callback',
    pkce: 'S256',
    machine: true,
    fields: {
      ...confidential,
      serviceAccountsEnabled: true,
      redirectUris: ['https://mobile.example.com/callback'],
      attributes: { 'pkce.code.challenge.method': 'S256' },
    },
  },
  {
    clientId: 'https://saml.example.com/metadata',
    how: 'saml',
    fields: {
      protocol: 'saml',
      redirectUris: ['https://saml.example.com/*'],
      attributes: {
        saml_idp_initiated_sso_url_name: 'saml-app',
        saml_assertion_consumer_url_post: 'https://saml.example.com/acs',
        'saml.client.signature': 'false',
        'saml.server.signature': 'true',
        saml_name_id_format: 'username',
        saml_force_name_id_format: 'true',
      },
    },
  },
  {
    clientId: 'television',
    how: 'device',
    fields: {
      publicClient: true,
      standardFlowEnabled: false,
      attributes: { 'oauth2.device.authorization.grant.enabled': 'true' },
    },
  },
  web('spring-boot', 'http://localhost:8080/login/oauth2/code/keycloak'),
  web('next-auth', 'https://next.example.com/api/auth/callback/keycloak'),
  web('quarkus', 'https://quarkus.example.com/', { serviceAccountsEnabled: true }),
  web('fastapi', 'https://fastapi.example.com/auth'),
];

/** The one that an initial access token made; it is not told from an administrator's by anything but its registration. */
const BY_TOKEN = { clientId: 'by-initial-token', redirectUri: 'https://token.example.com/callback' } as const;

/** A realm that others use: applications, people with sessions, client policies, registrations. */
export interface Company {
  realm: Realm;
  user: RealmUser;
  applications: readonly Application[];
  logins: Login[];
  /** Refresh tokens of sign-ins from before, by client id. */
  sessions: Map<string, string>;
}

/** Makes them in a realm, or some of them by client id, and signs a person in with each. */
export async function company(realm: Realm, some?: readonly string[]): Promise<Company> {
  const user = await realm.createUser({ username: 'ann' });
  const applications = APPLICATIONS.filter(({ clientId }) => some?.includes(clientId) ?? true);
  for (const { clientId, fields } of applications) {
    await realm.admin.post(realm.path('clients'), { clientId, ...fields });
  }
  const tokenSecret = await registerByToken(realm);
  await ownPolicies(realm);
  await ownRegistrations(realm);
  const logins = [
    ...applications.flatMap(({ clientId, redirectUri, pkce, fields }): Login[] =>
      redirectUri === undefined
        ? []
        : [
            {
              clientId,
              secret: fields.publicClient === true ? undefined : SECRET,
              redirectUri,
              user,
              pkce: pkce ?? 'none',
            },
          ],
    ),
    { ...BY_TOKEN, secret: tokenSecret, user, pkce: 'none' as const },
  ];
  const made: Company = { realm, user, applications, logins, sessions: new Map() };
  const jar = new CookieJar();
  for (const how of logins) {
    const result = await login(realm, { ...how, jar });
    if (!result.ok) throw new Error(`${how.clientId}: ${result.stage} ${result.error}`);
    made.sessions.set(how.clientId, result.refreshToken ?? '');
  }
  return made;
}

async function registerByToken(realm: Realm): Promise<string> {
  const made = await realm.admin.request('POST', realm.path('clients-initial-access'), {
    count: 1,
    expiration: 3600,
  });
  const { token } = made.json as { token: string };
  const response = await fetch(`${realm.issuer}/clients-registrations/default`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({
      clientId: BY_TOKEN.clientId,
      publicClient: false,
      redirectUris: [BY_TOKEN.redirectUri],
    }),
  });
  const body = (await response.json()) as { secret?: string };
  if (response.status !== 201 || body.secret === undefined)
    throw new Error(`initial token: ${response.status}`);
  return body.secret;
}

/** A policy and a profile of somebody's, and one that names a profile of the server. */
async function ownPolicies(realm: Realm): Promise<void> {
  await realm.admin.put(realm.path('client-policies/profiles'), {
    profiles: [
      {
        name: 'their-sessions',
        description: 'theirs',
        executors: [{ executor: 'secure-session', configuration: {} }],
      },
    ],
  });
  await realm.admin.put(realm.path('client-policies/policies'), {
    policies: [
      {
        name: 'their-banking-clients',
        description: 'theirs',
        enabled: true,
        conditions: [{ condition: 'client-roles', configuration: { roles: ['no-client-has-it'] } }],
        profiles: ['their-sessions', 'fapi-1-baseline'],
      },
    ],
  });
}

/** Hosts that somebody trusts, and a client that registered there; the sender has to match again afterwards. */
async function ownRegistrations(realm: Realm): Promise<void> {
  const [policy] = await anonymousPolicies(realm, 'trusted-hosts');
  if (!policy) throw new Error('no Trusted Hosts policy');
  const config = { 'trusted-hosts': ['tools.example.org'], 'client-uris-must-match': ['true'] };
  await configure(realm, policy, { ...config, 'host-sending-registration-request-must-match': ['false'] });
  const { status } = await registerAnonymously(realm, {
    client_name: 'Their tool',
    redirect_uris: ['https://tools.example.org/callback'],
  });
  if (status !== 201) throw new Error(`their registration: ${status}`);
  await configure(realm, policy, { ...config, 'host-sending-registration-request-must-match': ['true'] });
}

/** What a sign-in gives, without what differs each time. */
export function lasting(claims: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const volatile = ['exp', 'iat', 'auth_time', 'jti', 'sid', 'session_state', 'acr', 'at_hash', 'nonce'];
  const sorted = (value: unknown) => (Array.isArray(value) ? [...value].sort() : value);
  const words = (value: unknown) => (typeof value === 'string' ? value.split(' ').sort().join(' ') : value);
  return Object.fromEntries(
    Object.entries(claims)
      .filter(([name]) => !volatile.includes(name))
      .map(([name, value]) => [name, name === 'scope' ? words(value) : sorted(value)]),
  );
}

/** What each application gets when it is used now, by what it does; compared before and after. */
export async function usesOf(made: Company): Promise<Record<string, unknown>> {
  const { realm, applications, logins, sessions, user } = made;
  const uses: Record<string, unknown> = {};
  // One browser: the password is given once.
  const jar = new CookieJar();
  for (const how of logins) {
    const result = await login(realm, { ...how, jar });
    uses[`${how.clientId}: sign-in`] = result.ok ? lasting(result.claims) : result;
    const renewed = await refresh(realm, how, sessions.get(how.clientId) ?? '');
    uses[`${how.clientId}: refresh`] = renewed.ok ? lasting(renewed.claims) : renewed;
    if (renewed.ok && renewed.refreshToken) sessions.set(how.clientId, renewed.refreshToken);
  }
  for (const { clientId, machine, fields } of applications) {
    if (!machine && fields.serviceAccountsEnabled !== true) continue;
    const result = await userless(realm, clientId, SECRET);
    uses[`${clientId}: client credentials`] = result.ok ? lasting(result.claims) : result;
  }
  const has = (way: Application['how']) => applications.some(({ how }) => how === way);
  if (has('saml')) uses['saml: response'] = await samlResponse(realm, user, jar);
  if (has('device')) uses['device: token'] = await deviceToken(realm, user, jar);
  return uses;
}

/** The attributes and the name in a SAML response of a sign-in that begins at Keycloak. */
async function samlResponse(realm: Realm, user: RealmUser, jar: CookieJar): Promise<unknown> {
  const url = `${realm.issuer}/protocol/saml/clients/saml-app`;
  let posted = await browse(jar, url);
  const read = readPage(posted.text);
  if (read.id === 'login-login' && read.form) {
    const { username, password } = user;
    const fields = { ...read.form.fields, username, password };
    posted = await browse(jar, new URL(read.form.action, url).href, fields);
  }
  const encoded = /name="SAMLResponse" value="([^"]+)"/i.exec(posted.text)?.[1];
  if (encoded === undefined) return { status: posted.status, page: posted.text.slice(0, 300) };
  const xml = Buffer.from(encoded, 'base64').toString('utf8');
  const all = (pattern: RegExp) => [...xml.matchAll(pattern)].map((found) => found[1]).sort();
  return {
    to: /action="([^"]+)"/i.exec(posted.text)?.[1],
    name: all(/<saml:NameID[^>]*>([^<]+)</g),
    audience: all(/<saml:Audience>([^<]+)</g),
    attributes: all(/<saml:Attribute [^>]*Name="([^"]+)"/g),
    values: all(/<saml:AttributeValue[^>]*>([^<]+)</g),
    signed: /<dsig:Signature/.test(xml),
  };
}

async function browse(
  jar: CookieJar,
  from: string,
  fields?: Record<string, string>,
): Promise<{ status: number; text: string }> {
  let url = from;
  let body = fields;
  for (let step = 0; step < 10; step++) {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: jar.header(new URL(url)) },
      ...(body === undefined ? {} : { method: 'POST', body: new URLSearchParams(body) }),
    });
    jar.store(new URL(url), response.headers);
    const target = response.headers.get('location');
    if (target === null) return { status: response.status, text: await response.text() };
    url = new URL(target, url).href;
    body = undefined;
  }
  return { status: 0, text: 'too many redirects' };
}

async function deviceToken(realm: Realm, user: RealmUser, jar: CookieJar): Promise<unknown> {
  const ask = async (path: string, body: Record<string, string>) =>
    (
      await fetch(`${realm.issuer}/protocol/openid-connect/${path}`, {
        method: 'POST',
        body: new URLSearchParams({ client_id: 'television', ...body }),
      })
    ).json() as Promise<Record<string, string>>;
  const begun = await ask('auth/device', { scope: 'openid' });
  const start = begun.verification_uri_complete ?? '';
  let page = await browse(jar, start);
  for (let step = 0; step < 4; step++) {
    const read = readPage(page.text);
    if (!read.form) break;
    const { username, password } = user;
    const fields = /login-login$/.test(read.id)
      ? { ...read.form.fields, username, password }
      : { ...read.form.fields, accept: 'Yes' };
    page = await browse(jar, new URL(read.form.action, start).href, fields);
  }
  const tokens = await ask('token', {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: begun.device_code ?? '',
  });
  return tokens.access_token === undefined ? tokens : lasting(claimsOf(tokens.access_token));
}

/** The client of an application, as Keycloak keeps it. */
export async function applicationIn(realm: Realm, clientId: string) {
  const client = await clientIn(realm, clientId);
  if (!client) throw new Error(`there is no client ${clientId}`);
  return client;
}
