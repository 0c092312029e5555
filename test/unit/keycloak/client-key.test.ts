import { generateKeyPairSync } from 'node:crypto';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import {
  derivePublicPart,
  makeClientKey,
  signAssertion,
} from '../../../src/keycloak/connection/client-key.ts';
import { accountReservations, desiredAccount } from '../../../src/plan/account/desired.ts';
import { planForAccount } from '../../../src/plan/kinds/index.ts';
import { type AccountSnapshot, keyAttributes, signsInWith } from '../../../src/realm/account.ts';
import type { Client } from '../../../src/realm/representations.ts';

const NOW = Date.UTC(2026, 0, 1);

describe('an assertion', () => {
  it('is verified by the public part alone, for one audience, and each has an id of its own', async () => {
    const { pem, jwks } = await makeClientKey();
    const keys = createLocalJWKSet(JSON.parse(jwks));
    const read = async () => {
      const jwt = await signAssertion(pem, 'mcpkc', 'https://k/realms/r', NOW);
      return jwtVerify(jwt, keys, { currentDate: new Date(NOW), audience: 'https://k/realms/r' });
    };
    const [first, second] = [await read(), await read()];
    expect(first.payload).toMatchObject({
      iss: 'mcpkc',
      sub: 'mcpkc',
      aud: 'https://k/realms/r',
      iat: NOW / 1000,
      exp: NOW / 1000 + 60,
    });
    expect(first.protectedHeader.kid).toBe(JSON.parse(jwks).keys[0].kid);
    expect(first.payload.jti).not.toBe(second.payload.jti);
  });

  it('has no private member in its public part, whatever the kind of key', async () => {
    const pairs = [
      generateKeyPairSync('rsa', { modulusLength: 2048 }),
      generateKeyPairSync('ed25519'),
      generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    ];
    for (const { privateKey } of pairs) {
      const part = await derivePublicPart(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
      expect(part).not.toMatch(/"(d|p|q|dp|dq|qi)":/);
    }
  });
});

describe('the plan of an account with a key', () => {
  const base = { clientId: undefined, target: 'mcp', realm: 'mcp', readOnly: false, exact: false };
  const wish = desiredAccount({ ...base, rotate: false, retentionMs: undefined });
  const client = (fields: Partial<Client>): Client => ({
    id: 'id',
    clientId: 'mcpkc',
    enabled: true,
    serviceAccountsEnabled: true,
    clientAuthenticatorType: 'client-jwt',
    redirectUris: [],
    attributes: {},
    defaultClientScopes: ['basic', 'roles'],
    optionalClientScopes: [],
    ...fields,
  });
  const seen = (fields: Partial<Client>): AccountSnapshot => ({
    realm: 'mcp',
    roleClient: 'realm-management',
    client: client(fields),
    roles: [
      ...wish.roles.map((name) => ({ of: 'realm-management', name })),
      { of: 'mcpkc', name: 'mcpkc-account' },
    ],
    passed: [...wish.roles],
    scopes: [],
    events: undefined,
  });

  it('keeps the key that is here, and asks before it ends one that isn’t', async () => {
    const [here, next] = [(await makeClientKey()).jwks, (await makeClientKey()).jwks];
    const desired = { ...wish, signIn: 'key' as const, keys: { next, held: here } };
    const right = seen({ attributes: keyAttributes(here) });
    expect(planForAccount(desired, right)).toEqual([]);
    expect(accountReservations(desired, right)).toEqual([]);
    const others = seen({ attributes: keyAttributes(next) });
    expect(planForAccount(desired, others)).toMatchObject([
      { before: { key: 'as it is' }, after: { key: 'a new one' } },
    ]);
    expect(accountReservations(desired, others)).toHaveLength(1);
    expect(accountReservations({ ...desired, rotate: true }, others)).toEqual([]);
  });

  it.each([
    ['an address of keys', { 'use.jwks.url': 'true' }],
    ['a set that isn’t used', { 'use.jwks.string': 'false' }],
    ['no set', { 'jwks.string': 'no JSON' }],
  ])('%s beside the key is not the key alone', async (_what, attributes) => {
    const { jwks } = await makeClientKey();
    expect(signsInWith(client({ attributes: keyAttributes(jwks) }), jwks)).toBe(true);
    expect(signsInWith(client({ attributes: { ...keyAttributes(jwks), ...attributes } }), jwks)).toBe(false);
  });

  it('a second key in the set is not the key alone', async () => {
    const [one, other] = [(await makeClientKey()).jwks, (await makeClientKey()).jwks];
    const both = JSON.stringify({ keys: [...JSON.parse(one).keys, ...JSON.parse(other).keys] });
    expect(signsInWith(client({ attributes: keyAttributes(both) }), one)).toBe(false);
  });
});
