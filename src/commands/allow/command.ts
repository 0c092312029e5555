import {
  type Command,
  type Context,
  defineWriting,
  list,
  Option,
  type WritingOptions,
} from '../../cli/command.ts';
import type { Report } from '../../cli/report.ts';
import { givenResource, RESOURCE_ARGUMENT, SAME_AS_OPTION } from '../../cli/resource-option.ts';
import { requireAccount } from '../../config/config.ts';
import type { Config } from '../../config/load.ts';
import { inputError } from '../../errors.ts';
import { noteFile } from '../../fleet/hint.ts';
import { connect } from '../../keycloak/connection/connect.ts';
import { type AllowWish, requireWish, targetsOf } from '../../plan/allow-targets.ts';
import { resourceFor, scopeWish, wantedPresets } from '../../plan/input.ts';
import { removeLeftBehind } from '../../plan/leftovers.ts';
import { planStatus } from '../../plan/plan.ts';
import { readTypedName } from '../../text.ts';
import { allowTargets, readClients, requireNotOwn } from './allow.ts';
import { readAllowed } from './list.ts';
import { entriesFor, removeAllowed } from './remove.ts';
import { removeSecret } from './secret-file.ts';
import { readServer, type ServerAtHand } from './server.ts';
import { allowText, listText, removalText, stepsFor } from './text.ts';

/** The flags of `mcpkc allow`. */
export type AllowOptions = WritingOptions & {
  resource?: string;
  preset?: string[];
  by?: 'document' | 'client';
  clientId?: string;
  redirectUri?: string[];
  scope?: string;
  secretFile?: string;
  showSecret?: true;
  role?: string[];
  list?: true;
  remove?: true;
};

/** Flags that make a client, and so go neither with looking nor with removing. */
const MAKING = ['redirectUri', 'secretFile', 'showSecret', 'role'] as const;

/** Flags that ask for something; without any of them, and without an MCP server, the command lists. */
const ASKING = [
  ...MAKING,
  'preset',
  'by',
  'clientId',
  'scope',
  'remove',
  'dryRun',
  'yes',
] as const satisfies (keyof AllowOptions)[];

/** `mcpkc allow` */
export const allow: Command<AllowOptions> = {
  define(command) {
    command
      .description('Let a product connect to an MCP server without registering.')
      .argument('[resource]', RESOURCE_ARGUMENT)
      .option('--resource <url>', SAME_AS_OPTION)
      .option('--preset <name>', 'the product … (default: chatgpt)', list)
      .option('--role <name>', 'only who has this realm role may use the server …', list)
      .addOption(
        new Option(
          '--by <way>',
          'document: it is known by its metadata document; client: it is given a client id (default: document where the issuer takes documents and the product has one)',
        ).choices(['document', 'client']),
      )
      .option('--client-id <id>', 'name of the client that is made (default: mcp-<server>-<product>)')
      .option(
        '--redirect-uri <uri>',
        'one more redirect URI …; alone: a client of a product that mcpkc doesn’t know',
        list,
      )
      .option('--scope <name>', 'name of the client scope')
      .option('--secret-file <file>', 'where a confidential client’s secret is written (0600)')
      .option('--show-secret', 'print the secret too')
      .addOption(
        new Option(
          '--list',
          'which products connect which way, since when, how many are signed in (what happens without argument and flag)',
        ).conflicts([...MAKING, ...['remove', 'by', 'clientId', 'preset', 'dryRun', 'yes']]),
      )
      .addOption(
        new Option('--remove', 'take it back: the client goes, and its users’ connections end').conflicts([
          ...MAKING,
        ]),
      );
    defineWriting(command);
  },
  examples: [
    ['ChatGPT, by the way that fits this issuer', 'mcpkc allow https://svc.example.com/mcp'],
    ['registration stays shut', 'mcpkc allow https://svc.example.com/mcp --preset claude --by client'],
    [
      'a product that mcpkc doesn’t know',
      'mcpkc allow https://svc.example.com/mcp --client-id my-agent --redirect-uri https://agent.example.com/cb',
    ],
    ['who connects so', 'mcpkc allow --list'],
    ['take it back', 'mcpkc allow https://svc.example.com/mcp --preset claude --remove --yes'],
  ],
  changes:
    'A client for the product, with exact redirect URIs, PKCE, consent and the audience scope; the resource’s scopes where they aren’t there (mode adopted). Nothing of registration. A client that has the id already is deleted and made anew with --yes, never repaired.',
  exits: [
    [0, 'done, or nothing to do'],
    [1, 'the product won’t connect here; with --dry-run: something would change'],
    [
      5,
      'the client id is taken, users would lose their connections, nobody agreed at the terminal, or --yes is needed',
    ],
  ],
  async run(context, [argument], flags) {
    const given = givenResource(argument, flags);
    const config = await context.config();
    // Bare, it lists as trusted-hosts does: a client is made for what somebody named alone.
    const isBare = given === undefined && ASKING.every((name) => flags[name] === undefined);
    if (flags.list === true || isBare) return listReport(context, config, given);
    const resource = resourceFor(config, given);
    const wish = wishOf(config, flags);
    scopeWish(config, resource, flags);
    if (flags.remove !== true) requireWish(wish, config);
    requireAccount(config);
    const keycloak = await connect(config, context.io, context.signal);
    if (flags.dryRun !== true) await removeLeftBehind(context, keycloak, 'allow');
    const mcpServer = await readServer(context, config, keycloak, resource, flags.scope);
    if (flags.remove === true) return removeReport(mcpServer, wish, flags);
    return allowReport(mcpServer, wish, flags);
  },
};

function wishOf(config: Config, flags: AllowOptions): AllowWish {
  const { by, redirectUri: redirectUris = [] } = flags;
  const clientId = flags.clientId === undefined ? undefined : readTypedName(flags.clientId);
  const isUnknown = flags.preset === undefined && (redirectUris.length > 0 || flags.remove === true);
  const presets = isUnknown ? [] : wantedPresets(config, flags.preset);
  return { presets, by, clientId, redirectUris };
}

async function allowReport(mcpServer: ServerAtHand, wish: AllowWish, flags: AllowOptions): Promise<Report> {
  const { resource, scope, mode, keycloak } = mcpServer;
  const { server, realm } = keycloak;
  const targets = targetsOf(wish, mcpServer);
  requireNotOwn(mcpServer, targets);
  await readClients(mcpServer, targets);
  const dryRun = flags.dryRun === true;
  const { secretFile } = flags;
  const confidential = targets.filter(({ secret }) => secret !== 'none');
  if (secretFile !== undefined && confidential.length !== 1)
    throw inputError('--secret-file', 'one client with a secret is needed for it', 'Name one product.');
  const manner = {
    yes: flags.yes === true,
    dryRun,
    secretFile,
    showSecret: flags.showSecret === true,
    roles: flags.role ?? [],
  };
  const { plan, products, gates } = await allowTargets(mcpServer, targets, manner);
  if (!dryRun) {
    const made = targets.map(({ preset, way, clientId, redirectUris }) => ({
      preset: preset?.name,
      by: way,
      ...(preset === undefined ? { clientId, redirectUris } : {}),
    }));
    const done = { resource, scope, mode, accessNow: { gates }, products: made };
    await noteFile(mcpServer.context, mcpServer.config, done);
  }
  const fails = products.some(({ prospect }) => prospect.connects === 'no');
  return {
    command: 'allow',
    exitStatus: fails ? 1 : planStatus(plan, dryRun),
    server,
    realm,
    document: {
      resource,
      scope,
      mode,
      changes: plan,
      applied: !dryRun,
      products: products.map((one) => ({
        product: one.target.preset?.name ?? null,
        way: one.target.way,
        clientId: one.target.clientId,
        public: one.target.secret === 'none',
        secretFile: one.secretFile ?? null,
        ...(one.secret === undefined ? {} : { secret: one.secret }),
        redirectUris: one.target.redirectUris,
        leftOut: one.target.leftOut,
        audience: one.audience ?? null,
        steps: stepsFor(one, resource),
        connects: one.prospect.connects,
        message: one.prospect.message,
        alsoOpens: one.alsoOpens,
        superfluous: one.superfluous,
      })),
    },
    text: (style) => allowText({ server, realm, resource, scope, mode, plan, dryRun, products }, style),
  };
}

async function listReport(context: Context, config: Config, argument: string | undefined): Promise<Report> {
  requireAccount(config);
  const resource = argument === undefined ? undefined : resourceFor(config, argument);
  const keycloak = await connect(config, context.io, context.signal);
  const rows = await readAllowed(keycloak, resource);
  const { server, realm } = keycloak;
  return {
    command: 'allow',
    exitStatus: 0,
    server,
    realm,
    document: { resource: resource ?? null, allowed: rows },
    text: (style) => listText(rows, resource, style),
  };
}

async function removeReport(mcpServer: ServerAtHand, wish: AllowWish, flags: AllowOptions): Promise<Report> {
  const { resource, scope, mode, keycloak } = mcpServer;
  const { server, realm } = keycloak;
  const entries = entriesFor(mcpServer, {
    products: wish.presets.map(({ name }) => name),
    way: wish.by,
    clientId: wish.clientId,
  });
  const isNamed = wish.presets.length > 0 || wish.clientId !== undefined;
  if (!isNamed && entries.length > 1) {
    const all = entries.map(({ products, client }) => products.join(', ') || client.clientId);
    throw inputError('--preset', `several connect so: ${all.join('; ')}`, 'Name which of them is removed.');
  }
  const dryRun = flags.dryRun === true;
  const result = await removeAllowed(mcpServer, entries, { yes: flags.yes === true, dryRun });
  const { plan, removed, scopesGo } = result;
  if (!dryRun) {
    const products = removed.map(({ entry }) => ({ preset: entry.products[0], by: entry.way }));
    await noteFile(mcpServer.context, mcpServer.config, { resource, scope, removed: products });
  }
  const gone = dryRun ? [] : removed.filter(({ client, others }) => client && others.length === 0);
  const files: string[] = [];
  for (const { entry } of gone)
    files.push(...(await removeSecret(mcpServer.context.io, keycloak, entry.client.clientId)));
  return {
    command: 'allow',
    exitStatus: planStatus(plan, dryRun),
    server,
    realm,
    document: {
      resource,
      scope,
      mode,
      changes: plan,
      applied: !dryRun,
      removed: removed.map(({ entry, client, others, users, sessions }) => ({
        clientId: entry.client.clientId,
        products: entry.products,
        way: entry.way,
        there: client !== undefined,
        staysFor: others,
        users,
        sessions,
      })),
      scopesGo,
      removedFiles: files,
    },
    text: (style) =>
      removalText({ server, realm, resource, scope, mode, plan, dryRun, removed, scopesGo, files }, style),
  };
}
