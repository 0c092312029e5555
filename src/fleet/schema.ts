import { z } from 'zod';
import { PRESETS } from '../products/index.ts';

const text = (description: string, examples: string[]) =>
  z.string({ error: 'it must be a text' }).describe(description).meta({ examples });
const texts = (description: string, examples: string[][]) =>
  z
    .array(z.string({ error: 'it must be a text' }), { error: 'it must be a list of texts' })
    .describe(description)
    .meta({ examples });
const yes = (description: string) => z.boolean({ error: 'it must be true or false' }).describe(description);
const oneOf = <const Values extends readonly string[]>(values: Values, description: string) =>
  z.enum(values, { error: `it must be ${values.join(' or ')}` }).describe(description);

/** Products that an editor offers; a configuration may have presets of its own. */
const PRODUCTS = PRESETS.map(({ name }) => name);
const WAYS = ['registration', 'document', 'client'] as const;

const product = z
  .union(
    [
      z
        .string()
        .describe('Name of the client product (--preset; mcpkc presets lists them): it may register itself')
        .meta({ examples: PRODUCTS }),
      z
        .strictObject(
          {
            preset: text(
              'Name of the client product (--preset; mcpkc presets lists them). Left out, for a client of your own: by: client, clientId and redirectUris are needed',
              PRODUCTS,
            ).optional(),
            by: oneOf(
              WAYS,
              'How it connects. registration: it registers itself, as with its name alone. document: Keycloak knows it by the metadata document that its maker publishes (mcpkc allow --by document). client: a client is made for it beforehand (mcpkc allow --by client)',
            ),
            clientId: text(
              'Client id of the client that is made (--client-id). Left out: mcp-<server>-<product>',
              ['mcp-wiki-claude'],
            ).optional(),
            redirectUris: texts(
              'Redirect URIs beside those that mcpkc knows of the product (--redirect-uri)',
              [['https://agent.example.com/callback']],
            ).optional(),
          },
          { error: 'it must be the name of a product, or {preset, by}' },
        )
        .describe('A client product and how it connects')
        .meta({ examples: [{ preset: 'claude', by: 'client' }] }),
    ],
    { error: 'it must be the name of a product, or {preset, by: registration, document or client}' },
  )
  .describe('A client product: its name alone means that it may register itself')
  .meta({ examples: ['chatgpt', { preset: 'claude', by: 'client' }] });

const mode = oneOf(
  ['standing', 'adopted'],
  'Which clients get tokens for the server (create-scope --attach). standing: every client that is made in the realm. adopted: only those that mcpkc onboard adopted, or that were made for it. Left out: as it is in the realm, and adopted for a new server',
);
const access = oneOf(
  ['anybody'],
  'Every user of the realm may use the server (mcpkc access --anybody). Without it and without roles a server stays as it is in the realm; a new one needs one of the two',
);
const roles = texts(
  'Realm roles of which a user needs one (mcpkc access --role): exactly these; one that the realm doesn’t have is made. An empty list lets nobody in. Instead of access; taking it out of the file opens nothing',
  [['finance'], []],
);
const products = z
  .array(product, { error: 'it must be a list of products' })
  .describe(
    'Client products that may connect. One that is taken out of the list is named by the plan, and nothing of it is removed',
  )
  .meta({ examples: [['chatgpt'], ['chatgpt', { preset: 'claude', by: 'client' }]] });

const server = z
  .strictObject(
    {
      resource: text('URL of the MCP server as clients connect to it (--resource)', [
        'https://wiki.example.com/mcp',
      ]),
      mode: mode.optional(),
      attach: oneOf(
        ['default', 'optional'],
        'For mode standing, the realm’s list that the scope is in (create-scope --attach). default: clients get it without asking; optional: those that ask for it by name. Left out: default for a new server',
      ).optional(),
      shared: yes(
        'For mode standing where the realm has another such server: true agrees that tokens for one open the other, too',
      ).optional(),
      scope: text(
        'Name of the client scope (--scope). Left out: the one that is there for the server, else mcp-resource-<first part of its host>',
        ['mcp-resource-wiki'],
      ).optional(),
      access: access.optional(),
      roles: roles.optional(),
      products: products.optional(),
    },
    { error: 'it must be an MCP server: {resource, …}' },
  )
  .describe('An MCP server')
  .meta({
    examples: [
      { resource: 'https://wiki.example.com/mcp', access: 'anybody', products: ['chatgpt'] },
      { resource: 'https://finance.example.com/mcp', roles: ['finance'] },
    ],
  });

const realm = z
  .strictObject(
    {
      profile: text(
        'Name of the profile (--profile) that has server, realm and account. mcpkc init --profile prod writes one; variables do as well: MCPKC_PROFILE_PROD_KC_SERVER, …_KC_REALM, …_KC_CLIENT_ID, …_KC_CLIENT_SECRET. Left out: the configuration without a profile',
        ['prod', 'test'],
      ).optional(),
      realm: text(
        'Name of the realm, to be sure: another one than the profile’s is refused. Followed only where the profile names no realm and its account is one of master',
        ['tools'],
      ).optional(),
      server: text(
        'Keycloak’s base URL, to be sure: another one than the profile’s is refused. Never followed',
        ['https://auth.example.com'],
      ).optional(),
      harden: yes('false leaves out what makes registration safer (--no-harden). Left out: true').optional(),
      servers: z
        .array(server, { error: 'it must be a list of MCP servers' })
        .optional()
        .describe('MCP servers of the realm. One that is taken out of the list stays, and the plan names it'),
      retired: texts(
        'URLs of MCP servers that go with mcpkc apply --prune --yes, as far as mcpkc made them',
        [['https://old.example.com/mcp']],
      ).optional(),
    },
    { error: 'it must be a realm: {profile, servers}' },
  )
  .describe('A realm and its MCP servers');

/** The file, as it is read, and as its JSON Schema is made from it. */
export const fleetSchema = z
  .strictObject(
    {
      $schema: z
        .string()
        .optional()
        .describe('Where an editor finds this schema (mcpkc export --schema); mcpkc never fetches it')
        .meta({ examples: ['mcpkc.schema.json'] }),
      defaults: z
        .strictObject(
          {
            mode: mode.optional(),
            access: access.optional(),
            roles: roles.optional(),
            products: products.optional(),
            harden: yes(
              'false leaves out what makes registration safer (--no-harden), in every realm that has nothing else written',
            ).optional(),
          },
          { error: 'it must be {mode, access, roles, products, harden}' },
        )
        .optional()
        .describe('Values for every server, or realm, that has nothing else written')
        .meta({ examples: [{ access: 'anybody', products: ['chatgpt'] }] }),
      realms: z
        .array(realm, { error: 'it must be a list of realms' })
        .min(1, { error: 'it must name a realm' })
        .describe('The Keycloak realms, each by its profile'),
    },
    { error: 'it must be {realms: [{profile, servers}]}' },
  )
  .describe('MCP servers of one or more Keycloak realms, for mcpkc plan and mcpkc apply');

/** The file's content once its shape is right. */
export type FleetFile = z.infer<typeof fleetSchema>;
export type FileServer = z.infer<typeof server>;
export type FileProduct = z.infer<typeof product>;
