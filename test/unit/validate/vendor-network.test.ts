import { describe, expect, it } from 'vitest';
import type { Evidence, ValidationTarget } from '../../../src/checks/evidence.ts';
import { CHECKS } from '../../../src/checks/index.ts';
import { foretellOutlooks, type Outlook } from '../../../src/checks/outlook.ts';
import { listUnreachable, warnOfVendorNetwork } from '../../../src/checks/vendor-network.ts';
import { styleFor } from '../../../src/cli/style.ts';
import { connectText } from '../../../src/commands/presets/text.ts';
import { validateHtml } from '../../../src/commands/validate/html.ts';
import { validateText } from '../../../src/commands/validate/text.ts';
import { chatgpt, claude, codex, vscode } from '../../../src/products/all.ts';
import { PRESETS } from '../../../src/products/index.ts';
import { answerOf } from '../../support/validate-answer.ts';

const LOCAL = 'http://127.0.0.1:3000/mcp';
const PUBLIC = 'https://svc.example.com/mcp';

it('the products that connect from their vendor’s servers, each with its source', () => {
  const hosted = PRESETS.filter(({ connectsFromVendor }) => connectsFromVendor === true);
  expect(hosted.map(({ name }) => name)).toEqual(['chatgpt', 'claude']);
  for (const { sources } of hosted)
    expect(
      sources.some(({ certainty, what }) => certainty === 'primary' && /servers|tunnel/.test(what)),
    ).toBe(true);
});

describe('URLs that a vendor’s servers can’t reach', () => {
  it.each([
    LOCAL,
    'http://127.1/mcp',
    'http://localhost:3000/mcp',
    'http://LOCALHOST./mcp',
    'http://mcp.localhost/mcp',
    'http://[::1]:3000/mcp',
    'http://[::ffff:10.0.0.1]/mcp',
    'http://0.0.0.0:3000/mcp',
    'https://10.1.2.3/mcp',
    'https://172.16.0.1/mcp',
    'https://172.31.255.255/mcp',
    'https://192.168.178.20/mcp',
    'https://169.254.1.1/mcp',
    'https://100.64.0.1/mcp',
    'https://[fd12:3456::1]/mcp',
    'https://[fe80::1]/mcp',
    'http://keycloak:8080/realms/tools',
    'https://nas.local/mcp',
    'https://mcp.corp.internal/mcp',
    'https://mcp.home.arpa/mcp',
  ])('%s', (url) => {
    expect(listUnreachable(chatgpt, [url])).toEqual([url]);
    expect(listUnreachable(codex, [url])).toEqual([]);
  });

  it.each([
    PUBLIC,
    'https://8.8.8.8/mcp',
    'https://172.32.0.1/mcp',
    'https://[2606:4700::1]/mcp',
    'https://local.example.com/mcp',
    'https://localhost.example.com/mcp',
    'https://10.0.0.1.example.com/mcp',
  ])('but it can reach %s', (url) => {
    expect(listUnreachable(chatgpt, [url])).toEqual([]);
  });
});

describe('the warning before anybody waits', () => {
  const warned = (
    presets: Parameters<typeof warnOfVendorNetwork>[2],
    resource: string,
    issuer?: string,
  ): string[] => {
    const lines: string[] = [];
    const voice = { warn: (text: string) => void lines.push(text) };
    const config = { issuer: issuer ?? LOCAL, originOf: () => (issuer === undefined ? undefined : 'a file') };
    warnOfVendorNetwork({ voice }, config, presets, resource);
    return lines;
  };

  it('names the product, the URL and the way out, once', () => {
    expect(warned([chatgpt, vscode], LOCAL)).toEqual([
      `ChatGPT connects from its vendor’s servers, which can’t reach ${LOCAL}: use a public URL or a tunnel, and run mcpkc validate from outside.`,
    ]);
  });

  it('is one for several products and both URLs', () => {
    expect(warned([chatgpt, claude], LOCAL, 'https://192.168.1.5/realms/tools')).toEqual([
      `ChatGPT, Claude connect from their vendors’ servers, which can’t reach ${LOCAL}, https://192.168.1.5/realms/tools: use a public URL or a tunnel, and run mcpkc validate from outside.`,
    ]);
  });

  it('is not about a public MCP server, another product, or an issuer that nobody wrote down', () => {
    expect(warned([chatgpt, claude], PUBLIC)).toEqual([]);
    expect(warned([chatgpt], PUBLIC, 'https://auth.example.com/realms/tools')).toEqual([]);
    expect(warned([codex, vscode], LOCAL, LOCAL)).toEqual([]);
  });
});

describe('the prospect of a product', () => {
  const outlookOf = (mcp: string) =>
    foretellOutlooks(CHECKS, {
      target: {
        mcp,
        presets: [chatgpt, codex],
        accepted: [mcp],
        allowedOrigins: [],
      } as unknown as ValidationTarget,
      parts: {},
    } satisfies Evidence);

  it('has the URLs that can’t be reached, and the way from there among what was not tried', () => {
    const [first, second] = outlookOf(LOCAL);
    expect(first).toMatchObject({ preset: 'chatgpt', unreachable: [LOCAL] });
    expect(first?.untried).toContain('the way from its vendor’s servers');
    expect(second).toMatchObject({ preset: 'codex', unreachable: [] });
    expect(second?.untried).not.toContain('the way from its vendor’s servers');
    expect(outlookOf(PUBLIC)[0]).toMatchObject({ unreachable: [] });
    expect(outlookOf(PUBLIC)[0]?.untried).toContain('the way from its vendor’s servers');
  });

  const shown = { preset: 'chatgpt', title: 'ChatGPT', way: 'registration', clientId: null, reason: null };
  const basis = { tried: [], read: [], untried: [], stage: null, check: null };
  const told = (verdict: Outlook['verdict'], unreachable: string[]) =>
    answerOf([], {
      outlook: [{ ...shown, ...basis, verdict, message: 'works.', unreachable } as unknown as Outlook],
    });
  const text = (verdict: Outlook['verdict'], unreachable: string[]) =>
    validateText(told(verdict, unreachable), styleFor(false, 200), false);

  it.each(['works', 'expected'] as const)('has no tick where its vendor can’t come: %s', (verdict) => {
    const line = `Its vendor’s servers can’t reach ${LOCAL}: use a public URL or a tunnel, and run mcpkc validate from outside.`;
    expect(text(verdict, [LOCAL])).toMatch(/^! ChatGPT/m);
    expect(text(verdict, [LOCAL]).replaceAll(/\s+/g, ' ')).toContain(line);
    expect(text(verdict, [])).toMatch(/^✓ ChatGPT/m);
    expect(text(verdict, [])).not.toContain('vendor');
  });

  it('the same on the page for colleagues', () => {
    const page = (unreachable: string[]) => validateHtml(told('works', unreachable), { at: '', ms: 0 });
    expect(page([LOCAL])).toContain('! ChatGPT');
    expect(page([LOCAL])).toContain(`servers can’t reach ${LOCAL}`);
    expect(page([])).toContain('✓ ChatGPT');
  });
});

it('the page for a person who connects the server shows it, too', () => {
  expect(connectText(chatgpt, LOCAL, styleFor(false, 200))).toContain(`servers can’t reach ${LOCAL}`);
  expect(connectText(chatgpt, PUBLIC, styleFor(false, 200))).not.toContain('can’t reach');
  expect(connectText(codex, LOCAL, styleFor(false, 200))).not.toContain('can’t reach');
});
