import { describe, expect, test } from 'vitest';
import { chatgpt } from '../../../src/products/chatgpt.ts';
import { codex } from '../../../src/products/codex.ts';
import { PRESETS } from '../../../src/products/index.ts';
import {
  exampleRedirect,
  matchesAny,
  matchesRedirect,
  redirect,
  redirectHost,
} from '../../../src/products/redirect.ts';

const HOSTILE = [
  'https://chatgpt.com.evil.example/connector_platform_oauth_redirect',
  'https://chatgpt.com@evil.example/connector_platform_oauth_redirect',
  'https://evil@chatgpt.com/connector_platform_oauth_redirect',
  'https://chatgpt.com:pw@evil.example/connector/oauth/abc',
  'https://chatgpt.com/connector_platform_oauth_redirect/../x',
  'https://chatgpt.com/connector_platform_oauth_redirect/%2e%2e/x',
  'https://chatgpt.com/connector/oauth/..',
  'https://chatgpt.com/connector/oauth/.',
  'https://chatgpt.com/connector/oauth/%2e%2e',
  'https://chatgpt.com/connector/oauth/a%2fb',
  'https://chatgpt.com/connector/oauth/a/b',
  'https://chatgpt.com/connector/oauth/',
  'https://chatgpt.com/connector/oauth',
  'https://chatgpt.com/connector/oauth/{id}',
  'https://chatgpt.com/connector/oauth/abc?next=https://evil.example',
  'https://chatgpt.com/connector/oauth/abc#x',
  'https://chatgpt.com/connector/oauth/abc\n',
  'https://chatgpt.com/connector/oauth/*',
  'https://chatgpt.com/*',
  'https://chatgpt.com/connector_platform_oauth_redirect*',
  'https://chatgpt.com/connector_platform_oauth_redirect?x=*',
  'https://chatgpt.com/connector_platform_oauth_redirect#x',
  'https://chatgpt.com/connector_platform_oauth_redirect/',
  'https://chatgpt.com/connector_platform_oauth_redirect\n',
  ' https://chatgpt.com/connector_platform_oauth_redirect',
  'https://chatgpt.com//connector_platform_oauth_redirect',
  'https://chatgpt.com\\@evil.example/connector_platform_oauth_redirect',
  'https:\\\\chatgpt.com\\connector_platform_oauth_redirect',
  'https://CHATGPT.com/connector_platform_oauth_redirect',
  'HTTPS://chatgpt.com/connector_platform_oauth_redirect',
  'https://chatgpt.com/Connector_platform_oauth_redirect',
  'https://chatgpt.com./connector_platform_oauth_redirect',
  'https://chatgpt.com:443/connector_platform_oauth_redirect',
  'https://chatgpt.com:8443/connector/oauth/abc',
  'http://chatgpt.com/connector_platform_oauth_redirect',
  'https://chatgptxcom/connector/oauth/abc',
  'https://chаtgpt.com/connector/oauth/abc',
  'https://www.chatgpt.com/connector/oauth/abc',
  'javascript://chatgpt.com/connector/oauth/abc',
  ' https://chatgpt.com/connector/oauth/abc',
  'view-source:https://chatgpt.com/connector/oauth/abc',
  'https://evil.example/https://chatgpt.com/connector/oauth/abc',
  '/*',
  '*',
  '+',
  '',
];

const HOSTILE_LOOPBACK = [
  'http://127.0.0.1:<port>/callback',
  'http://127.0.0.1:0/callback',
  'http://127.0.0.1:065/callback',
  'http://127.0.0.1:65536/callback',
  'http://127.0.0.1:99999/callback',
  'http://127.0.0.1:*/callback',
  'http://127.0.0.1:/callback',
  'http://127.0.0.1:80@evil.example/callback',
  'http://127.0.0.1:1/callback/../evil',
  'http://127.0.0.1:1/callback/',
  'http://127.0.0.1:1/callback/a/b',
  'http://127.0.0.2:1/callback',
  'http://localhost.evil.example:1/callback',
  'http://localhost:1.evil.example/callback',
  'http://[::1]:1/callback',
  'https://127.0.0.1:1/callback',
];

describe('a redirect URI that only looks like a product’s', () => {
  test.each(HOSTILE)('%j is not ChatGPT’s', (uri) => {
    expect(matchesAny(chatgpt.redirectUris, uri)).toBe(false);
  });
  test.each(HOSTILE_LOOPBACK)('%j is not Codex’s', (uri) => {
    expect(matchesAny(codex.redirectUris, uri)).toBe(false);
  });
  test('none of them is any product’s', () => {
    const all = PRESETS.flatMap(({ redirectUris }) => redirectUris);
    expect(HOSTILE.filter((uri) => matchesAny(all, uri))).toEqual([]);
  });
});

describe('a redirect URI of a product', () => {
  test.each([
    'https://chatgpt.com/connector_platform_oauth_redirect',
    'https://chatgpt.com/connector/oauth/OUbdUMlL15Ct',
    'https://chatgpt.com/connector/oauth/a-b_c',
    'https://platform.openai.com/apps-manage/oauth',
  ])('%s is ChatGPT’s', (uri) => {
    expect(matchesAny(chatgpt.redirectUris, uri)).toBe(true);
  });
  test.each([
    'http://127.0.0.1:1/callback',
    'http://127.0.0.1:65535/callback',
    'http://127.0.0.1:37819/callback/sbmemyhC9-Ja',
    'http://127.0.0.1/callback',
  ])('%s is Codex’s', (uri) => {
    expect(matchesAny(codex.redirectUris, uri)).toBe(true);
  });
  test('is what a pattern gives as an example, for every pattern', () => {
    for (const pattern of PRESETS.flatMap(({ redirectUris }) => redirectUris)) {
      expect(matchesRedirect(pattern, exampleRedirect(pattern, 54321, 'abc')), pattern.uri).toBe(true);
    }
  });
});

test('the host of a pattern is what Keycloak compares, of a custom scheme the authority', () => {
  expect(redirectHost(redirect('http://localhost:<port>/callback'))).toBe('localhost');
  expect(redirectHost(redirect('https://chatgpt.com/connector/oauth/{id}'))).toBe('chatgpt.com');
  expect(redirectHost(redirect('cursor://anysphere.cursor-mcp/oauth/callback'))).toBe('anysphere.cursor-mcp');
});
