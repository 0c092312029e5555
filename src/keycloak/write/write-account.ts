import { McpkcError } from '../../errors.ts';
import type { DesiredAccount } from '../../plan/account/desired.ts';
import type { AccountKind, Change, Writer } from '../../plan/plan.ts';
import type { HeldRole } from '../../realm/account.ts';
import { EVENT_TYPES, retentionFor } from '../../realm/events.ts';
import type { Client } from '../../realm/representations.ts';
import type { Role } from '../../realm/roles.ts';
import type { Keycloak } from '../connection/connect.ts';
import { type Attempt, statusOf } from '../connection/failures.ts';
import { type AccountRealms, accountUserId } from '../read/account.ts';
import { findClient } from '../read/clients.ts';
import { readEventsConfig } from '../read/read.ts';
import { untilKept } from './until-kept.ts';
import { writeAssignment } from './write-clients.ts';
import { ScopeIds } from './write-scopes.ts';

const attempt = (what: string): Attempt => ({ what, role: 'manage-clients' });

/** Writes one change of the account; ids are looked up now. Works with an administrator's rights, not the account's. */
export function accountWriter(realms: AccountRealms, desired: DesiredAccount): Writer<AccountKind> {
  const { home, target } = realms;
  const ids = new ScopeIds(home);
  const writes: Record<AccountKind, Writer<AccountKind>> = {
    'service-account': (change) => writeServiceAccount(home, change),
    'account-role': (change) => writeRole(home, desired, change),
    'client-scope-assignment': (change) => writeAssignment(home, ids, change),
    events: () => writeEvents(target, desired),
  };
  return (change) => writes[change.kind](change);
}

async function clientNow(home: Keycloak, clientId: string): Promise<Client> {
  const found = await findClient(home, clientId);
  if (found) return found;
  const message = `The client '${clientId}' is gone from realm '${home.realm}'.`;
  throw new McpkcError('CHANGE_NOT_KEPT', message, 'Somebody deleted it meanwhile; run the command again.');
}

async function writeServiceAccount(home: Keycloak, { action, key, after }: Change): Promise<void> {
  if (action === 'create') {
    try {
      await home.create(attempt(`create the client '${key}'`), (admin) =>
        admin.clients.create({ ...after, clientId: key } as Record<string, unknown>),
      );
    } catch (error) {
      // Another run made it meanwhile; the read-back tells whether it is right.
      if (statusOf(error) !== 409) throw error;
    }
    return;
  }
  const { id } = await clientNow(home, key);
  if (after !== null && 'secret' in after) {
    await home.create(attempt(`make a new secret for '${key}'`), (admin) =>
      admin.clients.generateNewClientSecret({ id }),
    );
    return;
  }
  await home.replace(attempt(`change the client '${key}'`), (admin) =>
    admin.clients.update({ id }, { ...after } as Record<string, unknown>),
  );
}

async function writeRole(home: Keycloak, { clientId }: DesiredAccount, change: Change): Promise<void> {
  const { of, name, granted, passed } = (change.after ?? change.before) as unknown as HeldRole & {
    granted: boolean;
    passed: boolean;
  };
  const client = await clientNow(home, clientId);
  const userId = (await accountUserId(home, client)) ?? '';
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
  const what: Attempt = { what: `${give ? 'grant' : 'take away'} the role '${name}'`, role: lacking };
  const edit = (admin: Keycloak['admin']): Promise<unknown> => {
    const { users } = admin;
    if (holder === undefined) {
      return give ? users.addRealmRoleMappings({ id, roles }) : users.delRealmRoleMappings({ id, roles });
    }
    const payload = { id, clientUniqueId: holder, roles };
    return give ? users.addClientRoleMappings(payload) : users.delClientRoleMappings(payload);
  };
  // While another realm is made or deleted, a role may be half in Keycloak's cache: 500 (26.7.3), and fine a moment later.
  await untilKept(home, `The role '${name}'`, async () => {
    await home.replace(what, edit);
    return true;
  });
}

/**
 * What an administrator lacks who is refused to grant a role: `manage-users`, or, having that, the role itself: nobody
 * may grant an administrative role that he doesn't hold (26.7.3).
 */
async function lackedToGrant(home: Keycloak, id: string, role: string): Promise<Role> {
  const look: Attempt = { what: `grant the role '${role}'`, role: 'manage-users' };
  const user: unknown = await home.read(look, (admin) => admin.users.findOne({ id }));
  const { access } = (user ?? {}) as { access?: { mapRoles?: boolean } };
  return access?.mapRoles === true ? (role as Role) : 'manage-users';
}

/** Granting again what is granted is 204, and so is taking away what isn't there (26.7.3). */
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
 * Turns the realm's user events on. A retention that the PUT leaves out is cleared, a list that it holds replaces the one
 * that is there (26.7.3): so what is read now is written back with our part changed; listeners and admin events stay.
 */
async function writeEvents(target: Keycloak, { events: wanted }: DesiredAccount): Promise<void> {
  const { realm } = target;
  if (!wanted) return;
  const what: Attempt = { what: 'change which events are stored', role: 'manage-events' };
  const [raw, now, some] = await Promise.all([
    target.read(what, (admin) => admin.realms.getConfigEvents({ realm })),
    readEventsConfig(target),
    target.read(what, (admin) => admin.realms.findEvents({ realm, max: 1 })),
  ]);
  const keptMs = retentionFor({ ...now, some: some.length > 0 }, wanted.retentionMs);
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
