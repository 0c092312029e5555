import type { Context } from '../cli/command.ts';
import type { Config } from '../config/config.ts';
import { askAddress } from '../keycloak/read/server-there.ts';
import { parseResource } from '../names/resource-url.ts';
import { formatCommand } from '../text.ts';

type Asking = Pick<Context, 'io' | 'signal'>;

/** The answer at the MCP server’s URL: what is wrong with it, and the URL that the server’s own metadata names. */
export interface McpLook {
  look: 'protected' | 'open' | 'silent';
  problem?: string;
  suggested?: string;
  /** Whether no server is there yet, or none behind its proxy. */
  isAbsent?: boolean;
}

/** Statuses of an MCP endpoint to a GET without a token and without a session (MCP, Streamable HTTP). */
const OPEN_STATUSES: readonly number[] = [200, 400, 405, 406];

/** Asks an MCP server's URL once by GET, without a token. */
export async function lookAtMcp(context: Asking, config: Config, url: string): Promise<McpLook> {
  const answer = await askAddress(url, config, context.io, context.signal);
  if (answer.kind === 'failure') {
    if (answer.error.code === 'PORT_BLOCKED') {
      const problem = `${url}: no product connects to this port, since fetch refuses it (WHATWG Fetch, port blocking). Serve the MCP server at another port.`;
      return { look: 'silent', problem };
    }
    const why = /: (.*)\.$/.exec(answer.error.message)?.[1] ?? 'no answer';
    const problem = `${url} can’t be reached now: ${why}. That can wait.`;
    return { look: 'silent', problem, isAbsent: true };
  }
  const { status, isPage } = answer;
  if (status === 401) return { look: 'protected' };
  if (OPEN_STATUSES.includes(status) && !isPage) return { look: 'open' };
  const suggested = await namedByMetadata(context, config, url);
  const isAbsent = status >= 502 && status <= 504;
  const what = isAbsent
    ? 'its proxy has no server behind it yet'
    : status >= 500
      ? 'the server fails'
      : 'that is no MCP server, which would ask for a token (401)';
  const named = suggested === undefined ? '' : ` The server’s metadata names ${suggested}.`;
  const answers = `${url} answers ${status}${isPage ? ' with a page' : ''}: ${what}.`;
  const problem = `${answers}${named}`;
  return { look: 'silent', problem, isAbsent, ...(suggested === undefined ? {} : { suggested }) };
}

/** The resource that the metadata of a URL’s origin names (RFC 9728 §3), where it is another URL of that origin. */
async function namedByMetadata(
  { io, signal }: Asking,
  config: Config,
  url: string,
): Promise<string | undefined> {
  const { origin, pathname } = new URL(url);
  const places = [...new Set([pathname === '/' ? '' : pathname, ''])];
  for (const place of places) {
    const answer = await askAddress(
      `${origin}/.well-known/oauth-protected-resource${place}`,
      config,
      io,
      signal,
    );
    if (answer.kind === 'failure' || answer.status !== 200) continue;
    const read = parseResource(resourceIn(answer.body) ?? '');
    if ('value' in read && read.value !== url && new URL(read.value).origin === origin) return read.value;
  }
  return undefined;
}

function resourceIn(body: string): string | undefined {
  try {
    const { resource } = JSON.parse(body) as { resource?: unknown };
    return typeof resource === 'string' ? resource : undefined;
  } catch {
    return undefined;
  }
}

/** The time that a look beside other work may take; nobody waits for it. */
const PATIENCE_MS = 5000;

/** Names that are nobody's, as documentation has them (RFC 2606). */
const NOBODYS = /(?:^|\.)(?:example(?:\.(?:com|net|org))?|invalid)$/;

/** A look at an MCP server that goes on beside a command's own work. */
export interface LookBeside {
  /** Warns of what was found, once; is silent where no answer is there yet, or the server asks for a token. */
  tell(): void;
}

/**
 * Looks at an MCP server's URL while a command does its own work, so that a slip of the keys is noticed before anything is made
 * for it. The command neither waits for the answer nor fails by it, and no token is sent. A dry run looks, too: it
 * writes nothing, and a slip is cheapest there.
 */
export function lookBeside(
  { io, voice, signal }: Asking & { voice: Pick<Context['voice'], 'warn'> },
  config: Config,
  resource: string,
): LookBeside {
  if (NOBODYS.test(new URL(resource).hostname)) return { tell: () => {} };
  const over = new AbortController();
  io.atEnd(() => over.abort());
  let found: McpLook | undefined;
  const asking = { io, signal: AbortSignal.any([signal, over.signal]) };
  const brief = { ...config, requestTimeoutMs: Math.min(config.requestTimeoutMs, PATIENCE_MS) };
  void lookAtMcp(asking, brief, resource).then(
    (seen) => {
      found = seen;
    },
    // Another failure of this look is none of the command's.
    () => {},
  );
  return {
    tell: () => {
      const text = found && warningOf(found, resource);
      found = undefined;
      if (text !== undefined) voice.warn(text);
    },
  };
}

function warningOf({ look, problem, suggested }: McpLook, resource: string): string | undefined {
  if (look === 'protected') return undefined;
  if (look === 'open')
    return `${resource} answers without asking for a token: it isn’t protected yet. The environment that it needs:\n${formatCommand(['env', resource])}`;
  if (suggested !== undefined) return `${problem} If that one is meant, run the command with it.`;
  return `${problem} To look again:\n${formatCommand(['validate', resource])}`;
}
