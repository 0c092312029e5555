import { audiencesOf } from '../../realm/audiences.ts';
import { isAudienceScope, resourceOf } from '../../realm/mcp-scope.ts';
import { adoptedIn, entriesOf, madeIds, type RealmRecord } from '../../realm/record.ts';
import {
  type Client,
  type ClientScope,
  POLICY,
  type RegistrationPolicy,
  type UserEvent,
} from '../../realm/representations.ts';
import type { Keycloak } from '../connection/connect.ts';
import type { Attempt } from '../connection/failures.ts';
import { mapSome } from '../connection/lists.ts';
import { type OwnToken, readOwnToken } from '../connection/own-account.ts';
import { readSeal } from './account.ts';
import { findClient, findClientById, hasMoreClientsThan, readAllClients } from './clients.ts';
import { readEvents } from './events.ts';
import { readServerFacts } from './features.ts';
import { readPublicFace } from './issuer-metadata.ts';
import { readLifetimes } from './lifetimes.ts';
import {
  readClientPolicies,
  readClientScopes,
  readEventsConfig,
  readProfileNames,
  readRealmScopes,
  readRegistrationPolicies,
  readRegistrationProviders,
} from './read.ts';
import { readRecord } from './record.ts';
import { readSeenAccess, readSeenHolders } from './status-access.ts';
import { canSeeClients, HIDDEN, listRegistered } from './status-clients.ts';
import { type HeadRoom, type Part, readPart, type StatusParts, type StatusSnapshot } from './status-parts.ts';
import { readDefaultRoles } from './user-roles.ts';

/** Which clients are kept of all that are read, once the realm's scopes and mcpkc's record are known. */
export type ChooseClients = (found: {
  scopes: readonly ClientScope[];
  record: RealmRecord;
}) => (client: Client) => boolean;

/** The parts to read. */
export interface StatusReading {
  /** Client id of the own account. */
  account: string;
  issuer: string | undefined;
  /** Client ids that mean something to products: their documents. */
  clientIds: readonly string[];
  /** The MCP server that is asked about, whose scope may name another. */
  resource: string | undefined;
  /** The time since when refusals are of interest, in milliseconds since the epoch. */
  since: number;
  /** Lists all clients, the only thing here whose cost grows with the realm: those that it chooses. */
  clients?: ChooseClients | undefined;
  onClients?: (read: number) => void;
  /** Whether the clients are counted up to the limit of registration: a few small requests more. */
  count?: boolean;
}

/** Refused sign-ins, codes and renewals (Keycloak 26.7.3; REFRESH_TOKEN_ERROR is not stored by default). */
const SIGN_IN_REFUSALS = ['LOGIN_ERROR', 'CODE_TO_TOKEN_ERROR', 'REFRESH_TOKEN_ERROR'];

const FLOW: Attempt = { what: 'read how clients authenticate', role: 'view-realm' };

/** Reads a realm for `status`, side by side; a missing role hides a part and fails nothing. */
export async function readStatus(keycloak: Keycloak, reading: StatusReading): Promise<StatusSnapshot> {
  const token = await readOwnToken(keycloak);
  const registration = readPart(() => readRegistrationPolicies(keycloak));
  const allScopes = readPart(() => readScopes(keycloak)).then((found) => believed(found, token));
  const record = readPart(() => readRecord(keycloak));
  const access = readAccessPart(keycloak, allScopes, record);
  const [
    scopes,
    registrationPolicies,
    registrationProviders,
    room,
    clientPolicies,
    authenticators,
    eventsConfig,
    server,
    ownClient,
    face,
    remembered,
    adopted,
    fewClients,
    found,
    ids,
    mapped,
    holders,
    roles,
    lifetimes,
  ] = await Promise.all([
    allScopes,
    registration,
    readPart(() => readRegistrationProviders(keycloak)),
    registration.then((found) => readRoom(keycloak, found, token, reading.count === true)),
    readPart(() => readPolicies(keycloak)),
    readPart(() => readAuthenticators(keycloak)),
    readPart(() => readEventsConfig(keycloak)),
    readPart(() => readServerFacts(keycloak)),
    readPart(() => readOwnClient(keycloak, reading.account)),
    readPublicFace(keycloak, reading.issuer),
    record,
    record.then((found) => readAdopted(keycloak, found)),
    Promise.all([allScopes, record]).then((found) => readFewClients(keycloak, found, reading)),
    readPart(() => readRefusals(keycloak, reading.since)),
    allScopes.then((scopes) => readIds(keycloak, reading, scopes, token)),
    access,
    access.then((seen) => (seen.visible ? readPart(() => readSeenHolders(keycloak, seen.value)) : seen)),
    readPart(() => readDefaultRoles(keycloak)),
    readPart(() => readLifetimes(keycloak)),
  ]);
  const own = ownClient.visible ? ownClient.value : undefined;
  const seal = own && (await readPart(() => readSeal(keycloak, own)));
  return {
    token: seal === undefined ? token : { ...token, sealed: seal.visible ? seal.value : undefined },
    face,
    scopes,
    registrationPolicies,
    registrationProviders,
    room,
    clientPolicies,
    authenticators,
    eventsConfig,
    server,
    ownClient,
    record: remembered,
    adopted,
    ids,
    access: mapped,
    roleHolders: holders,
    fewClients,
    refusals: found,
    defaultRoles: roles,
    lifetimes,
    gone: await readGone(keycloak, found, token),
    clients: reading.clients
      ? await listRegistered(keycloak, token, {
          isWanted: chosen(reading.clients, scopes, remembered),
          onClients: reading.onClients,
        })
      : { visible: true, value: undefined },
  };
}

/** All clients, where it isn't known by which scopes to choose. */
function chosen(
  choose: ChooseClients,
  scopes: StatusParts['scopes'],
  record: Part<RealmRecord>,
): ReturnType<ChooseClients> {
  if (!scopes.visible || !record.visible) return () => true;
  return choose({ scopes: scopes.value.all, record: record.value });
}

/** The access to the servers, once their scopes are known. */
async function readAccessPart(
  keycloak: Keycloak,
  scopes: Promise<StatusParts['scopes']>,
  record: Promise<Part<RealmRecord>>,
): Promise<StatusParts['access']> {
  const [found, remembered] = await Promise.all([scopes, record]);
  if (!found.visible) return found;
  const known = remembered.visible ? remembered.value : undefined;
  return readPart(() => readSeenAccess(keycloak, found.value.all, known));
}

function believed(found: StatusParts['scopes'], token: OwnToken): StatusParts['scopes'] {
  const doubtful = found.visible && found.value.all.length === 0 && canSeeClients(token) !== true;
  return doubtful ? HIDDEN : found;
}

/** The newest hundred of each: failed sign-ins, of which there may be many, don't push registrations out. */
async function readRefusals(keycloak: Keycloak, since: number): Promise<UserEvent[]> {
  const [registrations, signIns] = await Promise.all([
    readEvents(keycloak, { types: ['CLIENT_REGISTER_ERROR'], since }),
    readEvents(keycloak, { types: SIGN_IN_REFUSALS, since }),
  ]);
  return [...registrations, ...signIns].sort((a, b) => b.time - a.time);
}

async function readScopes(keycloak: Keycloak) {
  const [all, lists] = await Promise.all([readClientScopes(keycloak), readRealmScopes(keycloak)]);
  return { all, ...lists };
}

async function readPolicies(keycloak: Keycloak) {
  const [policies, profiles] = await Promise.all([readClientPolicies(keycloak), readProfileNames(keycloak)]);
  return { policies, ...profiles };
}

/** Keycloak's own default where the policy sets none (26.7.3). */
const DEFAULT_LIMIT = 200;

async function readRoom(
  keycloak: Keycloak,
  policies: Part<RegistrationPolicy[]>,
  token: OwnToken,
  count: boolean,
): Promise<Part<HeadRoom>> {
  if (!policies.visible) return policies;
  const limits = policies.value
    .filter(({ providerId, subType }) => providerId === POLICY.maxClients && subType === 'anonymous')
    .map(({ config }) => Number(config['max-clients']?.[0] ?? DEFAULT_LIMIT))
    .filter((limit) => Number.isFinite(limit));
  if (limits.length === 0) return { visible: true, value: { limit: undefined, reached: false, near: false } };
  const limit = Math.min(...limits);
  if (limit <= 0) return { visible: true, value: { limit, reached: true, near: true } };
  return readPart(async () => {
    const more = (number: number) => hasMoreClientsThan(keycloak, number);
    // Keycloak sorts all clients for each answer (26.7.4 on H2: 0.3 s at 50,000): nothing is asked that follows.
    const near = await more(Math.max(0, Math.ceil(limit * 0.8) - 1));
    const reached = near && (await more(limit - 1));
    const any = near || canSeeClients(token) === true || (await more(0));
    const clients = count ? { clients: await countClients(keycloak, limit) } : {};
    return { any, limit, reached, near, ...clients };
  }).then((found) => {
    // Every realm has clients: none at all means that they are not shown.
    if (found.visible && !found.value.any) return HIDDEN;
    return found.visible && canSeeClients(token) === false ? HIDDEN : found;
  });
}

/** How many clients there are, at most this many; Keycloak has no count, so each request halves what is open. */
async function countClients(keycloak: Keycloak, most: number): Promise<number> {
  let [low, high] = [0, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (await hasMoreClientsThan(keycloak, middle - 1)) low = middle;
    else high = middle - 1;
  }
  return low;
}

async function readAuthenticators(keycloak: Keycloak): Promise<string[]> {
  const { realm } = keycloak;
  const settings = await keycloak.read(FLOW, (admin) => admin.realms.findOne({ realm }));
  const flow = settings?.clientAuthenticationFlow ?? 'clients';
  const executions = await keycloak.read(FLOW, (admin) =>
    admin.authenticationManagement.getExecutions({ flow }),
  );
  return executions
    .filter(({ requirement }) => requirement !== 'DISABLED')
    .flatMap(({ providerId }) => (providerId === undefined ? [] : [providerId]));
}

/** The clients that have an id which products or MCP servers are known by, each by a request of its own. */
async function readIds(
  keycloak: Keycloak,
  { clientIds, resource }: StatusReading,
  scopes: StatusParts['scopes'],
  token: OwnToken,
): Promise<Part<Client[]>> {
  const resources = scopes.visible ? scopes.value.all.flatMap((scope) => resourceOf(scope) ?? []) : [];
  const ids = [...clientIds, ...resources, ...(resource === undefined ? [] : [resource])];
  if (canSeeClients(token) === false) return HIDDEN;
  return readPart(async () => {
    const found = await mapSome([...new Set(ids)], (id) => findClient(keycloak, id));
    return found.filter((client) => client !== undefined);
  });
}

/** The most clients named by the record that are looked at one by one; each costs a request. */
const MOST_ADOPTED = 40;
/** The most clients made by mcpkc for products that are looked at. */
export const MOST_MADE = 100;

/** The clients that mcpkc made, and those of the newest adoptions, as they are now; one that is gone is left out. */
async function readAdopted(keycloak: Keycloak, record: Part<RealmRecord>): Promise<Part<Client[]>> {
  if (!record.visible) return record;
  const newest = adoptedIn(record.value).sort((a, b) => Date.parse(b.since) - Date.parse(a.since));
  const made = madeIds(record.value).slice(0, MOST_MADE);
  const adopted = [...new Set(newest.map(({ client }) => client.id))].filter((id) => !made.includes(id));
  const ids = [...made, ...adopted.slice(0, MOST_ADOPTED)];
  return readPart(async () => {
    const found = await mapSome(ids, (id) => findClientById(keycloak, id));
    return found.filter((client) => client !== undefined);
  });
}

/** Realms with more clients are only read whole where that is asked for (--clients): each takes Keycloak 2 ms (26.7.4). */
const FEW = 200;

/** A realm that had so many by the record is not counted again: Keycloak sorts all clients for it (26.7.4 on H2). */
const KNOWN_MANY = 10 * FEW;

/** All clients of a small realm in which every client that is made inherits an audience. */
async function readFewClients(
  keycloak: Keycloak,
  [scopes, record]: [StatusParts['scopes'], Part<RealmRecord>],
  { clients }: StatusReading,
): Promise<Part<Client[] | undefined>> {
  if (!scopes.visible) return scopes;
  const { all, defaults, optionals } = scopes.value;
  const isStanding = (scope: ClientScope) =>
    isAudienceScope(scope) &&
    [...defaults, ...optionals].includes(scope.name) &&
    audiencesOf(scope).length > 0;
  if (clients || !all.some(isStanding)) return { visible: true, value: undefined };
  const remembered = record.visible ? clientsIn(record.value) : 0;
  if (remembered > KNOWN_MANY) return { visible: true, value: undefined };
  return readPart(async () => {
    if (await hasMoreClientsThan(keycloak, FEW)) return undefined;
    const found: Client[] = [];
    for await (const page of readAllClients(keycloak)) found.push(...page);
    return found;
  });
}

/** The number of clients at least, by the record: those of the last look at all, or those that were adopted. */
function clientsIn(record: RealmRecord): number {
  const looks = entriesOf(record, 'holder-look').map(({ clients }) => clients);
  const adopted = new Set(adoptedIn(record).map(({ client }) => client.id));
  return Math.max(adopted.size, ...looks);
}

async function readOwnClient(keycloak: Keycloak, account: string): Promise<Client | undefined> {
  return keycloak.accountRealm === keycloak.realm ? findClient(keycloak, account) : undefined;
}

/** The most ids that are looked up; each costs a request. */
const MOST_GONE = 20;

/** The clients that Keycloak could not find (`client_not_found`) and that are still not there. */
async function readGone(
  keycloak: Keycloak,
  refusals: Part<UserEvent[]>,
  token: OwnToken,
): Promise<Part<string[]>> {
  if (!refusals.visible) return refusals;
  const named = refusals.value.flatMap(({ error, clientId }) =>
    error === 'client_not_found' && clientId !== undefined ? [clientId] : [],
  );
  const ids = [...new Set(named)].slice(0, MOST_GONE);
  if (ids.length > 0 && canSeeClients(token) === false) return HIDDEN;
  return readPart(async () => {
    const found = await Promise.all(ids.map((id) => findClient(keycloak, id)));
    return ids.filter((_id, index) => found[index] === undefined);
  });
}
