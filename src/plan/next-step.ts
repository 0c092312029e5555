import { DEFAULT_PRODUCT, PRESETS } from '../products/index.ts';
import type { Preset } from '../products/preset.ts';
import { type CommandPart, formatCommand, typedList, visible } from '../text.ts';

/** An MCP server that the realm has no scope for, as far as it is known. */
export interface Unprovisioned {
  /** The MCP server's URL; undefined where the configuration names it, so that no command needs it. */
  resource: string | undefined;
  /** The products that are to connect; none is ChatGPT. */
  products?: readonly Pick<Preset, 'name' | 'title'>[];
  /** Whether the MCP server asks for a token; undefined where nobody looked. */
  isServing?: boolean | undefined;
  /** Options that the command line needs to find its files. */
  options?: readonly CommandPart[];
}

/**
 * The one next step for an MCP server that the realm has no scope for: the same in every command. One that doesn't ask for a token
 * yet needs its environment first, since no product could connect before.
 */
export function firstStepFor({ resource, products = [], isServing, options = [] }: Unprovisioned): {
  what: string;
  line: string;
} {
  const named = resource === undefined ? [] : [resource];
  if (isServing === false)
    return {
      what: 'the environment that the MCP server needs',
      line: formatCommand([...options, 'env', ...named]),
    };
  const wanted = products.length === 0 ? PRESETS.filter(({ name }) => name === DEFAULT_PRODUCT) : products;
  const presets = typedList(wanted.map(({ name }) => name));
  return {
    what: `connect ${wanted.map(({ title }) => visible(title)).join(' or ')} (mcpkc presets lists other products)`,
    line: formatCommand([...options, 'onboard', ...named, ['--preset', presets]]),
  };
}
