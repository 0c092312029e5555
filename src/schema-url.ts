import { VERSION } from './version.ts';

/**
 * Where the JSON Schema of a document lies, in the published package of this version: `config`, `error`, or the name of a
 * command. What mcpkc writes names it as `$schema`; nothing here ever fetches it.
 */
export function schemaUrl(name: string): string {
  return `https://unpkg.com/mcpkc@${VERSION}/schemas/${name}.schema.json`;
}
