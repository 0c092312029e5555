import type { RealmRecord } from '../../realm/record.ts';
import type {
  Client,
  ClientPolicy,
  ClientProfile,
  ClientScope,
  EventsConfig,
  RegistrationPolicy,
  UserEvent,
} from '../../realm/representations.ts';
import type { AdminRole } from '../../realm/roles.ts';
import { ifAllowed } from '../connection/failures.ts';
import type { OwnToken } from '../connection/own-account.ts';
import type { ServerFacts } from './features.ts';
import type { PublicFace } from './issuer-metadata.ts';
import type { Lifetimes, Refreshing } from './lifetimes.ts';
import type { SessionCount } from './sessions.ts';
import type { SeenAccess, SeenHolders } from './status-access.ts';

/** A part that was read, or the role that reading it takes. An unread part is nothing to judge by. */
export type Part<T> = { visible: true; value: T } | { visible: false; role: AdminRole };

/** The number of clients that may still register. */
export interface HeadRoom {
  /** Of the strictest 'Max Clients Limit'; undefined where there is no such policy. */
  limit: number | undefined;
  reached: boolean;
  /** Four fifths of it are used. */
  near: boolean;
  /** How many clients there are, up to the limit; only where it was asked for. */
  clients?: number;
}

/** Every client of the realm, and those of them that have sessions (by internal id). */
export interface ListedClients {
  /** The clients that there may be something to tell of. */
  clients: Client[];
  sessions: Part<ReadonlyMap<string, SessionCount>>;
}

/** The parts that `status` judges by. */
export interface StatusParts {
  scopes: Part<{ all: ClientScope[]; defaults: string[]; optionals: string[] }>;
  registrationPolicies: Part<RegistrationPolicy[]>;
  /** Provider id → the settings that this server describes for it. */
  registrationProviders: Part<ReadonlyMap<string, readonly string[]>>;
  clientPolicies: Part<{
    policies: ClientPolicy[];
    profiles: ClientProfile[];
    /** Names of the server's own profiles; absent where they were not read. */
    globalProfiles?: string[];
  }>;
  /** Ids of the ways to authenticate clients that the realm's client authentication flow has switched on. */
  authenticators: Part<string[]>;
  room: Part<HeadRoom>;
  /** Realm roles that every new user has. */
  defaultRoles: Part<string[]>;
  /** Lifetimes of sessions and tokens. */
  lifetimes: Part<{ lifetimes: Lifetimes; refreshing: Refreshing }>;
  eventsConfig: Part<EventsConfig>;
  /** Refusals of the last day, newest first. */
  refusals: Part<UserEvent[]>;
  /** Clients that the refusals name and that are gone. */
  gone: Part<string[]>;
  server: Part<ServerFacts>;
  /** mcpkc's own client; undefined where it lives in another realm. */
  ownClient: Part<Client | undefined>;
  /** mcpkc's record of the realm. */
  record: Part<RealmRecord>;
  /** Every client of a realm with few of them that has a standing MCP server; undefined where nobody looked. */
  fewClients: Part<Client[] | undefined>;
  /** The clients that the record names as adopted, as they are now; of the newest `MOST_ADOPTED`. */
  adopted: Part<Client[]>;
  /** Clients whose ids are a product's document or an MCP server's URL. */
  ids: Part<Client[]>;
  /** The roles that the scopes of MCP servers map. */
  access: Part<SeenAccess>;
  /** The holders of the roles that they map. */
  roleHolders: Part<SeenHolders>;
  /** Only where it was asked for. */
  clients: Part<ListedClients | undefined>;
}

export type PartName = keyof StatusParts;

/** A realm as `status` reads it: each part or the role that it takes, and what is public. */
export interface StatusSnapshot extends StatusParts {
  token: OwnToken;
  face: PublicFace;
}

/** Reads a part; where the account lacks the role, shows which. */
export function readPart<T>(read: () => Promise<T>): Promise<Part<T>> {
  return ifAllowed(
    async (): Promise<Part<T>> => ({ visible: true, value: await read() }),
    ({ details }): Part<T> => ({ visible: false, role: details?.role as AdminRole }),
  );
}
