import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { type Admin, type AdminAccess, adminOf } from '../../../tools/keycloak/admin.ts';
import { type RealmSnapshot, snapshotOf } from './snapshot.ts';

/** A user whom Keycloak asks nothing more at the sign-in. */
export interface RealmUser {
  id: string;
  username: string;
  password: string;
  email: string;
}

/** A realm for one test file, with the policies and scopes that Keycloak gives to every new realm. */
export interface Realm {
  readonly name: string;
  /** `<url>/realms/<encoded name>` */
  readonly issuer: string;
  readonly admin: Admin;
  /** The path of something in the realm for `admin`: `path('clients?max=5')` is `/realms/<encoded name>/clients?max=5`. */
  path(rest?: string): string;
  /** Makes a user; what isn't told is made up. Further fields go into Keycloak's representation as they are. */
  createUser(details?: {
    username?: string;
    password?: string;
    email?: string;
    [field: string]: unknown;
  }): Promise<RealmUser>;
  /** Everything in the realm that mcpkc could change, for a comparison of before and after. */
  snapshot(): Promise<RealmSnapshot>;
  remove(): Promise<void>;
}

/** Makes an empty realm whose name begins with `purpose`. `settings` are fields of its representation. */
export async function createRealm(
  server: AdminAccess,
  purpose = 'realm',
  settings: Record<string, unknown> = {},
): Promise<Realm> {
  const name = `${purpose}-${randomBytes(4).toString('hex')}`;
  const admin = adminOf(server);
  await admin.post('/realms', { ...cheapRealm(), ...settings, realm: name });
  const realm = realmNamed(admin, name);
  return process.env.MCPKC_EXPORT === undefined ? realm : exporting(realm);
}

/** In the suite `export`: the realm is exported before it is removed, and after each test. */
async function exporting(realm: Realm): Promise<Realm> {
  const { expectExport, forgetRealm, noteRealm } = await import('./exported.ts');
  const remove = async () => {
    forgetRealm(whole);
    await expectExport(whole).finally(() => realm.remove());
  };
  const whole: Realm = { ...realm, remove };
  noteRealm(whole);
  return whole;
}

/** Fields of a realm that takes little of the server's processor: keys made here, one round of a hash in place of Argon2. */
export function cheapRealm(): Record<string, unknown> {
  return {
    enabled: true,
    components: keys(),
    passwordPolicy: 'hashAlgorithm(pbkdf2-sha256) and hashIterations(1)',
  };
}

let made: Record<string, unknown[]> | undefined;

/**
 * The keys of a realm as components of its representation. A server whose compiler is held back takes seconds of processor
 * to make two RSA keys (26.7.4), Node takes a tenth of one: so realms that one process of tests makes share theirs.
 */
function keys(): Record<string, unknown[]> {
  const provider = (name: string, providerId: string, algorithm: string) => ({
    name,
    providerId,
    config: { privateKey: [rsaKey()], priority: ['100'], algorithm: [algorithm] },
  });
  const generated = (name: string, providerId: string, config: Record<string, string[]>) => ({
    name,
    providerId,
    config: { priority: ['100'], ...config },
  });
  made ??= {
    'org.keycloak.keys.KeyProvider': [
      provider('rsa-generated', 'rsa', 'RS256'),
      provider('rsa-enc-generated', 'rsa-enc', 'RSA-OAEP'),
      generated('hmac-generated-hs512', 'hmac-generated', { algorithm: ['HS512'] }),
      generated('aes-generated', 'aes-generated', {}),
    ],
  };
  return made;
}

function rsaKey(): string {
  const encoding = { publicKeyEncoding: { type: 'spki', format: 'pem' } } as const;
  const options = {
    ...encoding,
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  } as const;
  return generateKeyPairSync('rsa', options).privateKey;
}

/** A realm that is there already. */
export function realmNamed(admin: Admin, name: string): Realm {
  const encoded = encodeURIComponent(name);
  const path = (rest = '') => `/realms/${encoded}${rest === '' || rest.startsWith('/') ? rest : `/${rest}`}`;
  return {
    name,
    issuer: `${admin.access.url}/realms/${encoded}`,
    admin,
    path,
    createUser: (details = {}) => createUser(admin, path('users'), details),
    snapshot: () => snapshotOf(admin, path),
    async remove() {
      const { status, json } = await admin.request('DELETE', path());
      if (status !== 204 && status !== 404)
        throw new Error(`Realm ${name} can't be removed: ${status} ${JSON.stringify(json)}`);
    },
  };
}

async function createUser(
  admin: Admin,
  path: string,
  details: { username?: string; password?: string; email?: string },
): Promise<RealmUser> {
  const { password = `p-${randomBytes(9).toString('base64url')}`, ...rest } = details;
  const username = rest.username ?? `user-${randomBytes(3).toString('hex')}`;
  const email = rest.email ?? `${username}@example.test`;
  const { id } = await admin.post(path, {
    enabled: true,
    firstName: 'Test',
    lastName: 'User',
    emailVerified: true,
    requiredActions: [],
    ...rest,
    username,
    email,
    credentials: [{ type: 'password', value: password, temporary: false }],
  });
  if (!id) throw new Error(`Keycloak made the user ${username} and did not say its id.`);
  return { id, username, password, email };
}
