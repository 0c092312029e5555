import { shellWord } from '../text.ts';
import type { Preset } from './preset.ts';

/** A short name for an MCP server, as products ask for one: the first label of its host, where that says anything. */
export function serverName(mcp: string): string {
  const { hostname } = new URL(mcp);
  const [label = ''] = hostname.split('.');
  const isNamed = /^[a-z][a-z0-9-]{0,39}$/.test(label) && label !== 'localhost' && label !== 'www';
  return isNamed ? label : 'my-server';
}

/**
 * How a person connects this MCP server in this product, a line per step. A command in backticks can be pasted into a
 * shell, JSON in backticks into a file: the URL stands in them as shell and JSON want it.
 */
export function connectSteps({ connect }: Pick<Preset, 'connect'>, mcp: string): string[] {
  const name = serverName(mcp);
  return connect.map((step) =>
    step
      .split('`')
      .map((part, index) => {
        const isCode = index % 2 === 1;
        const url = isCode ? shellWord(mcp) : mcp;
        return part
          .replaceAll('"{mcp}"', () => JSON.stringify(mcp))
          .replaceAll('{mcp}', () => url)
          .replaceAll('{name}', name);
      })
      .join('`'),
  );
}
