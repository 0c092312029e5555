import type ClientRepresentation from '@keycloak/keycloak-admin-client/lib/defs/clientRepresentation.js';
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  type ClientFacts,
  createdAt,
  isProbe,
  judgeOrigin,
  presetOf,
  probeRun,
} from '../../../src/products/dynamic.ts';
import { PRESETS } from '../../../src/products/index.ts';
import { resolvePresets } from '../../../src/products/resolve.ts';
import { client, fromDocument, keys } from './captured.ts';

test('Keycloak’s representation can be given as it is', () => {
  expectTypeOf<ClientRepresentation>().toExtend<ClientFacts>();
});

describe('how a client came to be', () => {
  test('every captured registration is dynamic, the administrator’s client is not', () => {
    const kinds = keys('').map((key) => [key, judgeOrigin(client(key)).kind]);
    expect(kinds.filter(([, kind]) => kind !== 'dynamic')).toEqual([['by-admin', 'other']]);
  });
  test.each<[string, ClientFacts]>([
    ['another internal id', { id: '00000000-0000-4000-8000-000000000000' }],
    ['no consent', { consentRequired: false }],
    ['full scope', { fullScopeAllowed: true }],
    ['consent unknown', { consentRequired: undefined }],
    ['scope unknown', { fullScopeAllowed: undefined }],
    ['SAML', { protocol: 'saml' }],
    [
      'upper case',
      { id: 'E395BC4C-D70E-4C86-B735-423F91D67933', clientId: 'E395BC4C-D70E-4C86-B735-423F91D67933' },
    ],
    ['a name that is its id', { id: 'my-client', clientId: 'my-client' }],
    ['a URL without metadata document', { clientId: 'https://chatgpt.com/oauth/client.json' }],
    ['nothing at all', { id: undefined, clientId: undefined }],
  ])('%s: other, with the reason', (_what, changes) => {
    const { kind, why } = judgeOrigin(client('chatgpt', changes));
    expect(kind).toBe('other');
    expect(why).not.toBe('');
  });
  test('a URL with the attribute of metadata documents is CIMD; an inherited attribute is none', () => {
    expect(judgeOrigin(fromDocument('https://chatgpt.com/oauth/client.json', 'chatgpt')).kind).toBe('cimd');
    const inherited = Object.create({ 'cimd.cache.expiry.time.in.sec': '1' });
    expect(judgeOrigin({ clientId: 'https://x.example/c', attributes: inherited }).kind).toBe('other');
  });
});

describe('when it was made', () => {
  test('a confidential client tells, a public one does not', () => {
    expect(createdAt(client('chatgpt'))).toBe(1_795_552_394_000);
    expect(createdAt(client('claude-code'))).toBeUndefined();
  });
  test.each([
    '',
    '0',
    '-1795552394',
    '1795552394.5',
    '1795552394000',
    '0x6b05f00a',
    ' 1795552394',
    '1e9',
    'NaN',
    '9999999999',
    1_795_552_394,
    null,
    {},
  ])('%j is ignored', (value) => {
    expect(createdAt({ attributes: { 'client.secret.creation.time': value } })).toBeUndefined();
  });
});

test('probes are told by their tos_uri, which Keycloak keeps as tosUri', () => {
  expect(isProbe(client('probe'))).toBe(true);
  expect(probeRun(client('probe'))).toBe('run-1');
  expect(keys('').filter((key) => isProbe(client(key)))).toEqual(['probe']);
  expect(isProbe({ attributes: { tosUri: 'https://mcpkc.invalid.evil.example/probe/x' } })).toBe(false);
});

describe('whose it is', () => {
  test.each(PRESETS)('$name is recognised among all presets', (preset) => {
    expect(presetOf(client(preset.name), PRESETS)?.name).toBe(preset.name);
  });
  test('a name proves nothing', () => {
    expect(
      presetOf(client('by-admin', { name: 'ChatGPT', redirectUris: ['https://evil.example/cb'] }), PRESETS),
    ).toBeUndefined();
    expect(presetOf(client('chatgpt', { redirectUris: [] }), PRESETS)).toBeUndefined();
    expect(presetOf(client('chatgpt', { redirectUris: undefined }), PRESETS)).toBeUndefined();
  });
  test('one foreign URI among good ones is enough', () => {
    const redirectUris = ['https://chatgpt.com/connector_platform_oauth_redirect', 'https://evil.example/cb'];
    expect(presetOf(client('chatgpt', { redirectUris }), PRESETS)).toBeUndefined();
    const mixed = [
      'https://chatgpt.com/connector_platform_oauth_redirect',
      'https://claude.ai/api/mcp/auth_callback',
    ];
    expect(presetOf(client('chatgpt', { redirectUris: mixed }), PRESETS)).toBeUndefined();
  });
  test('where any tool could listen, the name has to fit as well', () => {
    expect(presetOf(client('gemini-cli', { name: 'MCP CLI Client' }), PRESETS)?.name).toBe('mcp-remote');
    expect(presetOf(client('gemini-cli', { name: 'Some tool' }), PRESETS)).toBeUndefined();
    expect(presetOf(client('gemini-cli', { name: undefined }), PRESETS)).toBeUndefined();
    expect(presetOf(client('mcp-remote'), resolvePresets(['gemini-cli']))).toBeUndefined();
  });
  test('elsewhere the redirect URIs suffice', () => {
    expect(presetOf(client('noname'), PRESETS)?.name).toBe('chatgpt');
  });
  test('a metadata document decides by its URL', () => {
    const of = (url: string, key: string, changes: ClientFacts = {}) =>
      presetOf(fromDocument(url, key, changes), PRESETS)?.name;
    const portless = { redirectUris: ['http://localhost/callback', 'http://127.0.0.1/callback'] };
    expect(of('https://chatgpt.com/oauth/client.json', 'chatgpt')).toBe('chatgpt');
    expect(of('https://chatgpt.com/oauth/AbC-1/client.json', 'chatgpt')).toBe('chatgpt');
    expect(of('https://claude.ai/oauth/claude-code-client-metadata', 'claude-code', portless)).toBe(
      'claude-code',
    );
    expect(of('https://chatgpt.com/oauth/codex/client.json', 'codex', portless)).toBe('codex');
    expect(of('https://evil.example/client.json', 'claude-code', portless)).toBeUndefined();
    expect(of('https://chatgpt.com/oauth/../client.json', 'chatgpt')).toBeUndefined();
    expect(of('https://chatgpt.com/oauth/client.json', 'claude')).toBeUndefined();
  });
});
