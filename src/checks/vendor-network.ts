import type { Context } from '../cli/command.ts';
import { type Config, isIssuerGiven } from '../config/config.ts';
import type { Preset } from '../products/preset.ts';
import { listNames } from '../text.ts';
import { isAddress, privateAddress } from './guard.ts';

type Product = Pick<Preset, 'title' | 'connectsFromVendor'>;

/**
 * Names that the public DNS leads nowhere: those without a dot, and those below names for local use (RFC 6761 and 6762,
 * RFC 8375, ICANN's .internal of 2024-07-29).
 */
const LOCAL_NAME = /^[^.]+$|\.(?:localhost|local|internal|home\.arpa)$/;

/**
 * Whether a URL leads to this machine or a private network by its text alone. A public name may lead there too, and
 * elsewhere be public: no name is looked up.
 */
function isLocal(url: string): boolean {
  const host = URL.parse(url)?.hostname.replace(/\.$/, '') ?? '';
  return isAddress(host) ? privateAddress(host) !== undefined : LOCAL_NAME.test(host);
}

/** Those of the URLs that a product can't reach, since its requests come from its vendor's servers. */
export function listUnreachable(
  { connectsFromVendor }: Pick<Preset, 'connectsFromVendor'>,
  urls: readonly (string | undefined)[],
): string[] {
  if (connectsFromVendor !== true) return [];
  return [...new Set(urls)].filter((url) => url !== undefined).filter(isLocal);
}

/** The reason and the fix, as the end of a sentence about such servers. */
export function unreachableText(urls: readonly string[]): string {
  return `can’t reach ${listNames(urls)}: use a public URL or a tunnel, and run mcpkc validate from outside`;
}

/**
 * Warns, before anybody waits or connects, of products that run at their vendor where the MCP server, or the issuer that
 * the operator wrote down, is of a private network.
 */
export function warnOfVendorNetwork(
  { voice }: { voice: Pick<Context['voice'], 'warn'> },
  config: Pick<Config, 'issuer' | 'originOf'>,
  presets: readonly Product[],
  resource: string,
): void {
  const urls = [resource, isIssuerGiven(config) ? config.issuer : undefined];
  const stopped = presets.filter((preset) => listUnreachable(preset, urls).length > 0);
  const [first] = stopped;
  if (first === undefined) return;
  const names = listNames(stopped.map(({ title }) => title));
  const from = stopped.length === 1 ? 'connects from its vendor’s' : 'connect from their vendors’';
  voice.warn(`${names} ${from} servers, which ${unreachableText(listUnreachable(first, urls))}.`);
}
