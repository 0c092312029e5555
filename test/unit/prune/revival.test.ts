import { describe, expect, it } from 'vitest';
import { revivalOf } from '../../../src/commands/prune-clients/judge/revival.ts';
import { clientOf } from '../../../src/keycloak/read/clients.ts';
import type { ReadRecord } from '../../../src/plan/pruned-backup.ts';
import { PRESETS } from '../../../src/products/index.ts';

const ID = '0f8b1c1e-7d3c-4b0a-9f6e-2f1f8c1f5a11';
const SCOPES = { all: ['basic', 'email', 'mcp-audience-svc'], listed: ['basic', 'email'] };

function record(changes: Record<string, unknown> = {}, authentic = true): ReadRecord {
  const representation = {
    id: ID,
    clientId: ID,
    name: 'ChatGPT',
    secret: 's3cret',
    protocol: 'openid-connect',
    consentRequired: true,
    fullScopeAllowed: false,
    standardFlowEnabled: true,
    redirectUris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
    attributes: { 'mcpkc.adopted': 'x', 'client.secret.creation.time': '1790000000' },
    defaultClientScopes: ['basic', 'mcp-audience-svc', 'gone'],
    optionalClientScopes: ['email'],
    enabled: false,
    ...changes,
  };
  return {
    at: 'x',
    by: 'me',
    server: 'https://kc',
    realm: 'demo',
    id: ID,
    clientId: ID,
    representation,
    authentic,
  };
}

const plan = (one: ReadRecord) => revivalOf(one, SCOPES, PRESETS, clientOf);
const mapper = {
  name: 'aud',
  protocolMapper: 'oidc-audience-mapper',
  protocol: 'openid-connect',
  config: {},
};

describe('a client of a backup', () => {
  it('of this realm comes back as it was, enabled, and without asking', () => {
    const revival = plan(record({ protocolMappers: [], authenticationFlowBindingOverrides: {} }));
    expect(revival).toMatchObject({
      reservations: [],
      redirectUris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
      grants: ['authorization code'],
      scopes: { default: ['basic', 'mcp-audience-svc'], optional: ['email'] },
      lostScopes: ['gone'],
      leftOut: [],
      body: { secret: 's3cret', enabled: true, authenticationFlowBindingOverrides: {} },
    });
    expect(revival.body).toHaveProperty('attributes', { 'client.secret.creation.time': '1790000000' });
  });

  it('of a foreign file brings what a registration can and no more, and needs consent', () => {
    const hostile = {
      protocolMappers: [mapper],
      authenticationFlowBindingOverrides: { browser: 'x' },
      authorizationSettings: {},
      registrationAccessToken: 'rat',
    };
    const revival = plan(record(hostile, false));
    expect(revival).toMatchObject({
      reservations: [expect.stringMatching(/no seal of this realm: .*realm 'demo' at https:\/\/kc/)],
      scopes: { default: ['basic'], optional: ['email'] },
      mappers: [],
      leftOut: [
        'the scope mcp-audience-svc, which no registration gets',
        'a protocol mapper of its own (oidc-audience-mapper)',
      ],
      body: {
        consentRequired: true,
        fullScopeAllowed: false,
        protocolMappers: [],
        attributes: { 'pkce.code.challenge.method': 'S256' },
      },
    });
    for (const field of Object.keys(hostile).slice(1)) expect(revival.body).not.toHaveProperty(field);
  });

  it.each([
    ['a wildcard', { redirectUris: ['https://chatgpt.com/*'] }, /wildcard/],
    ['another host', { redirectUris: ['https://evil.example/cb'] }, /none of/],
    ['client credentials', { serviceAccountsEnabled: true }, /client credentials/],
    ['the implicit flow', { implicitFlowEnabled: true }, /implicit flow/],
  ])('with %s needs consent, wherever it is from', (_name, changes, reason) => {
    expect(plan(record(changes)).reservations).toEqual([expect.stringMatching(reason)]);
    expect(plan(record(changes, false)).reservations).toHaveLength(2);
  });
});
