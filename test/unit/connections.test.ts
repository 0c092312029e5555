import { describe, expect, it } from 'vitest';
import { partlyOf, productsOf, tokenLifeOf, wayOf } from '../../src/commands/connections/rows.ts';
import { PRESETS } from '../../src/products/index.ts';
import { resolvePresets } from '../../src/products/resolve.ts';
import { type Allowed, clientKeyOf, MADE_ATTRIBUTE, NO_RECORD } from '../../src/realm/record.ts';
import type { Client } from '../../src/realm/representations.ts';
import { client, connector, LIFETIMES, RESOURCE } from './status/seen.ts';

const DOCUMENT = 'https://acme.example/client.json';
const ID = '1f8b1c1e-7d3c-4b0a-9f6e-2f1f8c1f5a11';
const CIMD = 'cimd.cache.expiry.time.in.sec';
const NONE = { policies: [], profiles: [] };
const STRANGER = { record: NO_RECORD, lists: NONE };

/** A client policy that fetches documents from these hosts. */
const fetching = (...hosts: string[]) => ({
  policies: [
    {
      name: 'documents',
      enabled: true,
      conditions: [
        {
          condition: 'client-id-uri',
          configuration: { 'client-id-uri-allow-permitted-domains': hosts },
        },
      ],
      profiles: ['documents'],
    },
  ],
  profiles: [
    {
      name: 'documents',
      executors: [
        {
          executor: 'client-id-metadata-document',
          configuration: { 'cimd-allow-permitted-domains': hosts },
        },
      ],
    },
  ],
});

const byDocument = (attributes: Record<string, string>, more: Partial<Client> = {}) =>
  connector(DOCUMENT, { id: ID, attributes, ...more });

/** A client that mcpkc made, and its record. */
function made(way: Allowed['way'], products: string[], clientId = 'mcp-svc') {
  const one = client(clientId, { id: ID, attributes: { [MADE_ATTRIBUTE]: 'proof' } });
  const entry: Allowed = {
    kind: 'allowed',
    client: { id: ID, clientId },
    key: clientKeyOf(one),
    proof: 'proof',
    way,
    products,
    resource: RESOURCE,
    scope: 'mcp-resource',
    madeScopes: false,
    since: '2026-11-27T10:00:00.000Z',
    by: 'ann',
  };
  return { one, facts: { record: { state: 'proved' as const, entries: [entry] }, lists: NONE } };
}

describe('the way of a client', () => {
  it.each<[string, Client]>([
    ['an https URL as client id', byDocument({})],
    ['the attribute of a document that is fetched', byDocument({ [CIMD]: '1900000000' })],
    ['the attribute of a pin', byDocument({ [CIMD]: '2147483647' })],
    ['a guessed proof', byDocument({ [CIMD]: '2147483647', [MADE_ATTRIBUTE]: 'proof' })],
  ])('is no document’s by what a stranger chooses: %s', (_what, one) => {
    expect(wayOf(one, STRANGER)).toBe('registration');
  });

  it('is a document’s by a policy that fetches it, and by none that fetches others', () => {
    const fetched = byDocument({ [CIMD]: '1900000000' });
    expect(wayOf(fetched, { record: NO_RECORD, lists: fetching('acme.example') })).toBe('document');
    expect(wayOf(fetched, { record: NO_RECORD, lists: fetching('other.example') })).toBe('registration');
  });

  it.each(['document', 'client'] as const)('is what mcpkc made it for: %s', (way) => {
    const { one, facts } = made(way, ['chatgpt']);
    expect(wayOf(one, facts)).toBe(way);
  });

  it('is an administrator’s client where nothing shows a registration', () => {
    expect(wayOf(client('portal', { id: ID, fullScopeAllowed: true }), STRANGER)).toBe('client');
  });
});

describe('the product of a client', () => {
  it('is the one that it was made for, whatever its redirect URIs; of several, each', () => {
    const { one, facts } = made('client', ['opencode', 'codex']);
    expect(productsOf(one, PRESETS, facts).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['opencode', 'codex']),
    );
  });

  it('is told by redirect URIs where mcpkc didn’t make it', () => {
    expect(productsOf(connector(ID), PRESETS, STRANGER).map(({ name }) => name)).toEqual(['chatgpt']);
  });

  it('one that leads to it and to others is named, one on a person’s machine isn’t', () => {
    const [chatgpt] = resolvePresets(['chatgpt']);
    const row = (redirectUris: string[]) =>
      ({ client: client(redirectUris.join(), { redirectUris }) }) as never;
    const callback = 'https://chatgpt.com/connector_platform_oauth_redirect';
    const rows = [row([callback, 'https://acme.example/cb']), row(['http://localhost/cb'])];
    expect(chatgpt && partlyOf(chatgpt, rows).length).toBe(1);
  });
});

describe('how long a token lasts', () => {
  it.each<[string, Partial<Client>, number]>([
    ['as the realm has it', {}, 300],
    ['as the client has it', { attributes: { 'access.token.lifespan': '7200' } }, 7200],
    ['as long as a session', { attributes: { 'access.token.lifespan': '-1' } }, 36_000],
    ['as the realm has it, for what is no number', { attributes: { 'access.token.lifespan': 'x' } }, 300],
    ['as the implicit flow has it', { implicitFlowEnabled: true }, 900],
  ])('%s', (_what, more, seconds) => {
    expect(tokenLifeOf(client('c', more), LIFETIMES)).toBe(seconds);
  });
});
