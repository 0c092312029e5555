import type { Config } from '../config/config.ts';
import { McpkcError } from '../errors.ts';
import { canonicalResource } from '../names/resource-url.ts';
import { customPresets } from '../products/custom.ts';
import { DEFAULT_PRODUCT, PRESETS } from '../products/index.ts';
import type { Preset } from '../products/preset.ts';
import { resolvePresets } from '../products/resolve.ts';
import { isScopeName, NO_SCOPE_NAME, type ScopeWish } from '../realm/mcp-scope.ts';
import type { McpServer } from '../realm/mcp-server.ts';
import { allowedIn, entriesOf, type RealmRecord } from '../realm/record.ts';
import { type Here, isLiveWindow, openedBy } from '../realm/window-mark.ts';

/** The resource of a command: its flag or argument, else the configured one; CONFIG_MISSING where there is neither. */
export function resourceFor(
  config: Config,
  given: string | undefined,
  options: { bareHost?: boolean } = {},
): string {
  if (given !== undefined) return canonicalResource(given, options);
  if (config.transportUrl !== undefined) return config.transportUrl;
  const message = 'Which MCP server? No resource is named and none is configured.';
  throw new McpkcError(
    'CONFIG_MISSING',
    message,
    'Name its URL as people type it: --resource https://svc.example.com/mcp (or MCP_TRANSPORT_URL).',
    {
      details: { missing: ['MCP_TRANSPORT_URL'] },
    },
  );
}

/** The products that `--preset` names, among them the configuration's own; ChatGPT where none is named. */
export function wantedPresets(config: Config, named: unknown): Preset[] {
  const names = Array.isArray(named) && named.length > 0 ? named.map(String) : [DEFAULT_PRODUCT];
  return resolvePresets(names, customPresets(config.presets, config.files.config));
}

/**
 * The products that a look is about where none is named: ChatGPT, unless the realm's record shows that an MCP server
 * (every one of the realm's where `resource` is undefined) was opened for others alone.
 */
export function expectedPresets(
  record: RealmRecord | undefined,
  resource: string | undefined,
  known: readonly Preset[],
): Preset[] {
  const wanted =
    record === undefined
      ? []
      : [
          ...entriesOf(record, 'wanted').filter((one) => resource === undefined || one.resource === resource),
          ...allowedIn(record, resource),
        ].flatMap(({ products }) => products);
  const names = wanted.includes(DEFAULT_PRODUCT) ? [] : wanted;
  const found = known.filter(({ name }) => names.includes(name));
  return found.length > 0 ? found : known.filter(({ name }) => name === DEFAULT_PRODUCT);
}

/** Every product that is known: the presets, and the configuration's own. */
export function knownPresets(config: Config): Preset[] {
  return [...PRESETS, ...customPresets(config.presets, config.files.config)];
}

/** The configuration and flags that decide about the scope's name. */
export function scopeWish(
  config: Config,
  resource: string,
  flags: { scope?: unknown; alias?: unknown },
): ScopeWish {
  return {
    resource,
    scope: typeof flags.scope === 'string' ? checkedName('--scope', flags.scope) : undefined,
    alias: typeof flags.alias === 'string' ? checkedName('--alias', flags.alias) : undefined,
    configured: { resource: config.transportUrl, scopeName: config.scopeName },
  };
}

function checkedName(option: string, name: string): string {
  if (isScopeName(name)) return name;
  const problem = NO_SCOPE_NAME;
  throw new McpkcError(
    'INPUT_INVALID',
    `${option} ${JSON.stringify(name.slice(0, 80))}: ${problem}.`,
    'Use a name like mcp-resource-svc.',
    {
      details: { culprit: option },
    },
  );
}

/**
 * Refuses (OLD_WINDOW, exit status 5) to move a resource while a run of mcpkc 0.1.0 may still wait for its connector.
 * With `yes`, that run's window ends.
 */
export function requireNoLiveWindow(
  { scope, window: mark }: Pick<McpServer, 'scope' | 'window'>,
  here: Here,
  yes: boolean,
): void {
  if (!mark || yes || !isLiveWindow(mark, here)) return;
  const message = `A run of mcpkc 0.1.0 keeps a window open for '${scope}': by ${openedBy(mark)}, since ${mark.since || 'an unknown time'}, until ${mark.until || 'unknown'}.`;
  const fix = 'Wait until that connection is made; or end it: --yes (that run then adopts nothing).';
  throw new McpkcError('OLD_WINDOW', message, fix, { details: { scope, mark: { ...mark } } });
}
