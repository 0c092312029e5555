import { type Client, isKeycloakId } from '../../realm/representations.ts';
import type { Keycloak } from '../connection/connect.ts';
import type { Attempt } from '../connection/failures.ts';
import { listOf, mapSome } from '../connection/lists.ts';

const CLIENTS: Attempt = { what: 'read clients', role: 'view-clients' };

type Raw = Record<string, unknown>;

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function list(value: unknown): string[] {
  return Array.isArray(value) ? value.map(text) : [];
}

/** A client as mcpkc sees it: without its secret and its registration token. */
export function clientOf(raw: object): Client {
  const { secret: _secret, registrationAccessToken: _token, ...rest } = raw as Raw;
  const attributes = Object.entries((rest.attributes ?? {}) as Raw).filter(
    ([, value]) => typeof value === 'string',
  );
  return {
    ...(rest as Partial<Client>),
    id: text(rest.id),
    clientId: text(rest.clientId),
    redirectUris: list(rest.redirectUris),
    attributes: Object.fromEntries(attributes) as Record<string, string>,
    defaultClientScopes: list(rest.defaultClientScopes),
    optionalClientScopes: list(rest.optionalClientScopes),
  };
}

/** The client with this client id, or undefined. */
export async function findClient(keycloak: Keycloak, clientId: string): Promise<Client | undefined> {
  const found = listOf(await keycloak.read(CLIENTS, (admin) => admin.clients.find({ clientId })), CLIENTS);
  const exact = found.find((client) => client.clientId === clientId);
  return exact && clientOf(exact);
}

/** The client with this internal id, or undefined; also for an id that Keycloak didn't make, which is never asked for. */
export async function findClientById(keycloak: Keycloak, id: string): Promise<Client | undefined> {
  if (!isKeycloakId(id)) return undefined;
  const found: unknown = await keycloak.read(CLIENTS, (admin) =>
    admin.clients.findOne({ id }, { catchNotFound: true }),
  );
  // The admin client returns null for a 404 that it was told to catch, and so does Keycloak's empty answer.
  return typeof found === 'object' && found !== null ? clientOf(found) : undefined;
}

/**
 * Every client whose id has this text in it, as Keycloak searches: without regard to case. It goes page by page, since
 * strangers choose ids and would fill the first one.
 */
export async function* searchClients(keycloak: Keycloak, part: string): AsyncGenerator<Client> {
  for (let first = 0; ; first += PAGE) {
    const query = { clientId: part, search: true, first, max: PAGE };
    const found = listOf(await keycloak.read(CLIENTS, (admin) => admin.clients.find(query)), CLIENTS);
    yield* found.map(clientOf);
    if (found.length < PAGE) return;
  }
}

/** Clients of a page. Larger pages are slower each (26.7.3: 1,000 a page takes four times as long for all). */
export const PAGE = 100;
const PAGES_AT_ONCE = 4;

const PASSES = 5;

/**
 * Every client of the realm once, in pages of 100, four at a time, in Keycloak's order (by client id). Neighbouring
 * pages overlap by one client: while they do, every client that was there all the time was yielded. Where they don't, a
 * client went and moved the rest to the front. Then everything is read once more, and missed clients are yielded.
 */
export async function* readAllClients(keycloak: Keycloak): AsyncGenerator<Client[]> {
  const given = new Set<string>();
  for (let pass = 1; pass <= PASSES; pass++) {
    let overlaps = true;
    let before = new Set<string>();
    for await (const { first, page } of pagesOf(keycloak)) {
      const opening = page[0]?.id;
      if (first > 0 && (opening === undefined || !before.has(opening))) overlaps = false;
      before = new Set(page.map(({ id }) => id));
      const fresh = page.filter(({ id }) => !given.has(id) && given.add(id));
      if (fresh.length > 0) yield fresh;
    }
    if (overlaps) return;
  }
}

async function* pagesOf(keycloak: Keycloak): AsyncGenerator<{ first: number; page: Client[] }> {
  const step = PAGE - 1;
  // Most realms have one page; the rest is read four pages at a time.
  for (let start = 0, atOnce = 1; ; start += step * atOnce, atOnce = PAGES_AT_ONCE) {
    const firsts = Array.from({ length: atOnce }, (_, index) => start + index * step);
    const pages = await Promise.all(firsts.map((first) => readPage(keycloak, first)));
    for (const [index, page] of pages.entries()) {
      yield { first: start + index * step, page };
      if (page.length < PAGE) return;
    }
  }
}

async function readPage(keycloak: Keycloak, first: number): Promise<Client[]> {
  const found = await keycloak.read(CLIENTS, (admin) => admin.clients.find({ first, max: PAGE }));
  return listOf(found, CLIENTS).map(clientOf);
}

/** Whether the realm has more than `number` clients: one cheap read (2–10 ms at 10,000 clients on 26.7.3). */
export async function hasMoreClientsThan(keycloak: Keycloak, number: number): Promise<boolean> {
  const found = await keycloak.read(CLIENTS, (admin) => admin.clients.find({ first: number, max: 1 }));
  return listOf(found, CLIENTS).length > 0;
}

/** The number of named clients that are read at once: they can be many (--existing). */
const AT_ONCE = 8;

/** The clients of these client ids that are still there, each once. */
export async function readClientsNamed(keycloak: Keycloak, clientIds: readonly string[]): Promise<Client[]> {
  const found = await mapSome([...new Set(clientIds)], (id) => findClient(keycloak, id), AT_ONCE);
  return found.filter((client) => client !== undefined);
}

/** So many clients that begin alike are read at once rather than one by one. */
const WORTH = 3;
/** How client ids begin that mcpkc makes by the dozen: of clients for products, and of those that stand for MCP servers. */
const ALIKE = ['mcp-', 'http'] as const;

/**
 * The same in one request for all that begin alike, where these are several; one by one where strangers fill the page
 * with clients of such names.
 */
export async function readClientsNamedLike(
  keycloak: Keycloak,
  clientIds: readonly string[],
): Promise<Client[]> {
  const ids = [...new Set(clientIds)];
  const alike = ALIKE.map((prefix) => ids.filter((id) => id.startsWith(prefix)));
  const others = ids.filter((id) => !ALIKE.some((prefix) => id.startsWith(prefix)));
  const found = await Promise.all([
    readClientsNamed(keycloak, others),
    ...ALIKE.map((prefix, at) => readClientsBeginning(keycloak, prefix, alike[at] ?? [])),
  ]);
  return found.flat();
}

async function readClientsBeginning(
  keycloak: Keycloak,
  prefix: string,
  clientIds: readonly string[],
): Promise<Client[]> {
  if (clientIds.length < WORTH) return readClientsNamed(keycloak, clientIds);
  const found: Client[] = [];
  for await (const client of searchClients(keycloak, prefix)) {
    found.push(client);
    if (found.length >= PAGE) return readClientsNamed(keycloak, clientIds);
  }
  return found.filter(({ clientId }) => clientIds.includes(clientId));
}
