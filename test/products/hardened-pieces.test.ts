import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OWN_POLICY } from '../../src/realm/own-policies.ts';
import { since } from '../support/keycloak/version.ts';
import { login } from '../support/login.ts';
import { addClient, anonymousPolicies, configure } from '../support/realm-things.ts';
import { expectConnected, hardened, leave, type Place, PRESET } from './hardened.ts';

/** Mapper types of a new realm (Keycloak 26.7.4). */
const ALL_MAPPERS = [
  'oidc-address-mapper',
  'oidc-full-name-mapper',
  'oidc-sha256-pairwise-sub-mapper',
  'oidc-usermodel-attribute-mapper',
  'oidc-usermodel-property-mapper',
  'saml-role-list-mapper',
  'saml-user-attribute-mapper',
  'saml-user-property-mapper',
];
const PIECES = ['mapper types', 'registrations', 'userless'] as const;
const redirectUri = 'https://app.example.com/callback';

/** Takes away all that the hardening did but for one piece. */
async function leaveOnly(piece: (typeof PIECES)[number], { realm }: Place): Promise<number> {
  const path = realm.path('client-policies/policies');
  const { policies } = await realm.admin.get<{ policies: { name: string }[] }>(path);
  const kept = policies.filter(({ name }) => piece in OWN_POLICY && name === OWN_POLICY[piece as 'userless']);
  await realm.admin.put(path, { policies: kept });
  if (piece === 'mapper types') return kept.length;
  for (const policy of await anonymousPolicies(realm, 'allowed-protocol-mappers'))
    await configure(realm, policy, { 'allowed-protocol-mapper-types': ALL_MAPPERS });
  return kept.length;
}

describe.each(PIECES.filter((piece) => piece !== 'userless' || since(26, 7, 0)))(
  'the hardening’s piece %s alone',
  (piece) => {
    let place: Place;

    beforeAll(async () => {
      place = await hardened(Object.values(PRESET));
      await addClient(place.realm, 'app', { publicClient: true, redirectUris: [redirectUri] });
      expect(await leaveOnly(piece, place)).toBe(piece === 'mapper types' ? 0 : 1);
    });
    afterAll(() => leave(place));

    it.each(Object.keys(PRESET))('%s registers, signs in and refreshes', (product) =>
      expectConnected(product, place),
    );

    it('an administrator’s application without PKCE signs in as before', async () => {
      const { realm, user } = place;
      expect(await login(realm, { clientId: 'app', redirectUri, user })).toMatchObject({ ok: true });
    });
  },
);
