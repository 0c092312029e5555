import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { McpkcError } from '../../src/errors.ts';
import { aliasOf, canonicalResource, differenceOf } from '../../src/names/resource-url.ts';

describe('canonicalResource', () => {
  it.each([
    ['https://mcp.example.com/mcp', 'https://mcp.example.com/mcp'],
    ['HTTPS://MCP.Example.COM/Mcp', 'https://mcp.example.com/Mcp'],
    ['https://mcp.example.com', 'https://mcp.example.com'],
    ['https://mcp.example.com/', 'https://mcp.example.com'],
    ['https://mcp.example.com/mcp/', 'https://mcp.example.com/mcp/'],
    ['https://mcp.example.com//', 'https://mcp.example.com//'],
    ['https://mcp.example.com:443/mcp', 'https://mcp.example.com/mcp'],
    ['https://mcp.example.com:0443/mcp', 'https://mcp.example.com/mcp'],
    ['https://mcp.example.com:/mcp', 'https://mcp.example.com/mcp'],
    ['https://mcp.example.com:80/mcp', 'https://mcp.example.com:80/mcp'],
    ['http://mcp.example.com:80/mcp', 'http://mcp.example.com/mcp'],
    ['http://127.0.0.1:3000/mcp', 'http://127.0.0.1:3000/mcp'],
    ['http://[::1]:3000/mcp', 'http://[::1]:3000/mcp'],
    ['http://[0:0:0:0:0:0:0:1]/mcp', 'http://[::1]/mcp'],
    ['https://x.example/a%2Fb%2fc/%7E', 'https://x.example/a%2Fb%2fc/%7E'],
    ['https://x.example/a/...', 'https://x.example/a/...'],
    ['https://x.example/a.b/.c', 'https://x.example/a.b/.c'],
    ["https://x.example/!$&'()*+,;=:@~", "https://x.example/!$&'()*+,;=:@~"],
    ['https://münchen.de/mcp', 'https://xn--mnchen-3ya.de/mcp'],
    ['https://аpple.com/mcp', 'https://xn--pple-43d.com/mcp'], // a Cyrillic а
    ['https://my_host/mcp', 'https://my_host/mcp'],
  ])('%s → %s', (text, url) => {
    expect(canonicalResource(text)).toBe(url);
  });

  it.each([
    ['', 'empty'],
    ['mcp.example.com', 'full URL'],
    ['//mcp.example.com/mcp', 'full URL'],
    ['https:mcp.example.com', 'full URL'],
    ['localhost:3000/mcp', 'full URL'],
    ['ftp://x.example/', 'scheme'],
    ['javascript://x.example/%0aalert(1)', 'scheme'],
    ['ws://x.example/mcp', 'scheme'],
    ['https://x.example/mcp#', 'fragment'],
    ['https://x.example/mcp#frag', 'fragment'],
    ['https://x.example/mcp?', 'query'],
    ['https://x.example/mcp?a=b', 'query'],
    ['https://user@x.example/mcp', 'user name'],
    ['https://user:pw@x.example/mcp', 'user name'],
    ['https://x.example@evil.example/mcp', 'user name'],
    ['https://x.example\\@evil.example/mcp', 'backslash'],
    ['https://x.example/a\\b', 'backslash'],
    [' https://x.example/mcp', 'blank'],
    ['https://x.example/mcp ', 'blank'],
    ['https://x.example/m cp', 'blank'],
    ['https://x.example/mcp\n', 'blank'],
    ['https://x.example/\u0000', 'seen'],
    ['https://x.example/\u202epcm', 'seen'],
    ['https://x\u200b.example/', 'seen'],
    ['https://x.example/\u00a0', 'blank'],
    ['https://x.example/./mcp', 'segment'],
    ['https://x.example/a/../mcp', 'segment'],
    ['https://x.example/..', 'segment'],
    ['https://x.example/%2e%2E/mcp', 'segment'],
    ['https://x.example/.%2e/mcp', 'segment'],
    ['https://x.example/%', 'hexadecimal'],
    ['https://x.example/%zz', 'hexadecimal'],
    ['https://x.example/ü', 'percent-encoded'],
    ['https://x.example/a"b', 'percent-encoded'],
    ['https://x.example/<script>', 'percent-encoded'],
    ['https://x.example/{id}', 'percent-encoded'],
    ['https:///mcp', 'no host'],
    ['https://:443/mcp', 'no host'],
    ['https://x.example:0/', 'port'],
    ['https://x.example:65536/', 'port'],
    ['https://x.example:abc/', 'host'],
    ['https://x.example./mcp', 'dot'],
    ['https://x..example/mcp', 'empty label'],
    ['https://*.example/mcp', '*'],
    ['https://::1/mcp', 'host'],
    ['https://127.1/mcp', 'unusual spelling'],
    ['https://2130706433/mcp', 'unusual spelling'],
    ['https://exa%6dple.com/mcp', '%'],
    [`https://x.example/${'a'.repeat(1024)}`, '1024'],
  ])('refuses %j: %s', (text, word) => {
    expect(() => canonicalResource(text)).toThrow(word);
    expect(() => canonicalResource(text)).toThrow(McpkcError);
  });

  it('takes a bare host only where that is asked for', () => {
    expect(canonicalResource('MCP.example.com', { bareHost: true })).toBe('https://mcp.example.com/mcp');
    expect(canonicalResource('https://x.example/sse', { bareHost: true })).toBe('https://x.example/sse');
    expect(canonicalResource('::1', { bareHost: true })).toBe('https://[::1]/mcp');
    for (const text of ['x.example/mcp', 'x.example:8443', 'user@x.example', '*.x.example', 'a b', '']) {
      expect(() => canonicalResource(text, { bareHost: true }), text).toThrow(McpkcError);
    }
    // More than a host is told what it lacks, not what no host has.
    for (const text of ['x.example/mcp', '127.0.0.1:8080/mcp', 'x.example:8443'])
      expect(() => canonicalResource(text, { bareHost: true })).toThrow(/start it with https:\/\//);
  });

  it('changes nothing the second time, and only scheme and authority the first', () => {
    fc.assert(
      fc.property(fc.oneof(fc.webUrl({ withFragments: false }), fc.string({ unit: 'binary' })), (text) => {
        let url: string;
        try {
          url = canonicalResource(text);
        } catch (error) {
          expect(error).toBeInstanceOf(McpkcError);
          return;
        }
        expect(canonicalResource(url)).toBe(url);
        const path = text.replace(/^[^:]*:\/\/[^/]*/, '');
        expect(url.endsWith(path === '/' ? '' : path)).toBe(true);
        expect(new URL(url).href).toBe(path === '' || path === '/' ? `${url}/` : url);
      }),
      { numRuns: 500 },
    );
  });
});

describe('aliasOf', () => {
  it.each([
    ['https://service.example.com/mcp', 'service'],
    ['http://localhost:3000/mcp', 'localhost'],
    ['http://127.0.0.1:3000/mcp', '127-0-0-1'],
    ['http://[2001:db8::1]/mcp', '2001-db8--1'],
    ['http://[::]/', 'resource'],
    ['https://my_host.example/', 'my-host'],
    ['https://xn--mnchen-3ya.de/', 'xn--mnchen-3ya'],
    [`https://${'a'.repeat(39)}-${'b'.repeat(20)}.example/`, 'a'.repeat(39)],
    [`https://${'a'.repeat(60)}.example/`, 'a'.repeat(40)],
    ['https://___.example/', 'resource'],
  ])('%s → %s', (url, alias) => {
    expect(aliasOf(url)).toBe(alias);
  });
});

describe('differenceOf', () => {
  it.each([
    ['https://x.example/mcp', 'https://x.example/mcp', 'same'],
    ['not a url', 'not a url', 'same'],
    ['https://x.example/mcp', 'https://x.example/mcp/', 'slash'],
    ['https://x.example', 'https://x.example/', 'slash'],
    ['https://x.example/mcp', 'https://x.example/MCP', 'case'],
    ['https://x.example/mcp', 'https://X.example/mcp', 'case'],
    ['https://x.example/mcp', 'https://x.example:443/mcp', 'case'],
    ['https://xn--mnchen-3ya.de/mcp', 'https://münchen.de/mcp', 'case'],
    ['https://x.example/mcp', 'http://x.example/mcp', 'scheme'],
    ['https://x.example/mcp', 'http://x.example/other', 'scheme'],
    ['https://x.example/mcp', 'https://x.example/sse', 'path'],
    ['https://x.example/mcp', 'https://x.example', 'path'],
    ['https://x.example/mcp', 'https://x.example/mcp#f', 'path'],
    ['https://x.example/mcp', 'https://x.example/mcp?q', 'path'],
    ['https://x.example/mcp', 'https://y.example/mcp', 'host'],
    ['https://x.example/mcp', 'https://x.example:8443/mcp', 'host'],
    ['https://x.example/mcp', 'https://u:p@x.example/mcp', 'host'],
    ['https://x.example/mcp', 'legacy-client', 'host'],
    ['https://x.example/mcp', '', 'host'],
    ['a', 'b', 'host'],
  ])('%s and %s: %s', (a, b, difference) => {
    expect(differenceOf(a, b)).toBe(difference);
    expect(differenceOf(b, a)).toBe(difference);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => void differenceOf('https://x.example', text)),
    );
  });
});
