import { inputError } from '../errors.ts';

/** How `--resource` is told by a command whose argument is the MCP server’s URL, too. */
export const SAME_AS_OPTION = 'the same, as an option';

/** How the argument is told by a command that needs a resource, be it the configured one. */
export const RESOURCE_ARGUMENT = 'the MCP server’s URL as people type it (default: MCP_TRANSPORT_URL)';

/** The URL by argument or `--resource`; INPUT_INVALID (exit status 2) where each names another one. */
export function givenResource(
  argument: string | undefined,
  { resource }: { resource?: string },
): string | undefined {
  if (argument !== undefined && resource !== undefined && argument !== resource)
    throw inputError('--resource', 'the argument names another server', 'Name the server once.');
  return argument ?? resource;
}
