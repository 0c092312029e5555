/**
 * Whether a URL leads to this machine: 127.0.0.0/8, ::1, localhost and names below it (RFC 6761). Names that merely
 * resolve to a loopback address don't count. Other spellings of an address (`127.1`, `0x7f000001`, `::ffff:127.0.0.1`)
 * are judged as the URL parser writes them.
 */
export function isLoopback(url: URL): boolean {
  const host = url.hostname.replace(/\.$/, '');
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  if (host === '[::1]') return true;
  if (/^\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\]$/.test(host)) return true;
  return /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
