import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { McpkcError } from '../../src/errors.ts';
import { normaliseHost } from '../../src/names/host-name.ts';

const label = (length: number) => 'a'.repeat(length);
const long = (length: number) => `${`${label(49)}.`.repeat(5)}${label(length - 250)}`;

describe('normaliseHost keeps or fixes', () => {
  it.each([
    ['chatgpt.com', 'chatgpt.com'],
    ['ChatGPT.com', 'chatgpt.com'],
    ['chatgpt.com.', 'chatgpt.com'],
    ['https://chatgpt.com/connector/oauth/x?y=1#z', 'chatgpt.com'],
    ['HTTPS://MCP.Example.com:8443/mcp', 'mcp.example.com'],
    ['https://mcp.example.com', 'mcp.example.com'],
    ['cursor://anysphere.cursor-mcp/oauth/callback', 'anysphere.cursor-mcp'],
    ['anysphere.cursor-mcp', 'anysphere.cursor-mcp'],
    ['*.example.com', '*.example.com'],
    ['*.EXAMPLE.com.', '*.example.com'],
    ['https://*.example.com/x', '*.example.com'],
    ['*.münchen.de', '*.xn--mnchen-3ya.de'],
    ['münchen.de', 'xn--mnchen-3ya.de'],
    ['xn--mnchen-3ya.de', 'xn--mnchen-3ya.de'],
    ['аpple.com', 'xn--pple-43d.com'], // a Cyrillic а
    ['ｅｘａｍｐｌｅ．com', 'example.com'], // full-width letters and dot
    ['例え。jp', 'xn--r8jz45g.jp'],
    ['localhost', 'localhost'],
    ['my_service', 'my_service'],
    ['127.0.0.1', '127.0.0.1'],
    ['http://127.0.0.1:5050/auth', '127.0.0.1'],
    ['::1', '[::1]'],
    ['[::1]', '[::1]'],
    ['http://[2001:DB8:0:0::1]:8080/x', '[2001:db8::1]'],
    [label(63), label(63)],
    [long(253), long(253)],
    [`*.${long(251)}`, `*.${long(251)}`],
  ])('%s → %s', (text, host) => {
    expect(normaliseHost(text)).toBe(host);
    expect(normaliseHost(host)).toBe(host);
  });
});

describe('normaliseHost refuses', () => {
  it.each([
    ['', 'empty'],
    ['.', 'empty'],
    [' ', 'blank'],
    ['chatgpt.com ', 'blank'],
    ['chat gpt.com', 'blank'],
    ['chatgpt.com\n', 'blank'],
    ['chat\tgpt.com', 'blank'],
    ['chat\u0000gpt.com', 'blank'],
    ['chatgpt\u202e.com', 'seen'],
    ['chat\u00adgpt.com', 'seen'],
    ['chat\u200bgpt.com', 'seen'],
    ['chat\ud800gpt.com', 'seen'],
    ['chatgpt.com:443', 'port'],
    ['127.0.0.1:80', 'port'],
    ['[::1]:80', 'port'],
    ['chatgpt.com/oauth', 'path'],
    ['chatgpt.com?x', 'path'],
    ['chatgpt.com#x', 'path'],
    ['/etc/passwd', 'path'],
    ['chatgpt.com\\@evil.example', 'user name'],
    ['chatgpt.com\\evil', 'backslash'],
    ['user@chatgpt.com', 'user name'],
    ['https://user:pw@chatgpt.com/', 'user name'],
    ['https://chatgpt.com@evil.example/', 'user name'],
    ['*', 'lone *'],
    ['https://*/', 'lone *'],
    ['*.', 'empty'],
    ['*.*.example.com', '*'],
    ['mcp.*.com', '*'],
    ['*mcp.example.com', '*'],
    ['example.*', '*'],
    ['*example.com', '*'],
    ['*.127.0.0.1', 'address'],
    ['*.[::1]', 'address'],
    ['.example.com', 'empty label'],
    ['example..com', 'empty label'],
    ['example.com..', 'empty label'],
    [label(64), '63'],
    [`${label(64)}.com`, '63'],
    [long(254), '253'],
    [`*.${long(252)}`, '253'],
    ['-example.com', 'hyphen'],
    ['example-.com', 'hyphen'],
    ['exa%6dple.com', '%'],
    ['exa%00mple.com', '%'],
    ['a,b', 'character'],
    ["a'b", 'character'],
    ['a;b', 'character'],
    ['$(id)', 'character'],
    ['127.1', 'unusual spelling'],
    ['2130706433', 'unusual spelling'],
    ['0x7f.0.0.1', 'unusual spelling'],
    ['0177.0.0.1', 'unusual spelling'],
    ['１２７.0.0.1', 'unusual spelling'],
    ['1.2.3.4.5', 'not a host name'],
    ['256.1.1.1', 'not a host name'],
    ['fe80::1%eth0', 'zone'],
    ['[fe80::1%25eth0]', 'zone'],
    ['[::g]', 'IPv6'],
    ['1:2:3', 'IPv6'],
    ['https://', 'empty'],
    ['https:///x', 'empty'],
    ['xn--\u00fc.com', 'not a host name'],
  ])('%j: %s', (text, word) => {
    expect(() => normaliseHost(text)).toThrow(word);
    expect(() => normaliseHost(text)).toThrow(McpkcError);
  });

  it('and never shows a password', () => {
    expect(() => normaliseHost('https://user:hunter2@x.example/')).not.toThrow('hunter2');
  });
});

describe('whatever goes in', () => {
  it('only a plain name comes out, and it stays as it is', () => {
    const hosts = fc.oneof(fc.string({ unit: 'binary' }), fc.domain(), fc.ipV4(), fc.ipV6(), fc.webUrl());
    fc.assert(
      fc.property(hosts, (text) => {
        let host: string;
        try {
          host = normaliseHost(text);
        } catch (error) {
          expect(error).toBeInstanceOf(McpkcError);
          return;
        }
        expect(host).toMatch(/^(?:(?:\*\.)?[a-z0-9_.-]+|\[[0-9a-f:]+\])$/);
        expect(host.length).toBeLessThanOrEqual(253);
        expect(normaliseHost(host)).toBe(host);
      }),
      { numRuns: 500 },
    );
  });
});
