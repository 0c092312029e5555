import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerOf } from '../../../src/commands/status/answer.ts';
import { judgedClients } from '../../../src/findings/judged-clients.ts';
import { PRESETS } from '../../../src/products/index.ts';
import { clientKeyOf, type Entry, type RealmRecord } from '../../../src/realm/record.ts';
import type { Client } from '../../../src/realm/representations.ts';
import { AUDIENCE_SCOPE, client, connector, mapper, RESOURCE, scope, seen, visible } from './seen.ts';

const SCOPES = [
  AUDIENCE_SCOPE,
  scope('other-audience', { mappers: [mapper('https://other.example.com')] }),
  scope('mcp-resource-x'),
  scope('profile'),
];
const ID = '3f0d8a5e-1c5e-4f8e-9d1d-0123456789ab';

/** Clients of any kind, in the fields that rules look at. */
const anyClient = fc
  .record(
    {
      clientId: fc.constantFrom(
        'app',
        ID,
        'https://chatgpt.com/oauth/client.json',
        RESOURCE,
        'mcpkc',
        'http://x',
      ),
      id: fc.constantFrom('app', ID, '../x'),
      name: fc.constantFrom('ChatGPT', 'Claude', 'App'),
      protocol: fc.constantFrom('openid-connect', 'saml'),
      enabled: fc.boolean(),
      consentRequired: fc.boolean(),
      fullScopeAllowed: fc.boolean(),
      standardFlowEnabled: fc.boolean(),
      serviceAccountsEnabled: fc.boolean(),
      directAccessGrantsEnabled: fc.boolean(),
      redirectUris: fc.constantFrom<string[]>(
        ['https://chatgpt.com/connector_platform_oauth_redirect'],
        ['http://localhost:1/cb'],
        ['https://app.example.com/*'],
        [],
      ),
      attributes: fc.dictionary(
        fc.constantFrom(
          'mcpkc.adopted',
          'resource_url',
          'tosUri',
          'pkce.code.challenge.method',
          'client.secret.creation.time',
          'oauth2.device.authorization.grant.enabled',
        ),
        fc.constantFrom(
          'true',
          'S256',
          RESOURCE,
          '1790000000',
          'https://mcpkc.invalid/probe/00000000.1.zzzzzzzz.0',
        ),
      ),
      defaultClientScopes: fc.subarray(SCOPES.map(({ name }) => name)),
      optionalClientScopes: fc.subarray(SCOPES.map(({ name }) => name)),
    },
    {
      requiredKeys: [
        'clientId',
        'id',
        'redirectUris',
        'attributes',
        'defaultClientScopes',
        'optionalClientScopes',
      ],
    },
  )
  .map((fields): Client => client(fields.clientId, fields));

function recordOf(kept: readonly Client[]): RealmRecord {
  const entries = kept.map((one): Entry => {
    const { id, clientId } = one;
    return {
      kind: 'kept',
      client: { id, clientId },
      key: clientKeyOf(one),
      since: '2026-11-27T10:00:00Z',
      by: 'ann',
    };
  });
  return { state: 'proved', entries };
}

describe('the clients that are judged, of all', () => {
  it('are enough for the same answer', () => {
    fc.assert(
      fc.property(
        fc.array(anyClient, { maxLength: 6 }),
        fc.array(anyClient, { maxLength: 2 }),
        (all, kept) => {
          const record = recordOf(kept);
          const isJudged = judgedClients({
            presets: PRESETS,
            scopeName: 'mcp-resource',
            scopes: SCOPES,
            record,
          });
          const answerFor = (clients: Client[]) => {
            const { seen: _seen, ...answer } = answerOf(
              seen({
                scopes: visible({ all: SCOPES, defaults: ['mcp-resource'], optionals: [] }),
                record: visible(record),
                clients: visible({ clients, sessions: visible(new Map()) }),
              }),
            ) as ReturnType<typeof answerOf> & { seen?: unknown };
            return answer;
          };
          expect(answerFor(all.filter(isJudged))).toEqual(answerFor(all));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('leave out applications that have nothing to do with MCP servers', () => {
    const isJudged = judgedClients({
      presets: PRESETS,
      scopeName: 'mcp-resource',
      scopes: SCOPES,
      record: recordOf([]),
    });
    const application = client('app', {
      redirectUris: ['https://app.example.com/*'],
      fullScopeAllowed: true,
      serviceAccountsEnabled: true,
      defaultClientScopes: ['profile', 'roles'],
    });
    expect(isJudged(application)).toBe(false);
    expect(isJudged({ ...application, defaultClientScopes: ['mcp-resource'] })).toBe(true);
    expect(isJudged(connector(ID, { id: ID }))).toBe(true);
    // Refusals are counted by product, by the client that they were of.
    expect(isJudged({ ...application, redirectUris: ['https://chatgpt.com/connector/oauth/x'] })).toBe(true);
  });
});
