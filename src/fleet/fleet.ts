import type { RealmList } from '../realm/lists.ts';
import type { Mode } from '../realm/marks.ts';
import type { Way } from '../realm/ways.ts';

/** A place in a file, for messages: `mcpkc.yaml:12:7`. */
export interface Place {
  file: string;
  line: number;
  column: number;
}

/** A product of a server, and how it connects. */
export interface FleetProduct {
  /** Undefined where a client is made of redirect URIs alone. */
  preset: string | undefined;
  by: Way;
  clientId: string | undefined;
  redirectUris: string[];
  at: Place;
}

/** An MCP server as the file wants it; undefined is "as it is in the realm". */
export interface FleetServer {
  /** Canonical. */
  resource: string;
  mode: Mode | undefined;
  attach: Exclude<RealmList, 'none'> | undefined;
  /** Its tokens may open the other standing servers of the realm. */
  shared: boolean;
  scope: string | undefined;
  /** The people who may use it: everybody, or exactly those who have one of these roles. */
  access: 'anybody' | { roles: string[] } | undefined;
  products: FleetProduct[];
  at: Place;
}

/** A server that is retired. */
export interface FleetRetired {
  resource: string;
  at: Place;
}

/** A realm of the file. */
export interface FleetRealm {
  /** Undefined: the configuration without a profile. */
  profile: string | undefined;
  /** The connection as the file names it: compared, never followed (`realm` see docs/fleet.md). */
  realm: string | undefined;
  server: string | undefined;
  harden: boolean;
  servers: FleetServer[];
  retired: FleetRetired[];
  at: Place;
}

/** The realms that one or more files ask for. */
export interface Fleet {
  files: string[];
  realms: FleetRealm[];
}

/** A fault in a file, or a note about it. */
export interface FileProblem {
  at: Place;
  message: string;
}

/** A place in the form that editors and CI logs recognize. */
export function placeText({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}
