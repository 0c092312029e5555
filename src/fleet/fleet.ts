import type { ProductWish, ServerWish } from '../plan/servers.ts';

/** A place in a file, for messages: `mcpkc.yaml:12:7`. */
export interface FilePlace {
  file: string;
  line: number;
  column: number;
}

/** A product of a server, and how it connects, where the file has it. */
export interface FleetProduct extends ProductWish {
  at: FilePlace;
}

/** An MCP server as the file wants it. */
export interface FleetServer extends ServerWish {
  products: readonly FleetProduct[];
  at: FilePlace;
}

/** A server that is retired. */
export interface FleetRetired {
  resource: string;
  at: FilePlace;
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
  at: FilePlace;
}

/** The realms that one or more files ask for. */
export interface Fleet {
  files: string[];
  realms: FleetRealm[];
}

/** A fault in a file, or a note about it. */
export interface FileProblem {
  at: FilePlace;
  message: string;
}

/** A place in the form that editors and CI logs recognize. */
export function placeText({ file, line, column }: FilePlace): string {
  return `${file}:${line}:${column}`;
}
