import { describe, expect, test } from 'vitest';
import { excessGrants, judgeAdoption } from '../../../src/products/adoptable.ts';
import type { ClientFacts } from '../../../src/products/dynamic.ts';
import { PRESETS } from '../../../src/products/index.ts';
import type { Preset } from '../../../src/products/preset.ts';
import { resolvePresets } from '../../../src/products/resolve.ts';
import { client, fromDocument, keys } from './captured.ts';

const CHATGPT = resolvePresets(['chatgpt']);

function reason(facts: ClientFacts, presets: readonly Preset[] = CHATGPT): string {
  const answer = judgeAdoption(facts, presets);
  return answer.adoptable ? '' : answer.reason;
}

describe('a product’s own registration', () => {
  test.each(PRESETS)('$name is adopted', (preset) => {
    expect(judgeAdoption(client(preset.name), [preset])).toEqual({ adoptable: true, preset });
  });
  test('vscode lists the device grant, which no other product may bring, and it no other grant', () => {
    expect(reason(client('vscode', { serviceAccountsEnabled: true }), PRESETS)).toContain(
      'client credentials',
    );
    const attributes = {
      ...client('vscode').attributes,
      'oauth2.jwt.authorization.grant.enabled': 'true',
    };
    expect(reason(client('vscode', { attributes }), PRESETS)).toBe('it may also use the JWT bearer grant');
    expect(reason(client('grant device_code'), PRESETS)).toContain('the device grant');
  });
  test('claude’s metadata document lists the JWT bearer grant, its registration does not', () => {
    const attributes = {
      ...client('claude').attributes,
      'oauth2.jwt.authorization.grant.enabled': 'true',
      'cimd.cache.expiry.time.in.sec': '1795552394',
    };
    const claude = resolvePresets(['claude']);
    const url = 'https://claude.ai/oauth/mcp-oauth-client-metadata';
    expect(judgeAdoption(client('claude', { clientId: url, attributes }), claude).adoptable).toBe(true);
    expect(reason(client('claude', { attributes }), claude)).toContain('JWT bearer');
    const chatgpt = fromDocument('https://chatgpt.com/oauth/client.json', 'grant jwt-bearer');
    expect(reason(chatgpt)).toContain('JWT bearer');
  });
  test.each(['no-grants', 'auth-code-only', 'noname', 'evilname'])('ChatGPT’s with %s is adopted', (key) => {
    expect(judgeAdoption(client(key), CHATGPT).adoptable).toBe(true);
  });
  test('so is a client from the product’s metadata document', () => {
    expect(
      judgeAdoption(fromDocument('https://chatgpt.com/oauth/client.json', 'chatgpt'), CHATGPT).adoptable,
    ).toBe(true);
  });
});

test('a client that brings a mapper of its own is not adopted, but for the pairwise subject', () => {
  const mapper = (protocolMapper: string) => ({ protocolMappers: [{ protocolMapper }] });
  expect(reason(client('chatgpt', mapper('oidc-usermodel-attribute-mapper')))).toContain(
    'protocol mappers of its own (oidc-usermodel-attribute-mapper)',
  );
  expect(reason(client('chatgpt', mapper('oidc-sha256-pairwise-sub-mapper')))).toBe('');
});

describe('what is not adopted, and why', () => {
  test.each(keys('grant '))('%s', (key) => {
    expect(reason(client(key))).toMatch(/^it may also use /);
  });
  test.each([
    ['only-cc', 'client credentials'],
    ['hybrid', 'the implicit flow'],
    ['grant password', 'the password grant'],
    ['grant device_code', 'the device grant'],
    ['grant ciba', 'CIBA'],
    ['grant token-exchange', 'token exchange'],
    ['grant jwt-bearer', 'JWT bearer'],
    ['grant uma-ticket', 'authorization services'],
    ['wild', 'https://chatgpt.com/* is a wildcard'],
    ['uri /*', 'is a wildcard'],
    ['probe', 'probe of mcpkc'],
    ['by-admin', 'did not register itself'],
    ['claude', 'https://claude.ai/api/mcp/auth_callback is none of: chatgpt'],
  ])('%s: %s', (key, words) => {
    expect(reason(client(key))).toContain(words);
  });
  test('no redirect URI that Keycloak let through but that is not ChatGPT’s', () => {
    const passed = keys('uri ');
    expect(passed.length).toBeGreaterThan(4);
    expect(passed.filter((key) => judgeAdoption(client(key), PRESETS).adoptable)).toEqual([]);
  });
  test.each<[string, ClientFacts, string]>([
    ['disabled', { enabled: false }, 'it is disabled'],
    ['without code flow', { standardFlowEnabled: false }, 'cannot use the authorization code flow'],
    ['no redirect URI', { redirectUris: [] }, 'it has no redirect URI'],
    [
      'a grant of a later server',
      { attributes: { 'oauth9.new.grant.enabled': 'true' } },
      'oauth9.new.grant.enabled',
    ],
    ['without consent', { consentRequired: false }, 'does not ask users for consent'],
  ])('%s', (_what, changes, words) => {
    expect(reason(client('chatgpt', changes))).toContain(words);
  });
  test('a metadata document of somebody else, or without consent', () => {
    const evil = fromDocument('https://evil.example/client.json', 'chatgpt');
    expect(reason(evil)).toContain('https://evil.example/client.json is none of: chatgpt');
    const silent = fromDocument('https://chatgpt.com/oauth/client.json', 'chatgpt', {
      consentRequired: false,
    });
    expect(reason(silent)).toContain('does not ask users for consent');
  });
  test('a loopback client that calls itself otherwise, its name as it wrote it', () => {
    const called = client('codex', { name: 'Co\u202edex' });
    expect(reason(called, resolvePresets(['codex']))).toContain('calls itself Co\u202edex');
    expect(reason(client('codex', { name: undefined }), resolvePresets(['codex']))).toContain(
      'gives no name',
    );
  });
  test('redirect URIs of two products at once', () => {
    const redirectUris = [
      'https://chatgpt.com/connector_platform_oauth_redirect',
      'https://claude.ai/api/mcp/auth_callback',
    ];
    expect(reason(client('chatgpt', { redirectUris }), resolvePresets(['chatgpt', 'claude']))).toContain(
      'of one product',
    );
  });
});

test('all that is too much is named at once', () => {
  const greedy = client('grant device_code', {
    serviceAccountsEnabled: true,
    directAccessGrantsEnabled: true,
  });
  expect(excessGrants(greedy)).toHaveLength(3);
});
