import { McpkcError } from '../../errors.ts';
import type { DesiredAccount } from '../../plan/account/desired.ts';
import type { AccountKind, Change, Writer, Writers } from '../../plan/plan.ts';
import { hasOwnKey, keyAttributes, SEAL_ROLE } from '../../realm/account.ts';
import { EVENT_TYPES, retentionFor } from '../../realm/events.ts';
import type { Client } from '../../realm/representations.ts';
import type { AdminRole } from '../../realm/roles.ts';
import type { Keycloak } from '../connection/connect.ts';
import { type Attempt, statusOf } from '../connection/failures.ts';
import { type AccountRealms, readAccountUserId } from '../read/account.ts';
import { findClient } from '../read/clients.ts';
import { hasStoredEvents } from '../read/events.ts';
import { readEventsConfig } from '../read/read.ts';
import { waitUntilKept } from './until-kept.ts';
import { deleteClient, writeAssignment } from './write-clients.ts';
import { ScopeIds } from './write-scopes.ts';

const attempt = (what: string): Attempt => ({ what, role: 'manage-clients' });

/**
 * Writes one change of the account; ids of roles and scopes are looked up now. Works with an administrator's rights, not
 * the account's. `judgedId` is the internal id of the client that was judged: no other client of that name is written to.
 */
export function accountWriter(
  realms: AccountRealms,
  desired: DesiredAccount,
  judgedId: string | undefined,
): Writer<AccountKind> {
  const { home, target } = realms;
  const ids = new ScopeIds(home);
  const account = new AccountClient(home, desired.clientId, judgedId);
  const writes: Writers<AccountKind> = {
    'service-account': (change) => writeServiceAccount(home, account, desired, change),
    'account-role': (change) => writeRole(home, account, change),
    'client-scope-assignment': (change) => writeAssignment(home, ids, change),
    events: () => writeEvents(target, desired),
  };
  return <Name extends AccountKind>(change: Change<Name>) => {
    const kind: Name = change.kind;
    return writes[kind](change);
  };
}

/** The account's client by its id, so that a client which somebody else registers meanwhile never takes its place. */
class AccountClient {
  readonly #home: Keycloak;
  readonly #clientId: string;
  #id: string | undefined;

  constructor(home: Keycloak, clientId: string, id: string | undefined) {
    this.#home = home;
    this.#clientId = clientId;
    this.#id = id;
  }

  /** The client as it is now. Throws CHANGE_NOT_KEPT where it is gone, or another has its name. */
  async now(): Promise<Client> {
    const found = await findClient(this.#home, this.#clientId);
    if (found && found.id === this.#id) return found;
    const fate = found ? 'is another one now' : 'is gone';
    throw new McpkcError(
      'CHANGE_NOT_KEPT',
      `The client '${this.#clientId}' in realm '${this.#home.realm}' ${fate}: somebody else made or deleted it meanwhile.`,
      'Run the command again: it judges the client that is there then.',
    );
  }

  /** Makes the client, with an id that nobody can know before; it tells a lost answer from another's client. */
  async create(fields: Readonly<Record<string, unknown>>): Promise<Client> {
    const id = crypto.randomUUID();
    const what = attempt(`create the client '${this.#clientId}'`);
    try {
      await this.#home.replace(what, (admin) =>
        admin.clients.create({ ...fields, id, clientId: this.#clientId }),
      );
    } catch (error) {
      // Another's client, or this one though the answer was lost: the id shows which.
      if (statusOf(error) !== 409) throw error;
      if (!(await findClient(this.#home, this.#clientId))) throw this.#userInTheWayError(error);
    }
    this.#id = id;
    return this.now();
  }

  /** Keycloak makes no service account where a user has its name already (26.7.4): the creation is 409. */
  #userInTheWayError(cause: unknown): McpkcError {
    const user = `service-account-${this.#clientId.toLowerCase()}`;
    const message = `Keycloak refuses to make the client '${this.#clientId}' in realm '${this.#home.realm}' (409), though there is none: a user named '${user}' is in its way.`;
    const fix = 'Rename or delete that user, or name another client: KC_CLIENT_ID.';
    return new McpkcError('KEYCLOAK_ERROR', message, fix, { cause });
  }

  async remove(id: string): Promise<void> {
    await deleteClient(this.#home, { id, clientId: this.#clientId });
  }
}

async function writeServiceAccount(
  home: Keycloak,
  account: AccountClient,
  { keys }: DesiredAccount,
  change: Change<'service-account'>,
): Promise<void> {
  const { action, key, before, after } = change;
  if (action === 'create') {
    if (before !== null) await account.remove(String(before.id));
    const { key: isKey, ...fields } = after ?? {};
    const attributes = isKey === undefined ? {} : { attributes: keyAttributes(keys?.next ?? '') };
    await seal(home, await account.create({ ...fields, ...attributes }));
    return;
  }
  const client = await account.now();
  const { id } = client;
  if (after !== null && 'key' in after) {
    // Attributes that a PUT leaves out stay (26.7.3).
    await home.replace(attempt(`give '${key}' a new key`), (admin) =>
      admin.clients.update({ id }, { attributes: keyAttributes(keys?.next ?? '') }),
    );
    await seal(home, client);
    return;
  }
  if (after !== null && 'secret' in after) {
    await home.create(attempt(`make a new secret for '${key}'`), (admin) =>
      admin.clients.generateNewClientSecret({ id }),
    );
    await forgetRotatedSecret(home, client);
    if (hasOwnKey(client)) {
      await home.replace(attempt(`remove the key of '${key}'`), (admin) =>
        admin.clients.update({ id }, { attributes: keyAttributes('') }),
      );
    }
    await seal(home, client);
    return;
  }
  await home.replace(attempt(`change the client '${key}'`), (admin) =>
    admin.clients.update({ id }, { ...after } as Record<string, unknown>),
  );
}

/**
 * Ends the old secret, which a policy with the executor `secret-rotation` leaves valid for a while after a new one was
 * made. 204 also where there is none (26.7.4); 404 where the server knows no rotated secrets.
 */
async function forgetRotatedSecret(home: Keycloak, { id, clientId }: Client): Promise<void> {
  try {
    await home.replace(attempt(`end the old secret of '${clientId}'`), (admin) =>
      admin.clients.invalidateSecret({ id }),
    );
  } catch (error) {
    if (![400, 404, 501].includes(statusOf(error) ?? 0)) throw error;
  }
}

/** Maps the seal to the account: its client was made, or its secret made anew, by this version or a later one. */
async function seal(home: Keycloak, client: Client): Promise<void> {
  const { id, clientId } = client;
  const userId = await readAccountUserId(home, client);
  // Without a service account there is nothing to seal yet; the next run makes the secret anew.
  if (userId === undefined) return;
  const description = 'Marks the account of mcpkc: mapped by mcpkc init, to nobody else';
  try {
    await home.replace(attempt(`make the role '${SEAL_ROLE}' of '${clientId}'`), (admin) =>
      admin.clients.createRole({ id, name: SEAL_ROLE, description }),
    );
  } catch (error) {
    if (statusOf(error) !== 409) throw error;
  }
  const role = await roleNow(home, clientId, SEAL_ROLE);
  if (role) await mapToUser(home, userId, role, true);
}

async function writeRole(
  home: Keycloak,
  account: AccountClient,
  change: Change<'account-role'>,
): Promise<void> {
  const side = change.after ?? change.before;
  if (side === null) return;
  const { of, name, granted, passed } = side;
  const client = await account.now();
  const userId = (await readAccountUserId(home, client)) ?? '';
  const role = await roleNow(home, of, name);
  if (role === undefined && change.action === 'detach') return;
  if (role === undefined) {
    const message = `Keycloak has no role '${name}' of the client '${of}' in realm '${home.realm}'.`;
    throw new McpkcError('KEYCLOAK_ERROR', message, 'Is it an older Keycloak, or was the role deleted?');
  }
  const give = change.action !== 'detach';
  if (granted) await mapToUser(home, userId, role, give);
  if (passed && of !== null && (give ? client.fullScopeAllowed !== true : true))
    await mapToClient(home, client, role, give);
}

/** A role as Keycloak's mappings want it, with the internal id of the client that has it. */
interface FoundRole {
  id: string;
  name: string;
  holder: string | undefined;
}

async function roleNow(home: Keycloak, of: string | null, name: string): Promise<FoundRole | undefined> {
  const look = { what: `look up the role '${name}'`, role: 'view-realm' } as const;
  if (of === null) {
    const found = await home.read(look, (admin) => admin.roles.findOneByName({ name }));
    return found?.id === undefined ? undefined : { id: found.id, name, holder: undefined };
  }
  const holder = (await findClient(home, of))?.id;
  if (holder === undefined) return undefined;
  const found = await home.read({ ...look, role: 'view-clients' }, (admin) =>
    admin.clients.findRole({ id: holder, roleName: name }, { catchNotFound: true }),
  );
  return found?.id === undefined ? undefined : { id: found.id, name, holder };
}

async function mapToUser(home: Keycloak, id: string, role: FoundRole, give: boolean): Promise<void> {
  const { holder, name } = role;
  const roles = [{ id: role.id, name }];
  const lacking = give ? await lackedToGrant(home, id, name) : 'manage-users';
  const what: Attempt = { what: `${give ? 'grant' : 'remove'} the role '${name}'`, role: lacking };
  const edit = (admin: Keycloak['admin']): Promise<unknown> => {
    const { users } = admin;
    if (holder === undefined) {
      return give ? users.addRealmRoleMappings({ id, roles }) : users.delRealmRoleMappings({ id, roles });
    }
    const payload = { id, clientUniqueId: holder, roles };
    return give ? users.addClientRoleMappings(payload) : users.delClientRoleMappings(payload);
  };
  // While another realm is made or deleted, a role may be half in Keycloak's cache: 500 (26.7.3), and fine a moment later.
  await waitUntilKept(home, `The role '${name}'`, async () => {
    await home.replace(what, edit);
    return true;
  });
}

/**
 * The role that an administrator lacks who is refused to grant a role: `manage-users`, or, having that, the role
 * itself. Nobody may grant an administrative role that he doesn't hold (26.7.3).
 */
async function lackedToGrant(home: Keycloak, id: string, role: string): Promise<AdminRole> {
  const look: Attempt = { what: `grant the role '${role}'`, role: 'manage-users' };
  const user: unknown = await home.read(look, (admin) => admin.users.findOne({ id }));
  const { access } = (user ?? {}) as { access?: { mapRoles?: boolean } };
  return access?.mapRoles === true ? (role as AdminRole) : 'manage-users';
}

/** Granting again what is granted is 204, and so is removing what isn't there (26.7.3). */
async function mapToClient(home: Keycloak, { id }: Client, role: FoundRole, give: boolean): Promise<void> {
  const { holder: client = '', name } = role;
  const payload = [{ id: role.id, name }];
  await home.replace(attempt(`change which roles the account’s client passes on ('${name}')`), (admin) =>
    give
      ? admin.clients.addClientScopeMappings({ id, client }, payload)
      : admin.clients.delClientScopeMappings({ id, client }, payload),
  );
}

/**
 * Turns the realm's user events on. A retention that the PUT leaves out is cleared, and a list that it holds replaces
 * the one that is there (26.7.3). So the settings are read now and written back with mcpkc's part changed; listeners
 * and admin events stay.
 */
async function writeEvents(target: Keycloak, { events: wanted }: DesiredAccount): Promise<void> {
  const { realm } = target;
  if (!wanted) return;
  const what: Attempt = { what: 'change which events are stored', role: 'manage-events' };
  const [raw, now, some] = await Promise.all([
    target.read(what, (admin) => admin.realms.getConfigEvents({ realm })),
    readEventsConfig(target),
    hasStoredEvents(target, what),
  ]);
  const keptMs = retentionFor({ ...now, some }, wanted.retentionMs);
  const { eventsExpiration: _old, ...rest } = raw;
  await target.replace(what, (admin) =>
    admin.realms.updateConfigEvents(
      { realm },
      {
        ...rest,
        eventsEnabled: true,
        enabledEventTypes: [...new Set([...now.types, ...EVENT_TYPES])],
        ...(keptMs === undefined ? {} : { eventsExpiration: Math.round(keptMs / 1000) }),
      },
    ),
  );
}
