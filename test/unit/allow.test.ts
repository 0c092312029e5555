import { describe, expect, it } from 'vitest';
import { GROUPS } from '../../src/findings/index.ts';
import { judge } from '../../src/findings/judge.ts';
import { productStates } from '../../src/findings/product-states.ts';
import { givenSteps } from '../../src/products/connect.ts';
import { connectionText } from '../../src/products/connection.ts';
import { judgeOrigin } from '../../src/products/dynamic.ts';
import { PRESETS } from '../../src/products/index.ts';
import { resolvePresets } from '../../src/products/resolve.ts';
import { exactRedirects, preferredWay, prospectOf } from '../../src/products/way.ts';
import {
  type Allowed,
  allowancesOf,
  clientKeyOf,
  NO_RECORD,
  type RealmRecord,
} from '../../src/realm/record.ts';
import { plainScopes } from '../../src/realm/ways.ts';
import { expectCli } from '../support/cli.ts';
import {
  client,
  found,
  mapper,
  metadata,
  POLICIES,
  PROFILES,
  RESOURCE,
  scope,
  seen,
  TRUSTED,
  USERLESS,
  visible,
  withScopes,
} from './status/seen.ts';

const [chatgpt, cline] = resolvePresets(['chatgpt', 'cline']) as [(typeof PRESETS)[0], (typeof PRESETS)[0]];
const DOCUMENT = chatgpt.cimdUrl ?? '';
const advertising = {
  face: { atIssuer: { ...metadata(), cimd: true }, atKeycloak: { ...metadata(), cimd: true } },
};
const PROOF = '5e0c0bd2-96f3-4f8c-9e2c-0d6d1fbd3b0a';
const ID = '1f8b1c1e-7d3c-4b0a-9f6e-2f1f8c1f5a11';

const made = (attributes: Record<string, string> = { 'mcpkc.made': PROOF }) =>
  client(DOCUMENT, {
    id: ID,
    name: 'ChatGPT',
    consentRequired: true,
    fullScopeAllowed: false,
    redirectUris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
    defaultClientScopes: ['mcp-resource'],
    attributes: { 'cimd.cache.expiry.time.in.sec': '2147483647', ...attributes },
  });

function recordOf(way: 'document' | 'client' = 'document'): RealmRecord {
  const { id, clientId } = made();
  const entry: Allowed = {
    kind: 'allowed',
    client: { id, clientId },
    key: clientKeyOf(made()),
    proof: PROOF,
    way,
    products: ['chatgpt'],
    resource: RESOURCE,
    scope: 'mcp-resource',
    madeScopes: false,
    since: '2026-11-27T10:00:00.000Z',
    by: 'ann',
  };
  return { state: 'proved', entries: [entry] };
}

const codes = (all: readonly { code: string }[]) => all.map(({ code }) => code);

describe('whose a client is', () => {
  it('is told by its id and an attribute that no registrant reads', () => {
    expect(allowancesOf(recordOf(), made())).toHaveLength(1);
    expect(allowancesOf(recordOf(), made({}))).toEqual([]);
    expect(allowancesOf(recordOf(), made({ 'mcpkc.made': 'guessed' }))).toEqual([]);
    expect(allowancesOf(recordOf(), { ...made(), id: '2f8b1c1e-7d3c-4b0a-9f6e-2f1f8c1f5a11' })).toEqual([]);
  });

  it('a pin is no client that Keycloak fetched', () => {
    expect(judgeOrigin(made()).kind).toBe('other');
    const fetched = { ...made(), attributes: { 'cimd.cache.expiry.time.in.sec': '1900000000' } };
    expect(judgeOrigin(fetched).kind).toBe('cimd');
  });
});

it.each([
  [{ way: 'registration', clientId: null, reason: null }, 'by registration'],
  [{ way: 'client', clientId: 'mcp-svc-codex', reason: null }, 'by a client made beforehand (mcp-svc-codex)'],
  [{ way: 'document-pinned', clientId: DOCUMENT, reason: null }, `by its document (pinned, ${DOCUMENT})`],
  [
    { way: 'document-fetched', clientId: DOCUMENT, reason: "fetched by the client policy 'docs'" },
    `by its document (fetched, ${DOCUMENT}, by the client policy 'docs')`,
  ],
] as const)('%o reads %s', (connection, words) => expect(connectionText(connection)).toBe(words));

describe('what products are told', () => {
  it('redirect URIs are exact, loopback ones without a port, a connection’s own left out', () => {
    const uris = ['http://localhost:<port>/callback', 'http://localhost/callback', 'https://a.example/{id}'];
    expect(exactRedirects(uris)).toEqual({
      exact: ['http://localhost/callback'],
      leftOut: ['https://a.example/{id}'],
    });
  });

  it.each(PRESETS)('the steps of $name have its URL, and what it is given, and no placeholder', (preset) => {
    if (!preset.withClient)
      return expect(prospectOf(preset, 'client', { documents: false }).connects).toBe('unknown');
    const steps = givenSteps(preset.withClient.steps, 'https://svc.example.com/mcp', {
      clientId: 'the id',
      secretFile: '/a b/the.secret',
    }).join('\n');
    expect(steps).toContain('https://svc.example.com/mcp');
    expect(steps).toContain(preset.withClient.secret === 'json' ? '/a b/the.secret' : 'the id');
    if (preset.withClient.secret === 'text') expect(steps).toContain('/a b/the.secret');
    expect(steps).not.toMatch(/\{(?:mcp|name|client-id|secret-file)\}/);
    for (const [, code = ''] of steps.matchAll(/`([{[].*?)`/g)) expect(() => JSON.parse(code)).not.toThrow();
  });

  it('what a product will do hangs on what the issuer advertises', () => {
    expect(prospectOf(chatgpt, 'document', { documents: true }).connects).toBe('yes');
    expect(prospectOf(chatgpt, 'document', { documents: false })).toMatchObject({
      connects: 'no',
      message: expect.stringContaining('won’t use it'),
    });
    expect(prospectOf(chatgpt, 'client', { documents: false }).connects).toBe('yes');
    expect(preferredWay(chatgpt, { documents: true })).toBe('document');
    expect(preferredWay(chatgpt, { documents: false })).toBe('client');
    expect(preferredWay(cline, { documents: true })).toBe('client');
  });
});

it('scopes beside the MCP server’s open nothing', () => {
  const opens = scope('mcp-other', { mappers: [mapper('https://other.example.com/mcp')] });
  const names = ['basic', 'profile', 'phone', 'offline_access', 'kc-admin-api', 'unlisted'];
  const scopes = [opens, ...names.map((name) => scope(name)), scope('saml', { protocol: 'saml' })];
  const lists = {
    defaultScopes: ['profile', 'mcp-other', 'saml'],
    optionalScopes: ['phone', 'kc-admin-api'],
  };
  expect(plainScopes({ scopes, ...lists }, [])).toEqual({
    defaults: ['basic', 'profile'],
    optionals: ['offline_access', 'phone'],
  });
});

describe('status', () => {
  it('knows a product by its pin, by a client, by registration', () => {
    const pinned = {
      ...advertising,
      record: visible(recordOf()),
      ids: visible([made()]),
      adopted: visible([made()]),
    };
    expect(codes(found(pinned))).toEqual([]);
    const told = (parts: Parameters<typeof seen>[0] = {}) =>
      productStates(seen(parts), judge(GROUPS, seen(parts)).findings, true);
    expect(told(pinned)).toMatchObject([{ way: 'document-pinned', clientId: DOCUMENT, verdict: 'ready' }]);
    const given = { record: visible(recordOf('client')), adopted: visible([made()]) };
    expect(told(given)).toMatchObject([{ way: 'client', verdict: 'ready' }]);
    expect(told()).toMatchObject([{ way: 'registration', reason: null, verdict: 'ready' }]);
  });

  /** The line of the product in question. */
  const told = (changes: Parameters<typeof seen>[0]) => {
    const here = seen(changes);
    return productStates(here, judge(GROUPS, here).findings, true)[0];
  };

  it.each([
    ['gone', undefined, 'is gone: its users are refused', 'command'],
    ['of another', made({}), 'is another one: its users are refused', 'command'],
    ['disabled', { ...made(), enabled: false }, 'is disabled: its users are refused', 'keycloak'],
    [
      'without the audience',
      { ...made(), defaultClientScopes: [] },
      'lost the scope mcp-resource',
      'command',
    ],
  ])('a client that was made and is %s connects nobody', (_what, client, words, kind) => {
    const given = { record: visible(recordOf('client')), adopted: visible(client ? [client] : []) };
    const message = expect.stringContaining(words);
    expect(found(given)).toMatchObject([{ code: 'ALLOWED_LOST', message, fix: { kind } }]);
    expect(told(given)).toMatchObject({
      way: 'none',
      verdict: 'stopped',
      codes: ['ALLOWED_LOST'],
      reason: message,
    });
  });

  it('a product that has a client meets nothing of what stops registrations', () => {
    const emptied = POLICIES.map((one) => (one === TRUSTED ? { ...one, config: {} } : one));
    const given = { record: visible(recordOf('client')), adopted: visible([made()]) };
    const presets = resolvePresets(['chatgpt', 'cline']);
    const here = seen({ ...given, registrationPolicies: visible(emptied) }, { presets });
    const states = productStates(here, judge(GROUPS, here).findings, true);
    expect(states).toMatchObject([
      { preset: 'chatgpt', way: 'client', verdict: 'ready' },
      { preset: 'cline', way: 'none', verdict: 'stopped', codes: ['TRUSTED_HOSTS_EMPTY'] },
    ]);
  });

  it('no fix opens registration for products that have clients', () => {
    const emptied = POLICIES.map((one) => (one === TRUSTED ? { ...one, config: {} } : one));
    const wrong = scope('mcp-resource', {
      attributes: { 'mcpkc.mode': 'standing', 'mcpkc.resource': RESOURCE },
      mappers: [mapper(`${RESOURCE}/`)],
    });
    const given = { record: visible(recordOf('client')), adopted: visible([made()]) };
    const shut = { ...given, ...withScopes([wrong]), registrationPolicies: visible(emptied) };
    expect(found(shut)).toMatchObject([
      { code: 'AUDIENCE_MISMATCH', fix: { text: `mcpkc create-scope --resource ${RESOURCE}` } },
    ]);
    const [mismatch] = found({ ...shut, record: visible(NO_RECORD) });
    expect(mismatch?.fix.text).toContain('--preset chatgpt');
  });

  it('a document’s client that holds another server’s audience alone is said, and allow fixes it', () => {
    const client = { ...made(), defaultClientScopes: ['mcp-resource-other'] };
    const known = { ...advertising, record: visible(NO_RECORD), ids: visible([client]) };
    const entry = { ...(recordOf().entries[0] as Allowed), resource: 'https://other.example.com/mcp' };
    const pinned = { ...known, record: visible({ state: 'proved', entries: [entry] } as const) };
    expect(found(pinned).filter(({ code }) => code === 'DOCUMENT_NOT_ALLOWED')).toMatchObject([
      { fix: { kind: 'command', text: `mcpkc allow ${RESOURCE} --preset chatgpt` } },
    ]);
    expect(told(pinned)).toMatchObject({ way: 'none', verdict: 'stopped' });
  });

  it('a document that a policy fetches is told apart: readable, unreadable, refused', () => {
    const policies = (permitted: string) => {
      const condition = {
        condition: 'client-id-uri',
        configuration: { 'client-id-uri-allow-permitted-domains': ['chatgpt.com', 'vscode.dev'] },
      };
      const configuration = { 'cimd-allow-permitted-domains': [permitted, 'vscode.dev'] };
      const executors = [{ executor: 'client-id-metadata-document', configuration }];
      return visible({
        policies: [{ name: 'docs', enabled: true, conditions: [condition], profiles: ['docs'] }],
        profiles: [{ name: 'docs', executors }],
      });
    };
    const server = visible({ version: '26.7.3', features: ['cimd'], redirects: 'patterns' as const });
    const [vscode] = resolvePresets(['vscode']);
    const here = seen(
      { ...advertising, server, clientPolicies: policies('chatgpt.com') },
      { presets: [chatgpt, ...(vscode ? [vscode] : [])] },
    );
    const by = "the client policy 'docs', which others made";
    expect(productStates(here, judge(GROUPS, here).findings, true)).toMatchObject([
      { preset: 'chatgpt', way: 'none', codes: expect.arrayContaining(['DOCUMENT_NOT_ALLOWED']) },
      { preset: 'vscode', way: 'document-fetched', reason: `fetched by ${by}` },
    ]);
    const pinned = { record: visible(recordOf()), ids: visible([made()]), adopted: visible([made()]) };
    expect(
      told({ ...advertising, ...pinned, server, clientPolicies: policies('elsewhere.example') }),
    ).toMatchObject({
      way: 'none',
      reason: expect.stringContaining("the client policy 'docs' refuses"),
    });
  });

  it('has no word on registration where nobody registers', () => {
    const emptied = POLICIES.map((one) => (one === TRUSTED ? { ...one, config: {} } : one));
    const registrationPolicies = visible(emptied);
    const clientPolicies = visible({ policies: [USERLESS], profiles: PROFILES });
    const shut = { registrationPolicies, clientPolicies };
    const given = { record: visible(recordOf('client')), adopted: visible([made()]) };
    expect(codes(found({ ...shut, ...given }))).toEqual([]);
    // Nobody can register: what would make registration safer comes once it is opened.
    expect(codes(found(shut))).toEqual(['TRUSTED_HOSTS_EMPTY']);
  });

  it('finds what was taken, lost, or fetched with too much', () => {
    const taken = { ids: visible([made({})]) };
    expect(found(taken)).toMatchObject([{ code: 'DOCUMENT_ID_TAKEN', fix: { kind: 'keycloak' } }]);
    expect(found({ ...taken, ...advertising })[0]?.fix).toEqual({
      kind: 'command',
      text: `mcpkc allow ${RESOURCE} --preset chatgpt --by document --yes`,
    });
    expect(codes(found({ record: visible(recordOf('client')) }))).toEqual(['ALLOWED_LOST']);
    const squatted = client(RESOURCE, { consentRequired: true, fullScopeAllowed: false });
    expect(codes(found({ ids: visible([squatted]) }))).toEqual(['RESOURCE_ID_TAKEN']);
  });

  it('compares a pin with the live document', () => {
    const [uri] = made().redirectUris;
    const pinned = { record: visible(recordOf()), ids: visible([made()]), adopted: visible([made()]) };
    const live = (...redirectUris: string[]) =>
      found(pinned, { documents: new Map([[DOCUMENT, { redirectUris }]]) });
    expect(live(uri ?? '')).toEqual([]);
    expect(live(uri ?? '', 'https://chatgpt.com/new')).toMatchObject([
      { code: 'DOCUMENT_DIFFERS', message: expect.stringContaining('lacks https://chatgpt.com/new') },
    ]);
    expect(
      found(pinned, { documents: new Map([[DOCUMENT, { why: 'it is answered with 404' }]]) }),
    ).toMatchObject([{ code: 'DOCUMENT_DIFFERS', severity: 'info' }]);
  });

  it('a policy for documents on a server without the feature', () => {
    const condition = { condition: 'client-id-uri', configuration: {} };
    const clientPolicies = visible({
      policies: [{ name: 'docs', enabled: true, conditions: [condition], profiles: ['docs'] }],
      profiles: [
        {
          name: 'docs',
          executors: [{ executor: 'client-id-metadata-document', configuration: {} }],
        },
      ],
    });
    expect(codes(found({ clientPolicies }))).toEqual(
      expect.arrayContaining(['DOCUMENT_POLICY_BREAKS_REALM', 'DOCUMENT_POLICY_IN_VAIN']),
    );
  });
});

describe('flags', () => {
  const env = {
    KC_SERVER: 'http://127.0.0.1:9',
    KC_REALM: 'demo',
    KC_CLIENT_ID: 'mcpkc',
    KC_CLIENT_SECRET: 'not-printed-anywhere',
  };
  it.each([
    [['--by', 'document', '--preset', 'cursor'], '--by'],
    [['--by', 'document', '--preset', 'chatgpt', '--client-id', 'https://evil.example/doc'], '--client-id'],
    [['--redirect-uri', 'https://a.example/*', '--client-id', 'a'], '--redirect-uri'],
    [['--redirect-uri', 'https://a.example/cb'], '--client-id'],
    [['--preset', 'claude,chatgpt', '--client-id', 'a'], '--preset'],
    [['--client-id', 'account'], '--client-id'],
    [['--client-id', 'mcpkc-record'], '--client-id'],
    [['--client-id', 'a b'], '--client-id'],
  ])('%j is refused before anything is sent', async (args, culprit) => {
    const ran = await expectCli(2, ['allow', RESOURCE, ...args, '--json'], { env });
    expect(ran.json).toMatchObject({ code: 'INPUT_INVALID', details: { culprit } });
  });
});
