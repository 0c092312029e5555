import type { Role, ScopeAccess } from './access.ts';
import type { RealmRecord } from './record.ts';
import type {
  Client,
  ClientPolicy,
  ClientProfile,
  ClientScope,
  RegistrationPolicy,
} from './representations.ts';

/** The facts that mcpkc decides by, read once at the start of a command. It never holds all clients of a realm. */
export interface RealmSnapshot {
  realm: string;
  scopes: ClientScope[];
  /** Names of the scopes that a client gets if it is made without naming any. */
  defaultScopes: string[];
  optionalScopes: string[];
  registrationPolicies: RegistrationPolicy[];
  clientPolicies: ClientPolicy[];
  clientProfiles: ClientProfile[];
  /** The clients that the command names, as far as they are there. */
  clients: Client[];
  /** The roles mapped by the scopes that a command asks about; absent where nobody asked. */
  access?: ScopeAccess[];
  /** The facts that mcpkc remembers of the realm; absent where nobody asked. */
  record?: RealmRecord;
  /** Every realm role; absent where nobody asked. */
  roles?: Role[];
  /** The holders of the roles that a command grants; absent where nobody asked. */
  roleHolders?: RoleHolder[];
}

/** A realm of which nothing was read: it shows nothing that is there. */
export function emptyRealm(realm: string): RealmSnapshot {
  return {
    realm,
    scopes: [],
    defaultScopes: [],
    optionalScopes: [],
    registrationPolicies: [],
    clientPolicies: [],
    clientProfiles: [],
    clients: [],
  };
}

/** A group or a user that a role was granted to directly. */
export interface RoleHolder {
  role: string;
  kind: 'group' | 'user';
  /** The group's path, or the user's name. */
  name: string;
}

/** The client scope with this name. */
export function scopeNamed(snapshot: RealmSnapshot, name: string): ClientScope | undefined {
  return snapshot.scopes.find((scope) => scope.name === name);
}

/** The registration policies of one provider that anonymous registrations meet. */
export function anonymousPolicies(snapshot: RealmSnapshot, providerId: string): RegistrationPolicy[] {
  return snapshot.registrationPolicies.filter(
    (policy) => policy.providerId === providerId && policy.subType === 'anonymous',
  );
}
