import type { McpkcError } from '../errors.ts';
import { schemaUrn } from '../schema-urn.ts';
import { inertJson, withoutEndlessWords } from '../text.ts';
import type { Style } from './style.ts';

/** A command's answer: a document for scripts and a text for people, from the same facts. */
export interface Report {
  /** The command's name; the document's schema is `mcpkc/<command>/v1`. */
  command: string;
  exitStatus: number;
  server: string | undefined;
  realm: string | undefined;
  /** The fields of the JSON document beside the common ones; holds no secret. */
  document: Record<string, unknown>;
  /** The same for a person, ending in a newline; empty where there is nothing to say. */
  text(style: Style): string;
}

/** The JSON document of an answer: one line is one document. */
export function reportJson(report: Report): string {
  const { command, exitStatus, server, realm, document } = report;
  const common = {
    $schema: schemaUrn(command),
    schema: `mcpkc/${command}/v1`,
    ok: exitStatus === 0,
    exitStatus,
  };
  return jsonText({ ...common, server: server ?? null, realm: realm ?? null, ...document });
}

/** The JSON document of a failure. */
export function failureJson(
  error: McpkcError,
  exitStatus: number,
  where: { server?: string | undefined; realm?: string | undefined },
): string {
  const document = {
    $schema: schemaUrn('error'),
    schema: 'mcpkc/error/v1',
    ok: false,
    exitStatus,
    server: where.server ?? null,
    realm: where.realm ?? null,
    code: error.code,
    message: error.message,
    fix: error.fix,
    ...(error.details === undefined ? {} : { details: error.details }),
  };
  return jsonText(document, (_key, value) =>
    typeof value === 'string' ? withoutEndlessWords(value) : value,
  );
}

/** A document as text: the same to a parser, inert on a terminal and in a CI log. */
function jsonText(document: unknown, replacer?: (key: string, value: unknown) => unknown): string {
  return `${inertJson(JSON.stringify(document, replacer, 2))}\n`;
}
