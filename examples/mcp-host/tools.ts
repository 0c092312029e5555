/** The MCP server itself: put your tools here. */
import { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';

export const SERVER = { name: 'mcp-host-example', title: 'Example MCP server', version: '0.1.0' };

/**
 * A fresh server. It is called once per request in the modern era, once per session in the legacy one. With `toolRoles` a
 * tool may be called by those whose token names it in the claim `tools` (roles of this server's own client in Keycloak).
 */
export function createServer(toolRoles = false): McpServer {
  const server = new McpServer(SERVER);

  server.registerTool(
    'whoami',
    {
      title: 'Who am I',
      description: 'Tells what the verified access token says about the caller.',
      inputSchema: z.object({}),
      annotations: { readOnlyHint: true },
    },
    (_input, context) => {
      const auth = context.http?.authInfo;
      const { sub, azp, aud } = auth?.extra ?? {};
      return text(auth === undefined ? { anonymous: true } : { sub, azp, aud, scopes: auth.scopes });
    },
  );

  server.registerTool(
    'add',
    {
      title: 'Add',
      description: 'Adds two numbers.',
      inputSchema: z.object({ a: z.number(), b: z.number() }),
      annotations: { readOnlyHint: true },
    },
    ({ a, b }, context) => {
      const refusal = toolRoles ? refusalOf('add', context.http?.authInfo?.extra?.tools) : undefined;
      return refusal ?? text(a + b);
    },
  );

  return server;
}

/** A tool's answer to somebody whose token doesn't name it; undefined where it does. */
function refusalOf(tool: string, tools: unknown) {
  if (Array.isArray(tools) && tools.includes(tool)) return undefined;
  return {
    ...text(`This takes the role '${tool}'. Ask anybody who administers this server.`),
    isError: true,
  };
}

function text(value: unknown) {
  return { content: [{ type: 'text' as const, text: JSON.stringify(value) }] };
}
