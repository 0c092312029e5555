import { findClientById } from '../../keycloak/read/clients.ts';
import type { Preset, Registration } from '../../products/preset.ts';
import { heldAs, type RealmList } from '../../realm/lists.ts';
import { leftovers, removeClients } from '../probe-clients/leftovers.ts';
import type { ProbeClient, Registered } from '../probe-clients/probes.ts';
import type { Run } from '../step.ts';
import { type OtherPath, probeOtherPaths } from './registration-paths.ts';
import { endpoint } from './server-metadata.ts';

/** A product's registrations: without naming scopes, and with those that the MCP server makes clients name. */
export interface PresetRegistration {
  preset: Preset;
  plain: Registered;
  scoped: Registered;
  /** As what the clients hold the audience scope, read back by the admin API; undefined where that isn't known. */
  held: { plain: RealmList | undefined; scoped: RealmList | undefined };
}

/** What came of anonymous registrations. */
export interface RegistrationEvidence {
  endpoint: string | undefined;
  /** What `scoped` names. */
  named: readonly string[];
  /** What the MCP server makes clients ask for: its challenge, else its metadata. */
  asked: readonly string[];
  presets: readonly PresetRegistration[];
  /** Adopted mode: a registration that names the hidden audience scope, which must be refused. */
  door: Registered | undefined;
  foreign: { alone: Registered; mixed: Registered } | undefined;
  /** A client for codes and client credentials, with the first product's redirect URI. */
  audience: Registered | undefined;
  /** A client that does not get the audience scope. */
  stranger: Registered | undefined;
  publicClient: Registered | undefined;
  /** Registration endpoints that no product needs; undefined where they were not asked. */
  others: readonly OtherPath[] | undefined;
  /** Clients that killed runs left behind: removed, and those that this account can't remove. */
  swept: { removed: readonly string[]; left: readonly string[] };
}

const NOTHING = {
  presets: [],
  door: undefined,
  foreign: undefined,
  audience: undefined,
  stranger: undefined,
  publicClient: undefined,
  others: undefined,
};
const FOREIGN_URI = 'https://evil.example/cb';
/** Scopes of every new realm that a stranger may name, none of which gives an audience. */
const HARMLESS = ['profile', 'email', 'address', 'phone'];

/** Registers as the products do, side by side, and reads back what came of it. */
export async function probeRegistration(run: Run): Promise<RegistrationEvidence> {
  const swept = await sweep(run);
  const asked = askedScopes(run);
  const url = endpoint(run.parts['server-metadata']?.document ?? {}, 'registration');
  const named = namedScopes(run);
  const nothing = { ...NOTHING, endpoint: url, named, asked, swept };
  if (url === undefined || !URL.canParse(url) || run.target.noRegistration) return nothing;
  const register = (body: object) => run.probes.register(url, body as Record<string, unknown>);
  const { presets, inside } = run.target;
  const body = bodyOf(presets[0]);
  const door = inside?.mode === 'adopted' && inside.exists;
  // Nobody has to know its name: a metadata document may name any scope of the realm.
  if (door) run.recorder.secrets.keep(inside.carrier);
  const [others, products, doorway, alone, mixed, stranger] = await Promise.all([
    probeOtherPaths(run.recorder, url),
    Promise.all(presets.map((preset) => registerPreset(run, preset, named, register))),
    door ? register({ ...body, scope: `openid ${inside.carrier}` }) : undefined,
    register({ ...body, redirect_uris: [FOREIGN_URI] }),
    register({ ...body, redirect_uris: [...(body.redirect_uris ?? []), FOREIGN_URI] }),
    register({ ...ownBody(['client_credentials'], []), ...strangersScope(run) }),
  ]);
  // With redirect URIs that are known to be accepted, where there are some.
  const uris =
    products.find(({ plain }) => plain.client)?.plain.client?.redirectUris ?? body.redirect_uris ?? [];
  const [audience, publicClient] = await Promise.all([
    register(ownBody(['authorization_code', 'client_credentials'], uris)),
    register({ ...ownBody(['authorization_code'], uris), token_endpoint_auth_method: 'none' }),
  ]);
  return {
    ...nothing,
    presets: products,
    door: doorway,
    foreign: { alone, mixed },
    audience,
    stranger,
    publicClient,
    others,
  };
}

async function registerPreset(
  run: Run,
  preset: Preset,
  named: readonly string[],
  register: (body: object) => Promise<Registered>,
): Promise<PresetRegistration> {
  const body = bodyOf(preset);
  const [plain, scoped] = await Promise.all([register(body), register({ ...body, scope: named.join(' ') })]);
  const [first, second] = await Promise.all([readBack(run, plain.client), readBack(run, scoped.client)]);
  return { preset, plain, scoped, held: { plain: first, scoped: second } };
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
  return found && heldAs(found, inside.facts.carrier);
}

/** What clients ask for: the challenge's scopes, else the metadata's (MCP 2025-11-25, "Scope Selection Strategy"). */
function askedScopes({ parts }: Run): readonly string[] {
  const challenged = (parts.challenge?.scopes ?? []).filter((name) => name !== 'offline_access');
  return challenged.length > 0 ? challenged : (parts['resource-metadata']?.scopes ?? []);
}

/**
 * What the registration names: the metadata's scopes as far as the realm has them (others are PRM-SCOPES' business),
 * and openid; not an audience scope that nobody may name, which has a registration of its own.
 */
function namedScopes({ parts, target }: Run): string[] {
  const known = parts['server-metadata']?.scopes;
  const own = target.inside?.mode === 'adopted' ? target.inside.carrier : undefined;
  const listed = (parts['resource-metadata']?.scopes ?? []).filter(
    (name) => name !== 'openid' && name !== own && known?.includes(name) !== false,
  );
  return ['openid', ...listed];
}

/** In standing mode every registration gets the scope but those that name others. */
function strangersScope({ target, parts }: Run): { scope?: string } {
  if (target.inside?.mode === 'adopted') return {};
  const known = target.inside?.realmLists ?? parts['server-metadata']?.scopes ?? [];
  const scope = HARMLESS.find((name) => known.includes(name));
  return scope === undefined ? {} : { scope };
}

/** Removes what killed runs left behind. */
async function sweep({ inside, target, io, probes }: Run): Promise<RegistrationEvidence['swept']> {
  if (!inside || target.noRegistration) return { removed: [], left: [] };
  const old = leftovers((await inside.clients).probes, probes.mark, io);
  const left = await removeClients(inside.keycloak, old);
  return { removed: old.map(({ clientId }) => clientId).filter((id) => !left.includes(id)), left };
}
