import { describe, expect, it } from 'vitest';
import { candidateOf, isObserved } from '../../../src/commands/prune-clients/judge/candidate.ts';
import { rememberedIn } from '../../../src/commands/prune-clients/judge/marks.ts';
import { PRESETS } from '../../../src/products/index.ts';
import { clientKeyOf, type Entry, NO_RECORD } from '../../../src/realm/record.ts';
import type { Client } from '../../../src/realm/representations.ts';

const ID = '5f0c2f0e-3b7e-4a55-9d0e-7f3f0c9a1b22';
const HIDDEN = 'mcp-audience-svc-1';

const client = (fields: Partial<Client> = {}): Client => ({
  id: ID,
  clientId: ID,
  name: 'ChatGPT',
  enabled: true,
  consentRequired: true,
  fullScopeAllowed: false,
  redirectUris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
  attributes: {},
  defaultClientScopes: [],
  optionalClientScopes: [],
  ...fields,
});

function shield(one: Client, ...entries: Entry[]): string | undefined {
  const remembered = rememberedIn({ ...NO_RECORD, state: 'proved', entries });
  const house = { presets: PRESETS, protect: [], fixed: ['fixed'] };
  return candidateOf(one, house, { remembered, adoptedScopes: [HIDDEN] }).evidence.shield;
}

const kept = (one: Client): Entry => ({
  kind: 'kept',
  client: { id: one.id, clientId: one.clientId },
  key: clientKeyOf(one),
  since: '2026-01-01T00:00:00Z',
  by: 'ann',
});

describe('what shields a client', () => {
  it('is the record, not what the client says of itself', () => {
    const forged = {
      'mcpkc.keep': 'true',
      'mcpkc.adopted': HIDDEN,
      'mcpkc.last-seen': '2026-01-01T00:00:00Z',
    };
    expect(shield(client({ attributes: forged }))).toBeUndefined();
    expect(shield(client(), kept(client()))).toMatch(/--keep/);
  });

  it('is nothing that was said of another client with its ids', () => {
    expect(shield(client({ redirectUris: ['https://chatgpt.com/x'] }), kept(client()))).toBeUndefined();
  });

  it('is an audience that only adopted clients hold', () => {
    expect(shield(client({ defaultClientScopes: [HIDDEN] }))).toMatch(/it was adopted/);
    expect(shield(client({ defaultClientScopes: ['mcp-resource'] }))).toBeUndefined();
  });

  it('is no audience where the product registers anew for each sign-in', () => {
    const codex = { name: 'Codex', redirectUris: ['http://127.0.0.1:1455/callback'] };
    expect(shield(client({ ...codex, defaultClientScopes: [HIDDEN] }))).toBeUndefined();
  });
});

it('nothing is written down of a client whose internal id Keycloak did not make', () => {
  expect(isObserved({ id: ID })).toBe(true);
  expect(isObserved({ id: '..' })).toBe(false);
  expect(isObserved({ id: '' })).toBe(false);
});
