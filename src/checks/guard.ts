// biome-ignore lint/style/noRestrictedImports: isIP and BlockList alone, which are pure.
import { isIP } from 'node:net';

/**
 * Names of the metadata services that clouds give to their machines; what answers there may hold credentials. Google,
 * and the alias that several providers share.
 */
const METADATA_NAMES = new Set(['metadata', 'metadata.google.internal', 'metadata.goog', 'instance-data']);

/** Metadata addresses outside the link-local ranges: Alibaba, Oracle, Azure's wire server, AWS over IPv6. */
const METADATA_ADDRESSES = new Set(['100.100.100.200', '192.0.0.192', '168.63.129.16', 'fd00:ec2::254']);

/** Looks a name up; `dns.lookup` with `all`. */
export type LookUp = (name: string) => Promise<readonly string[]>;

/** Why an address is never asked though a host named it (RFC 3927, RFC 4291 §2.5.6); undefined where it may be. */
export function forbiddenAddress(address: string): string | undefined {
  const plain = mapped(
    address
      .toLowerCase()
      .replace(/^\[|\]$/g, '')
      .replace(/%.*$/, ''),
  );
  if (/^169\.254\./.test(plain) || /^fe[89ab][0-9a-f]:/.test(plain))
    return `${address} is a link-local address`;
  if (METADATA_ADDRESSES.has(plain)) return `${address} is a cloud's metadata service`;
  return undefined;
}

/** An IPv4 address in IPv6 clothes, as IPv4. */
function mapped(address: string): string {
  const dotted = /^::(?:ffff:)?(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  if (dotted !== undefined) return dotted;
  const [, high, low] = /^::(?:ffff:)?([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address) ?? [];
  if (high === undefined || low === undefined) return address;
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return `${a >> 8}.${a & 255}.${b >> 8}.${b & 255}`;
}

/**
 * Why a URL that somebody else chose is not fetched: another scheme than http(s), credentials in it, a link-local or
 * metadata address, also behind a name. Undefined where it may be fetched.
 */
export async function forbiddenUrl(text: string, lookUp: LookUp): Promise<string | undefined> {
  const url = URL.parse(text);
  if (!url) return 'it is no URL';
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return `its scheme is ${url.protocol.slice(0, -1)}`;
  if (url.username !== '' || url.password !== '') return 'it has credentials';
  const host = url.hostname.replace(/\.$/, '');
  if (METADATA_NAMES.has(host)) return `${host} is a cloud's metadata service`;
  const literal = forbiddenAddress(host);
  if (literal !== undefined || isIP(host.replace(/^\[|\]$/g, '')) !== 0) return literal;
  const addresses = await lookUp(host).catch(() => []);
  const found = addresses.map(forbiddenAddress).find((why) => why !== undefined);
  return found === undefined ? undefined : `${host} leads to a forbidden address: ${found}`;
}
