import { stringify } from 'yaml';
import type { Command } from '../../cli/command.ts';
import type { Config } from '../../config/load.ts';
import type { FleetServer } from '../../fleet/fleet.ts';
import { readFleet } from '../../fleet/read.ts';
import type { FileServer } from '../../fleet/schema.ts';
import { connect, type Keycloak } from '../../keycloak/connection/connect.ts';
import { readAllAccess, readRealmRoles } from '../../keycloak/read/access.ts';
import { readClientsNamed } from '../../keycloak/read/clients.ts';
import { readRealm } from '../../keycloak/read/realm.ts';
import { readRecord } from '../../keycloak/read/record.ts';
import { holderOf } from '../../keycloak/write/lock.ts';
import { deedBy } from '../../keycloak/write/record.ts';
import { clientIdFor } from '../../plan/allow-targets.ts';
import { knownPresets } from '../../plan/input.ts';
import { serversIn } from '../../plan/ownership.ts';
import type { RealmPlan } from '../../plan/plan.ts';
import { planServers } from '../../plan/servers.ts';
import { changeName } from '../../plan/text.ts';
import { exactRedirects } from '../../products/way.ts';
import { gatesOf, isNobodyRole, roleLabel } from '../../realm/access.ts';
import { completeServer, type PresentServer } from '../../realm/mcp-server.ts';
import { OWN_POLICY } from '../../realm/own-policies.ts';
import { accessIn, allowedIn, type RealmRecord } from '../../realm/record.ts';
import type { RealmSnapshot } from '../../realm/snapshot.ts';
import { brief, count, keepAsIs, visible } from '../../text.ts';

/** The flags of `mcpkc export`. */
export type ExportOptions = { schema?: true };

/** `mcpkc export` */
export const exportCommand: Command<ExportOptions> = {
  define(command) {
    command
      .description('Write the file that describes the MCP servers of a realm: mcpkc plan on it is empty.')
      .option('--schema', 'print the JSON Schema of the file instead; no realm is asked');
  },
  examples: [
    ['begin with what is there', 'mcpkc export > mcpkc.yaml'],
    ['another realm, by its profile', 'mcpkc export --profile test > test.yaml'],
    ['for the editor', 'mcpkc export --schema > mcpkc.schema.json'],
  ],
  changes: 'Nothing; an account made by mcpkc init --read-only suffices.',
  exits: [[0, 'written to stdout; what the file can’t describe stands there as a comment']],
  async run(context, _args, flags) {
    if (flags.schema) {
      const { fleetJsonSchema } = await import('../../schemas/index.ts');
      const schema = fleetJsonSchema();
      return {
        command: 'export',
        exitStatus: 0,
        server: undefined,
        realm: undefined,
        document: { jsonSchema: schema },
        text: () => keepAsIs(`${JSON.stringify(schema, undefined, 2)}\n`),
      };
    }
    const config = await context.config();
    const keycloak = await connect(config, context.io, context.signal);
    const planning = {
      context,
      config,
      keycloak,
      command: 'export',
      by: deedBy(holderOf(context.io, 'export')),
      dryRun: true,
    };
    const found = await describe(config, keycloak);
    const written = await fitting(found, (servers, harden) =>
      planServers({ ...planning, harden }, wishesOf(servers)),
    );
    const text = fileText(written, config.profile);
    return {
      command: 'export',
      exitStatus: 0,
      server: keycloak.server,
      realm: keycloak.realm,
      document: {
        file: text,
        servers: written.servers.map(({ resource }) => resource),
        leftOut: written.leftOut.map(({ server, why }) => ({ resource: server.resource, why })),
        foreign: found.foreign,
      },
      text: () => keepAsIs(text),
    };
  },
};

/** The content of a realm, in the words of the file. */
interface Described {
  servers: FileServer[];
  /** Servers whose URL nobody knows. */
  foreign: string[];
  harden: boolean;
}

async function describe(config: Config, keycloak: Keycloak): Promise<Described> {
  const [snapshot, record, roles] = await Promise.all([
    readRealm(keycloak),
    readRecord(keycloak),
    readRealmRoles(keycloak),
  ]);
  const there = serversIn(snapshot).sort((a, b) => (a.scope < b.scope ? -1 : 1));
  const scopes = there.flatMap(({ scope, carriers }) => [scope, ...carriers]);
  const ids = allowedIn(record).map(({ client }) => client.clientId);
  const [access, clients] = await Promise.all([
    readAllAccess(keycloak, snapshot, [...new Set(scopes)], roles),
    readClientsNamed(keycloak, ids),
  ]);
  Object.assign(snapshot, { access, clients, record });
  const named = there.filter(({ resource }) => resource !== undefined);
  const servers = named.map((one) => serverOf(completeServer(one, snapshot), config, snapshot, record));
  const standing = servers.filter(({ mode }) => mode === 'standing');
  for (const one of standing.slice(1)) one.shared = true;
  const registers = servers.some(({ products = [] }) => products.some((one) => typeof one === 'string'));
  const isHardened = snapshot.clientPolicies.some(({ name }) => name === OWN_POLICY.registrations);
  return {
    servers,
    foreign: there.filter(({ resource }) => resource === undefined).map(({ scope }) => scope),
    harden: isHardened || !registers,
  };
}

function serverOf(
  { resource = '', scope, mode, list, roles, ways }: PresentServer,
  config: Config,
  { clients }: RealmSnapshot,
  record: RealmRecord,
): FileServer {
  const { mapped = [] } = roles ?? {};
  const isClosed = mapped.length > 0 && mapped.some(isNobodyRole);
  const isOpen = mapped.length === 0 && accessIn(record, resource) === undefined;
  const presets = knownPresets(config);
  const registered = (ways?.registration ?? []).filter((name) =>
    presets.some((preset) => preset.name === name),
  );
  const made = (ways?.made ?? []).flatMap(({ products, way, client }) => {
    const [name] = products;
    const preset = presets.find((one) => one.name === name);
    const known = exactRedirects(preset?.redirectUris.map(({ uri }) => uri) ?? []).exact;
    const uris = clients.find(({ clientId }) => clientId === client.clientId)?.redirectUris ?? [];
    const more = uris.filter((uri) => !known.includes(uri));
    const usual = way === 'document' ? preset?.cimdUrl : preset && clientIdFor(scope, preset);
    return [
      {
        ...(name === undefined ? {} : { preset: name }),
        by: way,
        ...(client.clientId === usual ? {} : { clientId: client.clientId }),
        ...(more.length === 0 ? {} : { redirectUris: more.sort() }),
      },
    ];
  });
  const key = (one: object) => JSON.stringify(one);
  const products = [...registered.sort(), ...made.sort((a, b) => (key(a) < key(b) ? -1 : 1))];
  return {
    resource,
    mode,
    ...(mode === 'standing' && list === 'optional' ? { attach: 'optional' as const } : {}),
    scope,
    // A server restricted by hand, without the role that nobody has, stays as it is in the file.
    ...(isOpen
      ? { access: 'anybody' as const }
      : isClosed
        ? { roles: gatesOf(mapped).map(roleLabel).sort() }
        : {}),
    ...(products.length === 0 ? {} : { products }),
  };
}

/** The file, and the things that it can't describe: a plan on it is empty. */
interface Fitting {
  servers: FileServer[];
  harden: boolean;
  leftOut: { server: FileServer; why: string }[];
  /** Products that registered, of servers from which they are left out. */
  without: { resource: string; products: string[]; why: string }[];
}

type Planner = (
  servers: readonly FileServer[],
  harden: boolean,
) => Promise<{
  plan: RealmPlan;
  servers: readonly { wish: { resource: string }; error: unknown; changes?: RealmPlan }[];
}>;

/**
 * Leaves out the parts that a plan would change: first servers of their own, then those that would change the realm's
 * registration.
 */
async function fitting({ servers: all, harden }: Described, plan: Planner): Promise<Fitting> {
  const leftOut: Fitting['leftOut'] = [];
  const sayable = all.filter((server) => {
    // Names that no command would assign: a scope with a slash, a role of mcpkc's own.
    const [problem] = readFleet([textOf([server])], []).problems;
    if (problem) leftOut.push({ server, why: problem.message.replace(/^realms\[0\]\.servers\[0\]\.?/, '') });
    return problem === undefined;
  });
  const first = await plan(sayable, harden);
  const servers = sayable.filter((server) => {
    const found = first.servers.find(({ wish }) => wish.resource === server.resource);
    const changes = found?.changes ?? [];
    if (found && !found.error && changes.length === 0) return true;
    const why = found?.error
      ? String((found.error as Error).message)
      : `it isn’t as mcpkc makes it; apply would ${whatOf(changes)}`;
    leftOut.push({ server, why });
    return false;
  });
  const rest = leftOut.length === 0 ? first : await plan(servers, harden);
  if (rest.plan.length === 0) return { servers, harden, leftOut, without: [] };
  const why = `apply would ${whatOf(rest.plan)}`;
  const without: Fitting['without'] = [];
  const bare = servers.map((server): FileServer => {
    const { products = [], ...others } = server;
    const registered = products.filter((one) => typeof one === 'string');
    if (registered.length === 0) return server;
    without.push({ resource: server.resource, products: registered.map(String), why });
    const kept = products.filter((one) => typeof one !== 'string');
    return { ...others, ...(kept.length === 0 ? {} : { products: kept }) };
  });
  return { servers: bare, harden: true, leftOut, without };
}

function whatOf(changes: RealmPlan): string {
  // Names that each plan makes anew would make another file of it each time.
  const names = changes.slice(0, 3).map((change) => changeName(change).replaceAll(/-[0-9a-f]{32}/g, '-…'));
  return `${names.join('; ')}${changes.length > names.length ? ` and ${count(changes.length - names.length, 'change')} more` : ''}`;
}

const textOf = (servers: readonly FileServer[]) => ({
  file: 'export',
  text: JSON.stringify({ realms: [{ servers }] }),
});

function wishesOf(servers: readonly FileServer[]): FleetServer[] {
  const { fleet } = readFleet([textOf(servers)], []);
  return fleet.realms[0]?.servers ?? [];
}

/** The file's text, with the things that it can't describe as comments. */
function fileText({ servers, harden, leftOut, without }: Fitting, profile: string | undefined): string {
  const realm = {
    ...(profile === undefined ? {} : { profile }),
    ...(harden ? {} : { harden: false }),
    servers,
  };
  const comment = (text: string) => text.split('\n').map((line) => `# ${line}`.trimEnd());
  const lines = [
    '# yaml-language-server: $schema=mcpkc.schema.json',
    '# For the editor: mcpkc export --schema > mcpkc.schema.json',
    '# Written by mcpkc export; mcpkc plan on it is empty.',
    ...servers
      .filter(({ access, roles }) => access === undefined && roles === undefined)
      .map(
        ({ resource }) =>
          `# ${visible(resource)}: restricted by hand, and stays so. To have it in another realm, write its roles.`,
      ),
    ...without.flatMap(({ resource, products, why }) =>
      comment(
        `${visible(resource)}: left out products: [${products.join(', ')}]. With them ${brief(why, 400)}`,
      ),
    ),
    ...leftOut.flatMap(({ server, why }) =>
      comment(`Left out: ${visible(server.resource)}. ${brief(why, 400)}\n${stringify([server]).trimEnd()}`),
    ),
    stringify({ realms: [realm] }, { lineWidth: 0 }).trimEnd(),
  ];
  return `${lines.join('\n')}\n`;
}
