import { shellWord } from '../text.ts';
import type { Preset } from './preset.ts';

/** A short name for an MCP server, as products ask for one: the first label of its host, where that means anything. */
function serverName(mcp: string): string {
  const { hostname } = new URL(mcp);
  const [label = ''] = hostname.split('.');
  const isNamed = /^[a-z][a-z0-9-]{0,39}$/.test(label) && label !== 'localhost' && label !== 'www';
  return isNamed ? label : 'my-server';
}

/** The texts for the steps of a product that gets a client. */
export interface GivenClient {
  clientId: string;
  /** The file with its secret; undefined for a public client. */
  secretFile: string | undefined;
}

/**
 * The steps by which a person connects this MCP server in this product, a line each. A command in backticks can be
 * pasted into a shell, JSON in backticks into a file. Values in them are quoted as shell and JSON want it.
 */
export function connectSteps({ connect }: Pick<Preset, 'connect'>, mcp: string): string[] {
  return filled(connect, mcp, {});
}

/** The same for a product that gets a client which was made beforehand. */
export function givenSteps(
  steps: readonly string[],
  mcp: string,
  { clientId, secretFile }: GivenClient,
): string[] {
  return filled(steps, mcp, { 'client-id': clientId, 'secret-file': secretFile ?? '' });
}

function filled(steps: readonly string[], mcp: string, values: Readonly<Record<string, string>>): string[] {
  const name = serverName(mcp);
  return steps.map((step) =>
    step
      .split('`')
      .map((part, index) => {
        const isCode = index % 2 === 1;
        const isJson = isCode && /^[{[]|\("/.test(part);
        return Object.entries({ mcp, ...values })
          .reduce((text, [key, value]) => {
            const inJson = JSON.stringify(value).slice(1, -1);
            const shown = isJson ? inJson : isCode ? shellWord(value) : value;
            return text.replaceAll(`{${key}}`, () => shown);
          }, part)
          .replaceAll('{name}', name);
      })
      .join('`'),
  );
}
