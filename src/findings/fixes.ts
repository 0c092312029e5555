import { DEFAULT_PRODUCT } from '../products/index.ts';
import type { PresentServer } from '../realm/mcp-server.ts';
import { type CommandPart, formatCommand, typedList } from '../text.ts';
import type { Fix } from './finding.ts';
import { isClosed, isShutOnPurpose, listServers, nameFor, type Seen } from './seen.ts';
import { listRegistering } from './ways.ts';

/** A command line of mcpkc as a shell takes it, with the global flags of this run; parts and names as `formatCommand`. */
export function fixByCommand(seen: Seen, parts: readonly CommandPart[], names: readonly string[] = []): Fix {
  const naming = parts[0] === 'init' ? seen.initFlags : [];
  return { kind: 'command', text: formatCommand([...seen.globalFlags, ...naming, ...parts], names) };
}

/** A change in Keycloak that mcpkc doesn't make. */
export const atKeycloak = (text: string): Fix => ({ kind: 'keycloak', text });

/** A change at the MCP server, or something that only its operator knows. */
export const atMcpServer = (text: string): Fix => ({ kind: 'mcp-server', text });

/** The products that a fix lets register: never one that has a client, unless nothing else is in question. */
function toRegister(seen: Seen): string[] {
  const wanted = listRegistering(seen);
  const chosen = wanted.length > 0 || isClosed(seen) ? wanted : seen.presets;
  return chosen.map(({ name }) => name);
}

/**
 * The flags `--preset a,b`, where these aren't the command's defaults. Where registration is shut, naming a product
 * opens it: products are named until somebody decided to keep it shut.
 */
function presetFlags(seen: Seen): CommandPart[] {
  if (isShutOnPurpose(seen)) return [];
  const names = toRegister(seen);
  if (names.length === 0) return [];
  return !isClosed(seen) && names.length === 1 && names[0] === DEFAULT_PRODUCT
    ? []
    : [['--preset', typedList(names)]];
}

/**
 * The command `create-scope` for a resource: it provisions, and repairs what it made. With `keep` it changes nothing of
 * registration.
 */
export function createScope(
  seen: Seen,
  resource: string,
  scope: string,
  { flags = [], registration }: { flags?: readonly CommandPart[]; registration?: 'keep' } = {},
): Fix {
  const named: CommandPart[] = nameFor(seen, resource) === scope ? [] : [['--scope', scope]];
  const parts: CommandPart[] = ['create-scope', ['--resource', resource]];
  const opened: CommandPart[] = registration === 'keep' ? [['--registration', 'keep']] : presetFlags(seen);
  return fixByCommand(seen, [...parts, ...named, ...opened, ...flags]);
}

/** The command `create-scope` for an existing scope; where nobody knows its resource, only a person can name it. */
export function repair(seen: Seen, judged: PresentServer, flags: readonly CommandPart[] = []): Fix {
  if (judged.resource !== undefined) return createScope(seen, judged.resource, judged.scope, { flags });
  const line = formatCommand(['create-scope', ['--scope', judged.scope], ...flags]);
  return atMcpServer(`Which MCP server is it for? Then: ${line} --resource <its URL>`);
}

/**
 * The command `create-scope` for the resource in question, else for any that is there; undefined where there is none.
 */
export function repairAny(seen: Seen, flags: readonly CommandPart[] = []): Fix | undefined {
  if (seen.resource !== undefined)
    return createScope(seen, seen.resource, nameFor(seen, seen.resource), { flags });
  const known = listServers(seen).find(({ resource }) => resource !== undefined);
  return known && repair(seen, known, flags);
}

/** The command that removes a client scope from the issuer’s metadata. */
export function hideScope(seen: Seen, name: string): Fix {
  const byHand = `In the admin console, Client scopes, '${name}': switch 'Include in OpenID Provider Metadata' off.`;
  return repairAny(seen, [['--hide-scope', typedList([name])]]) ?? atKeycloak(byHand);
}

/** The command `trusted-hosts` with the products' hosts and, where asked, those of the MCP servers. */
export function trustHosts(
  seen: Seen,
  {
    presets = toRegister(seen),
    hosts = [],
    flags = [],
  }: {
    presets?: readonly string[];
    hosts?: readonly string[];
    flags?: readonly CommandPart[];
  } = {},
): Fix {
  return fixByCommand(seen, [
    'trusted-hosts',
    ...(presets.length === 0 ? [] : [['--preset', typedList(presets)] as const]),
    ...(hosts.length === 0 ? [] : [['--add', typedList(hosts)] as const]),
    ...flags,
  ]);
}

/**
 * The command that leaves registration safer: `create-scope` for a resource that is there, else `trusted-hosts` for the
 * products.
 */
export function harden(seen: Seen): Fix {
  return (isClosed(seen) ? undefined : repairAny(seen)) ?? trustHosts(seen);
}
