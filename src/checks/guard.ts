// biome-ignore lint/style/noRestrictedImports: isIP and BlockList alone, which are pure.
import { BlockList, isIP } from 'node:net';

/**
 * Names of the metadata services that clouds offer to their machines; answers from there may hold credentials. Google,
 * and the alias that several providers share.
 */
const METADATA_NAMES = new Set(['metadata', 'metadata.google.internal', 'metadata.goog', 'instance-data']);

/** Metadata addresses outside the link-local ranges: Alibaba, Oracle, Azure's wire server, AWS over IPv6. */
const METADATA_ADDRESSES = new Set(['100.100.100.200', '192.0.0.192', '168.63.129.16', 'fd00:ec2::254']);

/** Networks that no public server leads to: the IANA special-purpose registries (RFC 6890), each with its purpose. */
const PRIVATE: readonly (readonly [network: string, bits: number, what: string])[] = [
  ['0.0.0.0', 8, 'an address of this network'],
  ['10.0.0.0', 8, 'a private address'],
  ['100.64.0.0', 10, 'a carrier’s shared address'],
  ['127.0.0.0', 8, 'a loopback address'],
  ['169.254.0.0', 16, 'a link-local address'],
  ['172.16.0.0', 12, 'a private address'],
  ['192.0.0.0', 24, 'a special-purpose address'],
  ['192.168.0.0', 16, 'a private address'],
  ['198.18.0.0', 15, 'a benchmarking address'],
  ['224.0.0.0', 3, 'a multicast or reserved address'],
  ['::', 128, 'an address of this network'],
  ['::1', 128, 'a loopback address'],
  ['64:ff9b:1::', 48, 'a local NAT64 address'],
  ['fc00::', 7, 'a unique local address'],
  ['fe80::', 10, 'a link-local address'],
  ['fec0::', 10, 'a site-local address'],
  ['ff00::', 8, 'a multicast address'],
];

const RANGES = PRIVATE.map(([network, bits, what]) => {
  const list = new BlockList();
  list.addSubnet(network, bits, isIP(network) === 4 ? 'ipv4' : 'ipv6');
  return { list, family: isIP(network), what };
});

/** Looks a name up; `dns.lookup` with `all`. */
export type LookUp = (name: string) => Promise<readonly string[]>;

const bare = (address: string) =>
  address
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/%.*$/, '');

/** Whether a host is an address, in a URL's brackets or bare. */
export function isAddress(host: string): boolean {
  return isIP(bare(host)) !== 0;
}

/**
 * The reason why an address is never asked though a server named it (RFC 3927, RFC 4291 §2.5.6); undefined where it may
 * be.
 */
export function forbiddenAddress(address: string): string | undefined {
  const plain = embedded(bare(address));
  if (/^169\.254\./.test(plain) || /^fe[89ab][0-9a-f]:/.test(plain))
    return `${address} is a link-local address`;
  if (METADATA_ADDRESSES.has(plain)) return `${address} is a cloud's metadata service`;
  return undefined;
}

/**
 * The reason why an address is not of the public network; undefined where it is public. Such are loopback, private,
 * link-local, unique local and carrier-grade NAT. An address within one of NAT64, 6to4 or an IPv4 address in IPv6
 * clothes counts as the inner one.
 */
export function privateAddress(address: string): string | undefined {
  const plain = embedded(bare(address));
  const family = isIP(plain);
  const found = RANGES.find(
    (range) => range.family === family && range.list.check(plain, family === 4 ? 'ipv4' : 'ipv6'),
  );
  return found && `${address} is ${found.what}`;
}

/** The IPv4 address that an IPv6 address stands for: mapped, compatible, NAT64 (RFC 6052), 6to4 (RFC 3056); else itself. */
function embedded(address: string): string {
  if (isIP(address) !== 6) return address;
  const words = expanded(address);
  const at = (index: number) => words[index] ?? 0;
  const four = (high: number, low: number) => `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  const zero = (from: number, to: number) => words.slice(from, to).every((word) => word === 0);
  const isMapped = zero(0, 5) && (at(5) === 0xffff || (at(5) === 0 && at(6) !== 0));
  if (isMapped || (at(0) === 0x64 && at(1) === 0xff9b && zero(2, 6))) return four(at(6), at(7));
  if (at(0) === 0x2002) return four(at(1), at(2));
  return address;
}

/** The eight words of an IPv6 address. */
function expanded(address: string): number[] {
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const [a = 0, b = 0, c = 0, d = 0] = (dotted ?? []).slice(1).map(Number);
  const hex = dotted
    ? address.replace(dotted[0], `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`)
    : address;
  const [head = '', tail] = hex.split('::');
  const read = (part: string) =>
    part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16));
  if (tail === undefined) return read(head);
  const [left, right] = [read(head), read(tail)];
  return [...left, ...Array<number>(Math.max(0, 8 - left.length - right.length)).fill(0), ...right];
}

/** NAT64's prefixes: a network makes such addresses; nobody writes one into a document. */
const isNat64 = (address: string) => /^64:ff9b:/.test(bare(address));

/** The verdict on a URL: whether it may be fetched, and the addresses that it then has to be fetched from. */
export interface GuardedTarget {
  /** The reason why it isn't fetched; undefined where it may be. */
  why: string | undefined;
  /** The addresses that the name led to, by the one look-up; empty for addresses, and where none was made. */
  addresses: readonly string[];
}

/**
 * Judges whether a URL that somebody else chose may be fetched. Refused are other schemes than http(s), credentials in
 * it, and link-local or metadata addresses, also behind a name. Where `publicOnly`, so is every address that is not
 * public. A name is looked up once: the request has to go to the addresses found. Without `lookUp` (a proxy does that)
 * names pass.
 */
export async function judgeTarget(
  text: string,
  lookUp: LookUp | undefined,
  { publicOnly = false }: { publicOnly?: boolean } = {},
): Promise<GuardedTarget> {
  const no = (why: string): GuardedTarget => ({ why, addresses: [] });
  const url = URL.parse(text);
  if (!url) return no('it is not a URL');
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return no(`its scheme is ${url.protocol.slice(0, -1)}`);
  if (url.username !== '' || url.password !== '') return no('it has credentials');
  const host = url.hostname.replace(/\.$/, '');
  if (METADATA_NAMES.has(host)) return no(`${host} is a cloud's metadata service`);
  const judge = (address: string) =>
    forbiddenAddress(address) ?? (publicOnly ? privateAddress(address) : undefined);
  if (isAddress(host)) {
    const nat = publicOnly && isNat64(host) ? `${host} is a NAT64 address` : undefined;
    return { why: judge(host) ?? nat, addresses: [] };
  }
  if (host === 'localhost' || host.endsWith('.localhost'))
    return { why: publicOnly ? `${host} is this machine` : undefined, addresses: [] };
  const addresses = (await lookUp?.(host).catch(() => [])) ?? [];
  const found = addresses.map(judge).find((why) => why !== undefined);
  return { why: found && `${host} leads to a forbidden address: ${found}`, addresses };
}

/** Whether a URL is of the public network, as seen from here; a name that leads nowhere counts as one. */
export async function isPublic(text: string, lookUp: LookUp | undefined): Promise<boolean> {
  return (await judgeTarget(text, lookUp, { publicOnly: true })).why === undefined;
}
