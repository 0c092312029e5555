import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CookieJar } from '../support/connectors/cookies.ts';
import { signIn } from '../support/connectors/sign-in.ts';
import { newRealm, type TestRealm } from './realm.ts';

const REDIRECT = 'https://client.example.com/callback';
let realm: TestRealm;

beforeAll(async () => {
  realm = await newRealm();
  const common = { publicClient: true, redirectUris: [REDIRECT], standardFlowEnabled: true };
  await realm.admin.post(realm.path('clients'), { ...common, clientId: 'plain' });
  await realm.admin.post(realm.path('clients'), { ...common, clientId: 'asks-first', consentRequired: true });
});

afterAll(() => realm?.remove());

function request(clientId: string, changes: Readonly<Record<string, string>> = {}): URL {
  const url = new URL(`${realm.issuer}/protocol/openid-connect/auth`);
  const params = { response_type: 'code', client_id: clientId, redirect_uri: REDIRECT, state: 's&1' };
  url.search = new URLSearchParams({ ...params, ...changes }).toString();
  return url;
}

describe('signing in', () => {
  it('ends at the redirect URI with code, state and issuer', async () => {
    const result = await signIn(request('plain'), { user: realm.user, redirectUri: REDIRECT });
    expect(result).toMatchObject({ ok: true, state: 's&1', iss: realm.issuer, pages: ['login-login'] });
  });

  it('consents once, and not again with the same browser', async () => {
    const options = { user: realm.user, redirectUri: REDIRECT, jar: new CookieJar() };
    const first = await signIn(request('asks-first'), options);
    expect(first).toMatchObject({ ok: true, pages: ['login-login', 'login-login-oauth-grant'] });
    expect(await signIn(request('asks-first'), options)).toMatchObject({ ok: true, pages: [] });
    expect(await signIn(request('plain'), options)).toMatchObject({ ok: true, pages: [] });
  });

  it('asks for consent alone, where another client’s session is there', async () => {
    const options = { user: realm.user, redirectUri: REDIRECT, jar: new CookieJar() };
    await signIn(request('plain'), options);
    const scope = { scope: 'openid phone' };
    const refused = await signIn(request('asks-first', scope), { ...options, refuseConsent: true });
    expect(refused).toMatchObject({ ok: false, stage: 'consent', error: 'access_denied', page: 'redirect' });
    const granted = await signIn(request('asks-first', scope), options);
    expect(granted).toMatchObject({ ok: true, pages: ['login-login-oauth-grant'] });
  });

  it.each([
    ['an unknown client', 'nobody', {}, 'Client not found.'],
    [
      'an unregistered redirect URI',
      'plain',
      { redirect_uri: 'https://evil.example/' },
      'Invalid parameter: redirect_uri',
    ],
  ])('stops at the error page for %s', async (_name, clientId, changes, description) => {
    const result = await signIn(request(clientId, changes), { user: realm.user, redirectUri: REDIRECT });
    expect(result).toMatchObject({ stage: 'authorization', status: 400, page: 'login-error', description });
  });

  it('reads an error from the redirect, issuer included', async () => {
    const result = await signIn(request('plain', { scope: 'nonsense' }), {
      user: realm.user,
      redirectUri: REDIRECT,
    });
    expect(result).toMatchObject({ stage: 'authorization', page: 'redirect', error: 'invalid_scope' });
    expect(result.params?.get('iss')).toBe(realm.issuer);
  });

  it.each(['UPDATE_PROFILE', 'UPDATE_PASSWORD'])(
    'names the page of the required action %s',
    async (action) => {
      const password = 'pass-word-1';
      const username = action.toLowerCase();
      await realm.admin.post(realm.path('users'), {
        username,
        enabled: true,
        requiredActions: [action],
        credentials: [{ type: 'password', value: password }],
      });
      const result = await signIn(request('plain'), { user: { username, password }, redirectUri: REDIRECT });
      const page = `login-login-${action.toLowerCase().replace('_', '-')}`;
      expect(result).toMatchObject({ stage: 'sign-in', error: 'unexpected_page', page });
    },
  );
});
