import { VERSION } from './version.ts';

/**
 * The name of a document's JSON Schema, as a URN: `config`, `fleet`, `error`, or the name of a command, and this version.
 * The schema lies in the package (`schemas/`). A web address would be a host that somebody else owns.
 */
export function schemaUrn(name: string): string {
  return `urn:mcpkc:schema:${name}:${VERSION}`;
}
