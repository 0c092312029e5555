import { findClientById } from '../../../src/keycloak/read/clients.ts';
import { writeRecord } from '../../../src/keycloak/write/record.ts';
import { clientKeyOf, RECORD_CLIENT } from '../../../src/realm/record.ts';
import { connected } from '../../support/keycloak/connection.ts';
import type { Stage } from './error-stages.ts';
import { SCOPE, type World } from './world.ts';

const S256 = { 'pkce.code.challenge.method': 'S256' };

/** A connector of ChatGPT as Keycloak registers it, with changes; it inherits the realm's default scopes. */
async function connector(world: World, fields: Record<string, unknown> = {}): Promise<string> {
  const id = crypto.randomUUID();
  await world.admin.post(world.path('clients'), {
    id,
    clientId: id,
    name: 'ChatGPT',
    consentRequired: true,
    fullScopeAllowed: false,
    redirectUris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
    attributes: S256,
    ...fields,
  });
  return id;
}

const elsewhere = (world: World, id: string) =>
  world.admin.put(world.path(`clients/${id}`), {
    clientId: id,
    redirectUris: ['https://chatgpt.com/connector_platform_oauth_redirect', 'https://chatgpt.com/another'],
  });

const DOCUMENT = 'https://chatgpt.com/oauth/client.json';

/** A client of an id that means something to products, as a registration leaves it. */
async function taken(world: World, clientId: string, fields: Record<string, unknown>): Promise<void> {
  await world.admin.post(world.path('clients'), {
    clientId,
    publicClient: true,
    consentRequired: true,
    fullScopeAllowed: false,
    defaultClientScopes: ['basic'],
    ...fields,
  });
}

/** Who gets an audience, and what mcpkc remembers. */
export const HOLDER_STAGES: readonly Stage[] = [
  {
    code: 'HOLDER_EXCEEDS',
    flags: ['--clients'],
    stage: async (world) => void (await connector(world, { directAccessGrantsEnabled: true })),
  },
  {
    code: 'ADOPTED_CHANGED',
    async stage(world) {
      const id = await connector(world);
      const keycloak = await connected(world.account);
      const client = await findClientById(keycloak, id);
      if (!client) throw new Error('the connector is gone');
      const named = { client: { id, clientId: id }, key: clientKeyOf(client) };
      const since = new Date().toISOString();
      const entry = {
        kind: 'adopted',
        ...named,
        resource: world.host.url,
        scope: SCOPE,
        since,
        by: 'ann',
      } as const;
      await writeRecord(keycloak, { remember: [entry] });
      await elsewhere(world, id);
    },
  },
  {
    code: 'KEPT_CHANGED',
    flags: ['--clients'],
    async stage(world) {
      const id = await connector(world);
      await world.mcpkc(0, 'prune-clients', '--keep', id);
      await elsewhere(world, id);
    },
  },
  {
    code: 'MARKS_ON_CLIENTS',
    flags: ['--clients'],
    stage: async (world) =>
      void (await connector(world, {
        attributes: { ...S256, 'mcpkc.adopted': SCOPE, 'mcpkc.keep': 'true' },
      })),
  },
  {
    code: 'RECORD_LOST',
    // The record alone knows that the client of the server's URL is mcpkc's own.
    also: ['RESOURCE_CLIENT_FOREIGN'],
    async stage(world) {
      await world.mcpkc(0, 'prune-clients', '--observe');
      const { id } = await world.client(RECORD_CLIENT);
      await world.admin.del(world.path(`clients/${id}`));
    },
  },
  {
    code: 'ALLOWED_LOST',
    async stage(world) {
      await world.mcpkc(0, 'allow', '--preset', 'codex', '--by', 'client');
      const { id } = await world.client('mcp-server-codex');
      await world.admin.del(world.path(`clients/${id}`));
    },
  },
  {
    code: 'DOCUMENT_ID_TAKEN',
    stage: (world) => taken(world, DOCUMENT, { redirectUris: ['https://evil.example/cb'] }),
  },
  {
    code: 'RESOURCE_ID_TAKEN',
    async stage(world) {
      await world.withoutClient(world.host.url);
      await taken(world, world.host.url, { bearerOnly: true });
    },
  },
  {
    code: 'FETCHED_CLIENT_EXCEEDS',
    also: ['DOCUMENT_ID_TAKEN'],
    stage: (world) =>
      taken(world, DOCUMENT, {
        redirectUris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
        directAccessGrantsEnabled: true,
        attributes: { 'cimd.cache.expiry.time.in.sec': '1900000000' },
      }),
  },
];
