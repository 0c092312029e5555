import { McpkcError } from '../../errors.ts';
import type { Change } from '../../plan/plan.ts';
import { ATTRIBUTE } from '../../realm/marks.ts';
import { AUDIENCE_MAPPER, type ClientScope } from '../../realm/representations.ts';
import { visible } from '../../text.ts';
import type { Keycloak } from '../connection/connect.ts';
import { type Attempt, statusOf } from '../connection/failures.ts';
import { readClientPolicies, readClientProfiles, readClientScopes, readRealmScopes } from '../read/read.ts';

const attempt = (what: string): Attempt => ({ what, role: 'manage-clients' });

/** Writing mappers takes `manage-realm` beside it from Keycloak 26.8.2 on (upgrading guide). */
const mapperAttempt = (what: string): Attempt => ({ ...attempt(what), newerRole: 'manage-realm' });

/** The scope of that name as it is now; Keycloak has no search by name. */
async function scopeNow(keycloak: Keycloak, name: string): Promise<ClientScope | undefined> {
  return (await readClientScopes(keycloak)).find((scope) => scope.name === name);
}

/** The id of a scope, known once it was looked up. */
export class ScopeIds {
  readonly #keycloak: Keycloak;
  readonly #ids = new Map<string, string>();

  constructor(keycloak: Keycloak, known: readonly ClientScope[] = []) {
    this.#keycloak = keycloak;
    for (const { name, id } of known) this.#ids.set(name, id);
  }

  remember(name: string, id: string): void {
    this.#ids.set(name, id);
  }

  /** Throws SCOPE_NOT_FOUND where the realm has no such scope. */
  async of(name: string): Promise<string> {
    const id = this.#ids.get(name) ?? (await scopeNow(this.#keycloak, name))?.id;
    if (id === undefined) {
      const message = `The client scope '${name}' is gone from realm '${this.#keycloak.realm}'.`;
      throw new McpkcError(
        'SCOPE_NOT_FOUND',
        message,
        'Somebody deleted it meanwhile; run the command again.',
      );
    }
    this.#ids.set(name, id);
    return id;
  }
}

/** Makes, changes or deletes a client scope. Attributes merge; null removes one. */
export async function writeClientScope(
  keycloak: Keycloak,
  ids: ScopeIds,
  change: Change<'client-scope'>,
): Promise<void> {
  const { action, key, after } = change;
  if (action === 'create') {
    const body = { ...after, name: key } as Record<string, unknown>;
    try {
      // A name exists once, so that a creation may be repeated after a lost answer: 409 then.
      const { id } = await keycloak.replace(attempt(`create the client scope '${key}'`), (admin) =>
        admin.clientScopes.create(body),
      );
      ids.remember(key, id);
    } catch (error) {
      // Another run made it meanwhile, or the answer to this request was lost.
      if (statusOf(error) !== 409) throw error;
      await putAttributes(keycloak, ids, key, after?.attributes ?? {});
    }
    return;
  }
  if (action === 'update') return putAttributes(keycloak, ids, key, after?.attributes ?? {});
  const id = await ids.of(key);
  await keycloak
    .replace(attempt(`delete the client scope '${key}'`), (admin) => admin.clientScopes.del({ id }))
    .catch(ignoreGone);
}

/** Erases the mark of a window that a run of 0.1.0 left. */
export async function writeWindowMark(
  keycloak: Keycloak,
  ids: ScopeIds,
  change: Change<'window-mark'>,
): Promise<void> {
  await putAttributes(keycloak, ids, change.key, { [ATTRIBUTE.window]: null });
}

async function putAttributes(
  keycloak: Keycloak,
  ids: ScopeIds,
  name: string,
  attributes: Readonly<Record<string, string | null>>,
): Promise<void> {
  const id = await ids.of(name);
  // Without the name Keycloak 26.7.3 answers 500; mappers and other attributes stay as they are.
  const body = { name, protocol: 'openid-connect', attributes: attributes as Record<string, string> };
  await keycloak.replace(attempt(`change the client scope '${name}'`), (admin) =>
    admin.clientScopes.update({ id }, body),
  );
}

/** Makes, repairs or removes the audience mapper; the rest of its configuration stays. */
export async function writeAudienceMapper(
  keycloak: Keycloak,
  ids: ScopeIds,
  change: Change<'audience-mapper'>,
): Promise<void> {
  const side = change.after ?? change.before;
  if (side === null) return;
  const { scope, config } = side;
  const name = change.key.slice(scope.length + 1);
  const id = await ids.of(scope);
  const place = { id, scope, name };
  if (change.action === 'delete') return removeMapper(keycloak, place);
  try {
    const found = change.action === 'create' ? undefined : await mapperNow(keycloak, place);
    await putMapper(keycloak, place, found, config);
  } catch (error) {
    if (statusOf(error) !== 409) throw error;
    // Another run made it meanwhile, or the answer to this request was lost: now it is there to be changed.
    await putMapper(keycloak, place, await mapperNow(keycloak, place), config);
  }
}

/** The place of a mapper: the scope's id and name, and its own name. */
interface MapperPlace {
  id: string;
  scope: string;
  name: string;
}

async function mapperNow(keycloak: Keycloak, { id, scope, name }: MapperPlace) {
  const mappers = await keycloak.read(attempt(`read the mappers of '${scope}'`), (admin) =>
    admin.clientScopes.listProtocolMappers({ id }),
  );
  return mappers.find((mapper) => mapper.name === name);
}

async function removeMapper(keycloak: Keycloak, place: MapperPlace): Promise<void> {
  const { id, scope } = place;
  const mapperId = (await mapperNow(keycloak, place))?.id;
  if (mapperId === undefined) return;
  await keycloak
    .replace(attempt(`remove the audience mapper from '${scope}'`), (admin) =>
      admin.clientScopes.delProtocolMapper({ id, mapperId }),
    )
    .catch(ignoreGone);
}

async function putMapper(
  keycloak: Keycloak,
  { id, scope, name }: MapperPlace,
  found: Awaited<ReturnType<typeof mapperNow>>,
  wanted: Readonly<Record<string, string>>,
): Promise<void> {
  const base = { 'id.token.claim': 'false', 'introspection.token.claim': 'true' };
  const config = { ...(found?.config ?? base), ...wanted };
  const body = { name, protocol: 'openid-connect', protocolMapper: AUDIENCE_MAPPER, config };
  const mapperId = found?.id;
  // A PUT without news still changes something: Keycloak 26.7.3 adds fields to the configuration.
  const isThere = Object.entries(wanted).every(([key, value]) => (found?.config?.[key] ?? '') === value);
  if (found?.protocolMapper === AUDIENCE_MAPPER && isThere) return;
  if (mapperId === undefined) {
    const what = `create the audience mapper in '${scope}'`;
    await keycloak
      .replace(mapperAttempt(what), (admin) => admin.clientScopes.addProtocolMapper({ id }, body))
      .catch((error) => explainPolicy(keycloak, error, what));
    return;
  }
  const what = `change the audience mapper in '${scope}'`;
  await keycloak
    .replace(mapperAttempt(what), (admin) =>
      admin.clientScopes.updateProtocolMapper({ id, mapperId }, { ...body, id: mapperId }),
    )
    .catch((error) => explainPolicy(keycloak, error, what));
}

/**
 * A mapper that a client policy refuses, even to administrators. From Keycloak 26.8 on client policies judge mappers of
 * the admin API, too (keycloak/keycloak#50131), and answer 400. Names the policies that can have done it.
 */
async function explainPolicy(keycloak: Keycloak, error: unknown, what: string): Promise<never> {
  const answer = (error as McpkcError).details?.answer;
  if (statusOf(error) !== 400 || !/mapper|policy/i.test(String(answer))) throw error;
  const [policies, profiles] = await Promise.all([
    readClientPolicies(keycloak),
    readClientProfiles(keycloak),
  ]);
  const judging = profiles
    .filter(({ executors = [] }) => executors.some(({ executor }) => /protocol-mapper/.test(executor)))
    .map(({ name }) => name);
  const named = policies
    .filter(
      ({ enabled, profiles: own = [] }) => enabled !== false && own.some((one) => judging.includes(one)),
    )
    .map(({ name }) => `'${visible(name)}'`);
  const whose =
    named.length === 0
      ? 'a client policy, the realm’s or one of the server’s global ones'
      : `the client policy ${named.join(' or ')}`;
  throw new McpkcError(
    'MAPPER_REFUSED',
    `Keycloak refuses to ${what}: ${String(answer)}. That is ${whose}, not a missing role.`,
    `Let the policy allow the mapper type ${AUDIENCE_MAPPER}, or exempt client scopes named mcp-… from it: Realm settings, Client policies. Then run the command again.`,
    { cause: error, details: { ...(error as McpkcError).details, policies: named } },
  );
}

/** Where nothing has to be taken out first; should that have changed, the read-back shows it. */
const IN_NEITHER: Awaited<ReturnType<typeof readRealmScopes>> = { defaults: [], optionals: [] };

/**
 * Puts a scope into one of the realm's lists or neither. A scope that is in the other list must be taken out first:
 * Keycloak answers 409 otherwise (26.7.3).
 */
export async function writeDefaultScope(
  keycloak: Keycloak,
  ids: ScopeIds,
  change: Change<'default-scope'>,
): Promise<void> {
  const id = await ids.of(change.key);
  const wanted = change.after?.list ?? 'none';
  const lists = change.before?.list === 'none' ? IN_NEITHER : await readRealmScopes(keycloak);
  const what = attempt(`change the realm’s default client scopes ('${change.key}')`);
  if (wanted !== 'default' && lists.defaults.includes(change.key)) {
    await keycloak.replace(what, (admin) => admin.clientScopes.delDefaultClientScope({ id }));
  }
  if (wanted !== 'optional' && lists.optionals.includes(change.key)) {
    await keycloak.replace(what, (admin) => admin.clientScopes.delDefaultOptionalClientScope({ id }));
  }
  if (wanted === 'default' && !lists.defaults.includes(change.key)) {
    await keycloak
      .replace(what, (admin) => admin.clientScopes.addDefaultClientScope({ id }))
      .catch(ignoreThere);
  }
  if (wanted === 'optional' && !lists.optionals.includes(change.key)) {
    await keycloak
      .replace(what, (admin) => admin.clientScopes.addDefaultOptionalClientScope({ id }))
      .catch(ignoreThere);
  }
}

function ignoreGone(error: unknown): void {
  if (statusOf(error) !== 404) throw error;
}

/** 409 where it is in the list already: another run did it; the read-back shows whether it is right. */
function ignoreThere(error: unknown): void {
  if (statusOf(error) !== 409) throw error;
}
