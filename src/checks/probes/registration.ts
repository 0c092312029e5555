import { findClient, findClientById } from '../../keycloak/read/clients.ts';
import { type Connection, documentConnection, findMade } from '../../products/connection.ts';
import { documentStateOf } from '../../products/document-state.ts';
import type { Preset, Registration } from '../../products/preset.ts';
import { FOREIGN_URI } from '../../products/probe-mark.ts';
import { registeredScope, type ScopesMet } from '../../products/scopes.ts';
import { heldAs, type RealmList } from '../../realm/lists.ts';
import { allowancesOf } from '../../realm/record.ts';
import { isRegistrationRefused } from '../../realm/registration-policies.ts';
import { listLeftovers, type ProbeClient, type Registered, removeClients } from '../probe-clients/probes.ts';
import { foundIn, isDocumentWayAdvertised, type ProductWay, scopesMet } from '../product-ways.ts';
import type { Run } from '../step.ts';
import { type OtherPath, probeOtherPaths } from './registration-paths.ts';
import { readEndpoint } from './server-metadata.ts';

/** A product, how it gets its client here, and the outcome of its registration. */
export interface PresetRegistration {
  preset: Preset;
  way: ProductWay;
  /** The `scope` that it registered with; undefined where it sends none. */
  scope: string | undefined;
  /** The same without scopes, where the product's own was refused and named some: it tells whether they were the reason. */
  plain: Registered | undefined;
  /** The same with its `Origin`, for a product whose page registers from the browser at times. */
  withOrigin: Registered | undefined;
  /**
   * The list in which its client holds the audience scope, read back by the admin API; undefined where that isn't
   * known.
   */
  held: RealmList | undefined;
}

/** The outcome of anonymous registrations. */
export interface RegistrationEvidence {
  endpoint: string | undefined;
  /** A registration that names what the MCP server lists and `openid`, where none of the chosen products sends it. */
  named: { scopes: readonly string[]; registered: Registered } | undefined;
  /** The scopes that the MCP server makes clients ask for: its challenge's, else its metadata's. */
  asked: readonly string[];
  /** The facts from which products derive their scopes here. */
  met: ScopesMet;
  presets: readonly PresetRegistration[];
  /** Adopted mode: a registration that names the hidden audience scope, which must be refused. */
  door: Registered | undefined;
  foreign: { alone: Registered; mixed: Registered } | undefined;
  /** A client for codes and client credentials, with the first product's redirect URI. */
  audience: Registered | undefined;
  /** A client that does not get the audience scope. */
  stranger: Registered | undefined;
  publicClient: Registered | undefined;
  /** Whether every registration is refused, and no chosen product needs one: the run's own are not sent either. */
  isShut: boolean;
  /** Registration endpoints that no product needs; undefined where they were not asked. */
  others: readonly OtherPath[] | undefined;
  /** Clients that killed runs left behind: removed, and those that this account can't remove. */
  swept: { removed: readonly string[]; left: readonly string[] };
}

const NOTHING = {
  named: undefined,
  presets: [],
  door: undefined,
  foreign: undefined,
  audience: undefined,
  stranger: undefined,
  publicClient: undefined,
  others: undefined,
  isShut: false,
};
/** Scopes of every new realm that a stranger may name, none of which adds an audience. */
const HARMLESS = ['profile', 'email', 'address', 'phone'];

/** Registers as the products do here, side by side, and reads back the outcome. */
export async function probeRegistration(run: Run): Promise<RegistrationEvidence> {
  const swept = await sweep(run);
  const asked = askedScopes(run);
  const url = readEndpoint(run.parts['server-metadata']?.document ?? {}, 'registration');
  const { presets, inside, noRegistration, client } = run.target;
  const register: Register = (body, headers) =>
    run.probes.register(url ?? '', body as Record<string, unknown>, headers);
  const isOpen = url !== undefined && URL.canParse(url) && !noRegistration && client === undefined;
  const ways = run.wants(...OF_PRODUCTS)
    ? Promise.all(presets.map((preset) => productWay(run, preset, isOpen ? register : undefined)))
    : Promise.resolve([]);
  const nothing = { ...NOTHING, endpoint: url, asked, met: scopesMet(run), swept };
  if (!isOpen) return { ...nothing, presets: (await ways).filter((one) => one !== undefined) };
  const body = bodyOf(presets[0]);
  const door = run.wants('REG-SCOPE') && inside?.mode === 'adopted' && inside.scopes.named;
  // Nobody has to know its name: a metadata document may name any scope of the realm.
  if (door) run.recorder.secrets.keep(inside.carrier);
  const foreign = run.wants('REG-FOREIGN');
  const scopes = namedScopes(run);
  const isShut = await isShutFor(run, ways);
  const [others, products, doorway, named, alone, mixed, stranger] = await Promise.all([
    run.wants('REG-PATHS') ? probeOtherPaths(run.recorder, url) : undefined,
    ways,
    door ? register({ ...body, scope: `openid ${inside.carrier}` }) : undefined,
    run.wants('REG-SCOPE') && !isShut ? register({ ...body, scope: scopes.join(' ') }) : undefined,
    foreign ? register({ ...body, redirect_uris: [FOREIGN_URI] }) : undefined,
    foreign ? register({ ...body, redirect_uris: [...(body.redirect_uris ?? []), FOREIGN_URI] }) : undefined,
    run.wants('TOK-BASIC', 'CHAL-FOREIGN-AUD') && !isShut
      ? register({ ...ownBody(['client_credentials'], []), ...strangersScope(run) })
      : undefined,
  ]);
  // Redirect URIs that are known to be accepted come first, where there are some.
  const uris =
    products.map((one) => one && acceptedUris(one)).find((one) => one !== undefined) ??
    body.redirect_uris ??
    [];
  const [audience, publicClient] = await Promise.all([
    run.wants('TOK-USERLESS', 'TOK-BASIC', 'TOK-CLAIMS', 'TOK-AUD', 'ASM-ISS', ...AUTHZ, ...BEARER) && !isShut
      ? register(ownBody(['authorization_code', 'client_credentials'], uris))
      : undefined,
    run.wants('ASM-AUTH-NONE') && !isShut
      ? register({ ...ownBody(['authorization_code'], uris), token_endpoint_auth_method: 'none' })
      : undefined,
  ]);
  return {
    ...nothing,
    presets: products.filter((one) => one !== undefined),
    named: named && { scopes, registered: named },
    door: doorway,
    foreign: alone && mixed && { alone, mixed },
    audience,
    stranger,
    publicClient,
    others,
    isShut,
  };
}

/** Whether a registration would only be one more refusal in the realm's events. */
async function isShutFor(
  { inside }: Run,
  ways: Promise<readonly (PresetRegistration | undefined)[]>,
): Promise<boolean> {
  if (inside === undefined || !isRegistrationRefused(inside.snapshot.registrationPolicies)) return false;
  const products = await ways;
  return products.length > 0 && products.every((one) => one !== undefined && one.way.by !== 'registration');
}

type Register = (body: object, headers?: Readonly<Record<string, string>>) => Promise<Registered>;

/** Checks that the products' own registrations tell of. */
const OF_PRODUCTS = [
  'CLIENT-SETTINGS',
  'REG-PLAIN',
  'REG-SCOPE',
  'REG-READBACK',
  'REG-ORIGIN',
  'AUTHZ-SCOPES',
  'TOK-AUD',
  'TOK-CODE',
  'TOK-OFFLINE',
] as const;
/** Checks that authorization requests of mcpkc's own client tell of, and those that its token does. */
const AUTHZ = ['AUTHZ-PKCE', 'AUTHZ-REDIRECT', 'AUTHZ-SCOPES'] as const;
const BEARER = ['MCP', 'CHAL-QUERY-TOKEN'] as const;

/**
 * The way in which a product gets its client here, tried; undefined where that needs a registration and none may be
 * sent.
 */
async function productWay(
  run: Run,
  preset: Preset,
  register: Register | undefined,
): Promise<PresetRegistration | undefined> {
  const { inside, target } = run;
  const nothing = { preset, scope: undefined, plain: undefined, withOrigin: undefined };
  if (target.client !== undefined) {
    const { clientId, found } = target.client;
    const held = found && inside && heldAs(found, inside.server.carrier);
    return { ...nothing, way: { by: 'client', clientId, found, isOwn: false }, held };
  }
  const way = (await documentWay(run, preset)) ?? (await madeWay(run, preset));
  if (way === undefined) return register && registerProduct(run, preset, register);
  const client = foundIn(way);
  return { ...nothing, way, held: client && inside && heldAs(client, inside.server.carrier) };
}

/** The way of a product that uses its document here; undefined where it has none, or was assigned a client id. */
async function documentWay(run: Run, preset: Preset): Promise<ProductWay | undefined> {
  const { cimdUrl: documentUrl } = preset;
  const { inside } = run;
  if (documentUrl === undefined || !isDocumentWayAdvertised(run)) return undefined;
  const by = 'document';
  const outside: Connection = { way: 'document', clientId: documentUrl, reason: null };
  if (inside === undefined) return { by, documentUrl, state: undefined, connection: outside };
  const { snapshot, record, server } = inside;
  const client = await findClient(inside.keycloak, documentUrl);
  const lists = { policies: snapshot.clientPolicies, profiles: snapshot.clientProfiles };
  const state = documentStateOf(documentUrl, { client, record, lists });
  if (state.kind === 'pinned' || state.kind === 'fetched')
    return {
      by,
      documentUrl,
      state,
      connection: documentConnection(preset, state, { lists, server }),
    };
  if (findMade(server.ways?.made ?? [], preset)) return undefined;
  const reason =
    state.kind === 'taken' ? 'mcpkc didn’t make that client' : 'no client of the realm has that id';
  return { by, documentUrl, state, connection: { ...outside, reason } };
}

/**
 * The way of a product for which mcpkc made a client (`allow`), whether or not it is still there; undefined for all
 * others.
 */
async function madeWay({ inside }: Run, preset: Preset): Promise<ProductWay | undefined> {
  const made = inside && findMade(inside.server.ways?.made ?? [], preset);
  if (!made) return undefined;
  const { clientId } = made.client;
  const found = await findClient(inside.keycloak, clientId);
  const isOwn = found !== undefined && allowancesOf(inside.record, found).length > 0;
  return { by: 'client', clientId, found: isOwn ? found : undefined, isOwn: true };
}

/** Registers what the product would, as often as it would; the later client is the one that it uses. */
async function registerProduct(run: Run, preset: Preset, register: Register): Promise<PresetRegistration> {
  const body = bodyOf(preset);
  const scope = registeredScope(preset.scopes, scopesMet(run));
  const sent = scope === undefined ? body : { ...body, scope };
  const [origin] = preset.origins;
  const fromBrowser = origin === undefined ? {} : { origin };
  const headers = preset.registersInBrowser === 'always' ? fromBrowser : {};
  let registered = await register(sent, headers);
  if (preset.registersTwice === 'yes' && registered.client) registered = await register(sent, headers);
  const [plain, withOrigin, held] = await Promise.all([
    !registered.client && scope !== undefined ? register(body, headers) : undefined,
    registered.client && preset.registersInBrowser === 'sometimes' && run.wants('REG-ORIGIN')
      ? register(sent, fromBrowser)
      : undefined,
    readBack(run, registered.client),
  ]);
  return { preset, way: { by: 'registration', registered }, scope, plain, withOrigin, held };
}

/** Redirect URIs that the realm took from a product. */
function acceptedUris({ way, plain }: PresetRegistration): string[] | undefined {
  const registered = way.by === 'registration' ? way.registered.client : undefined;
  return (registered ?? plain?.client)?.redirectUris;
}

/** A product's body without scopes. */
function bodyOf(preset: Preset | undefined): Partial<Registration> {
  const { scope: _scope, ...body } = preset?.registration ?? { redirect_uris: [] };
  return body;
}

function ownBody(grants: readonly string[], redirectUris: readonly string[]): Record<string, unknown> {
  return {
    client_name: 'mcpkc probe',
    grant_types: grants,
    redirect_uris: redirectUris,
    token_endpoint_auth_method: 'client_secret_basic',
  };
}

async function readBack({ inside }: Run, client: ProbeClient | undefined): Promise<RealmList | undefined> {
  if (!inside || !client) return undefined;
  const found = await findClientById(inside.keycloak, client.clientId);
  return found && heldAs(found, inside.server.carrier);
}

/**
 * The scopes that clients ask for: the challenge's, else the metadata's (MCP 2025-11-25, "Scope Selection Strategy").
 */
function askedScopes({ parts }: Run): readonly string[] {
  const challenged = (parts.challenge?.scopes ?? []).filter((name) => name !== 'offline_access');
  return challenged.length > 0 ? challenged : (parts['resource-metadata']?.scopes ?? []);
}

/**
 * The scopes that the registration names: the metadata's as far as the realm has them, and openid. Others are
 * PRM-SCOPES' business. An audience scope that nobody may name is left out: it has a registration of its own.
 */
function namedScopes({ parts, target }: Run): string[] {
  const known = parts['server-metadata']?.scopes;
  const own = target.inside?.mode === 'adopted' ? target.inside.carrier : undefined;
  const listed = (parts['resource-metadata']?.scopes ?? []).filter(
    (name) => name !== 'openid' && name !== own && known?.includes(name) !== false,
  );
  return ['openid', ...listed];
}

/**
 * The scope of the stranger's registration: in standing mode every registration gets the audience scope but those that
 * name others.
 */
function strangersScope({ target, parts }: Run): { scope?: string } {
  if (target.inside?.mode === 'adopted') return {};
  const known = target.inside?.realmLists ?? parts['server-metadata']?.scopes ?? [];
  const scope = HARMLESS.find((name) => known.includes(name));
  return scope === undefined ? {} : { scope };
}

/** Removes the probes that killed runs left behind. */
async function sweep({ inside, target, io, probes }: Run): Promise<RegistrationEvidence['swept']> {
  if (!inside || target.noRegistration) return { removed: [], left: [] };
  const old = listLeftovers((await inside.clients).probes, probes.mark, io);
  const left = await removeClients(inside.keycloak, old);
  return { removed: old.map(({ clientId }) => clientId).filter((id) => !left.includes(id)), left };
}
