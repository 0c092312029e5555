import { z } from 'zod';
import { PRESETS } from '../products/index.ts';

const text = (description: string) => z.string({ error: 'it must be a text' }).describe(description);
const texts = (description: string) =>
  z
    .array(z.string({ error: 'it must be a text' }), { error: 'it must be a list of texts' })
    .describe(description);
const yes = (description: string) => z.boolean({ error: 'it must be true or false' }).describe(description);
const oneOf = <const Values extends readonly string[]>(values: Values, description: string) =>
  z.enum(values, { error: `it must be ${values.join(' or ')}` }).describe(description);

/** Products that an editor offers; a configuration may have presets of its own. */
const PRODUCTS = PRESETS.map(({ name }) => name);
const WAYS = ['registration', 'document', 'client'] as const;

const product = z
  .union(
    [
      z.string().meta({ examples: PRODUCTS }),
      z
        .strictObject(
          {
            preset: text(
              'Name of the client product (mcpkc presets); without one clientId and redirectUris are needed',
            )
              .meta({ examples: PRODUCTS })
              .optional(),
            by: oneOf(
              WAYS,
              'registration: it may register itself; document: it is known by its metadata document; client: a client is made for it',
            ),
            clientId: text(
              'Client id of the client that is made (default: mcp-<server>-<product>)',
            ).optional(),
            redirectUris: texts('Redirect URIs beside those that mcpkc knows of the product').optional(),
          },
          { error: 'it must be the name of a product, or {preset, by}' },
        )
        .describe('A client product and its way'),
    ],
    { error: 'it must be the name of a product, or {preset, by: registration, document or client}' },
  )
  .describe('A client product: its name alone means that it may register itself');

const mode = oneOf(
  ['standing', 'adopted'],
  'standing: every client that is made in the realm gets the audience; adopted: only those that were adopted or made for it. Left out: as it is in the realm, adopted for a new server',
);
const access = oneOf(['anybody'], 'Everybody in the realm may use the server; the only word that opens one');
const roles = texts(
  'Realm roles that let people in: exactly these, and nobody with an empty list. Left out together with access: as it is in the realm',
);
const products = z
  .array(product, { error: 'it must be a list of products' })
  .describe(
    'Client products that connect. One that is taken out of the list is named by the plan, and nothing of it is removed',
  );

const server = z
  .strictObject(
    {
      resource: text('URL of the MCP server as clients connect to it'),
      mode: mode.optional(),
      attach: oneOf(['default', 'optional'], 'The realm’s list of a standing server’s scope').optional(),
      shared: yes(
        'Agrees that tokens for this standing server open the other standing servers of the realm, too, and the other way round',
      ).optional(),
      scope: text(
        'Name of the client scope (default: the one that is marked for the server, else mcp-resource-<name>)',
      ).optional(),
      access: access.optional(),
      roles: roles.optional(),
      products: products.optional(),
    },
    { error: 'it must be an MCP server: {resource, …}' },
  )
  .describe('An MCP server');

const realm = z
  .strictObject(
    {
      profile: text('Name of the profile that names server, realm and account (mcpkc --profile)').optional(),
      realm: text(
        'Name of the realm. Compared with the profile’s; followed only where the profile names none and its account is one of master',
      ).optional(),
      server: text('Keycloak’s base URL. Compared with the profile’s, never followed').optional(),
      harden: yes('false leaves out what makes registration safer (default: true)').optional(),
      servers: z
        .array(server, { error: 'it must be a list of MCP servers' })
        .optional()
        .describe('MCP servers of the realm'),
      retired: texts(
        'URLs of MCP servers that go with mcpkc apply --prune, as far as mcpkc made them',
      ).optional(),
    },
    { error: 'it must be a realm: {profile, servers}' },
  )
  .describe('A realm and its MCP servers');

/** The file, as it is read, and as its JSON Schema is made from it. */
export const fleetSchema = z
  .strictObject(
    {
      $schema: z.string().optional().describe('Where an editor finds this schema; mcpkc never fetches it'),
      defaults: z
        .strictObject(
          {
            mode: mode.optional(),
            access: access.optional(),
            roles: roles.optional(),
            products: products.optional(),
            harden: yes('As in a realm').optional(),
          },
          { error: 'it must be {mode, access, roles, products, harden}' },
        )
        .optional()
        .describe('What holds for every server, or realm, that has nothing else written'),
      realms: z
        .array(realm, { error: 'it must be a list of realms' })
        .min(1, { error: 'it must name a realm' })
        .describe('Realms, each by its profile'),
    },
    { error: 'it must be {realms: [{profile, servers}]}' },
  )
  .describe('MCP servers of one or more Keycloak realms, for mcpkc plan and mcpkc apply');

/** The file's content once its shape is right. */
export type FleetFile = z.infer<typeof fleetSchema>;
export type FileServer = z.infer<typeof server>;
export type FileProduct = z.infer<typeof product>;
