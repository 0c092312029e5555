import { isMasked } from '../../../keycloak/read/masked.ts';
import type { ReadRecord } from '../../../plan/pruned-backup.ts';
import { type Adoption, excessGrants, judgeAdoption } from '../../../products/adoptable.ts';
import type { Preset } from '../../../products/preset.ts';
import { isMark } from '../../../realm/marks.ts';
import { PAIRWISE_MAPPER } from '../../../realm/registration-policies.ts';
import type { Client } from '../../../realm/representations.ts';

/** The parts of a realm that a client of a backup may hold. */
export interface RealmScopes {
  /** Names of all client scopes. */
  all: readonly string[];
  /** Names of those that a registration can get: the realm's default and optional ones. */
  listed: readonly string[];
}

/** The effect that making a client again would have on the realm. */
export interface Revival {
  clientId: string;
  name: string | null;
  /**
   * Whether the line is mcpkc's own, of this realm; else it is judged as a newcomer, and brings only what a newcomer
   * can.
   */
  authentic: boolean;
  /**
   * The time at which the client was written to the backup, by which user, of which realm and server; the line's word.
   */
  from: { at: string; by: string; server: string; realm: string };
  redirectUris: string[];
  grants: string[];
  scopes: { default: string[]; optional: string[] };
  /** Types of protocol mappers of its own. */
  mappers: string[];
  /** Scopes that it had and the realm no longer has. */
  lostScopes: string[];
  /** The parts that a line that isn't authentic names and a registration couldn't bring. */
  leftOut: string[];
  /** Whether the backup holds a mask in place of its secret, so that Keycloak makes a new one. */
  lostSecret: boolean;
  /** The reasons why it needs a person's consent; empty for an authentic line of a connector. */
  reservations: string[];
  /** The representation to send. Holds the secret; never shown. */
  body: object;
}

/**
 * Fields that a line that isn't authentic may set: those of a registration (Keycloak 26.7, ClientRepresentation). Flow
 * overrides, authorization settings, roles and mappers are an administrator's.
 */
const REGISTRABLE = [
  'id',
  'clientId',
  'name',
  'description',
  'secret',
  'clientAuthenticatorType',
  'publicClient',
  'redirectUris',
  'webOrigins',
  'rootUrl',
  'baseUrl',
  'protocol',
  'standardFlowEnabled',
  'implicitFlowEnabled',
  'directAccessGrantsEnabled',
  'serviceAccountsEnabled',
] as const;

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

function mapperTypes(representation: ReadRecord['representation']): string[] {
  const { protocolMappers } = representation;
  if (!Array.isArray(protocolMappers)) return [];
  return protocolMappers.map((one: { protocolMapper?: unknown } | null) =>
    String(one?.protocolMapper ?? 'unknown'),
  );
}

/** The attributes without mcpkc's own, which mean nothing any more, and for a newcomer with PKCE demanded. */
function attributesOf({ representation, authentic }: ReadRecord): Record<string, unknown> {
  const kept = Object.entries((representation.attributes ?? {}) as Record<string, unknown>).filter(
    ([name]) => !isMark(name),
  );
  return { ...Object.fromEntries(kept), ...(authentic ? {} : { 'pkce.code.challenge.method': 'S256' }) };
}

/** Plans a client of a backup; `clientOf` reads a representation (`keycloak/read/clients.ts`). */
export function revivalOf(
  record: ReadRecord,
  scopes: RealmScopes,
  presets: readonly Preset[],
  clientOf: (representation: object) => Client,
): Revival {
  const { representation, authentic, clientId, at, by, server, realm } = record;
  const held = {
    default: texts(representation.defaultClientScopes),
    optional: texts(representation.optionalClientScopes),
  };
  const names = [...held.default, ...held.optional];
  const lostScopes = names.filter((name) => !scopes.all.includes(name));
  const unlisted = authentic
    ? []
    : names.filter((name) => scopes.all.includes(name) && !scopes.listed.includes(name));
  const stays = (name: string) => !lostScopes.includes(name) && !unlisted.includes(name);
  const types = mapperTypes(representation);
  const droppedMappers = authentic ? [] : types.filter((type) => type !== PAIRWISE_MAPPER);
  const given = { default: held.default.filter(stays), optional: held.optional.filter(stays) };
  const { registrationAccessToken: _token, access: _access, secret, ...rest } = representation;
  const lostSecret = isMasked(secret);
  const own = authentic
    ? rest
    : {
        ...Object.fromEntries(REGISTRABLE.filter((key) => key in rest).map((key) => [key, rest[key]])),
        protocolMappers: (Array.isArray(rest.protocolMappers) ? rest.protocolMappers : []).filter(
          (one: { protocolMapper?: unknown } | null) => one?.protocolMapper === PAIRWISE_MAPPER,
        ),
        consentRequired: true,
        fullScopeAllowed: false,
      };
  const body = {
    ...own,
    // A mask would become the client's secret, which anybody could guess: Keycloak makes a new one.
    ...(secret === undefined || lostSecret ? {} : { secret }),
    attributes: attributesOf(record),
    defaultClientScopes: given.default,
    optionalClientScopes: given.optional,
    enabled: true,
  };
  const client = clientOf(body);
  const verdict = judgeAdoption(client, presets);
  return {
    clientId,
    name: typeof representation.name === 'string' ? representation.name : null,
    authentic,
    from: { at, by, server, realm },
    redirectUris: client.redirectUris,
    grants: grantsOf(client),
    scopes: given,
    mappers: authentic ? types : types.filter((type) => type === PAIRWISE_MAPPER),
    lostScopes,
    leftOut: [
      ...unlisted.map((name) => `the scope ${name}, which no registration gets`),
      ...droppedMappers.map((type) => `a protocol mapper of its own (${type})`),
    ],
    lostSecret,
    reservations: reservationsOf(record, verdict),
    body,
  };
}

function grantsOf(client: Client): string[] {
  const code = client.standardFlowEnabled === false ? [] : ['authorization code'];
  return [...code, ...excessGrants(client)];
}

function reservationsOf({ authentic, realm, server }: ReadRecord, verdict: Adoption): string[] {
  return [
    authentic
      ? []
      : `its line has no seal of this realm: it claims to be of realm '${realm}' at ${server}, and anybody may have written it`,
    verdict.adoptable ? [] : `a newcomer like it would not be adopted: ${verdict.reason}`,
  ].flat();
}
