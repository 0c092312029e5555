import { describe, expect, test } from 'vitest';
import type { Context } from '../../../src/cli/command.ts';
import { styleFor } from '../../../src/cli/style.ts';
import { presets } from '../../../src/commands/presets/command.ts';
import type { Config } from '../../../src/config/load.ts';
import { McpkcError } from '../../../src/errors.ts';
import { PRESETS } from '../../../src/products/index.ts';
import { fitToWidth } from '../../../src/text.ts';

const STYLE = styleFor(false, 80);

function contextWith(config: () => Promise<Config>): { context: Context; warnings: string[] } {
  const warnings: string[] = [];
  const voice = { note() {}, warn: (text: string) => warnings.push(text), progress() {} };
  return { context: { config, voice } as unknown as Context, warnings };
}

function configured(own: unknown[]): Promise<Config> {
  const config = {
    server: 'http://127.0.0.1:5050/auth',
    realm: undefined,
    presets: own,
    files: { config: 'c.json' },
  };
  return Promise.resolve(config as unknown as Config);
}

describe('mcpkc presets', () => {
  test('lists every product, without a realm', async () => {
    const { context } = contextWith(() => configured([]));
    const report = await presets.run(context, [undefined], {});
    expect(report).toMatchObject({ command: 'presets', exitStatus: 0, realm: undefined });
    const text = report.text(STYLE);
    for (const { name } of PRESETS) expect(text).toContain(name);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });
  test('shows one with its sources and dates', async () => {
    const { context } = contextWith(() => configured([]));
    const report = await presets.run(context, ['chatgpt'], {});
    expect(report.document.presets).toMatchObject([
      {
        name: 'chatgpt',
        custom: false,
        redirectUris: expect.arrayContaining(['https://chatgpt.com/connector/oauth/{id}']),
      },
    ]);
    expect(report.text(STYLE)).toMatch(/developers\.openai\.com[\s\S]*2026-11-24/);
  });
  test('shows one’s own too, and refuses a title with marks that can’t be seen', async () => {
    const own = { name: 'acme', title: 'Acme', redirectUris: ['https://acme.example/cb'] };
    const { context } = contextWith(() => configured([own]));
    expect((await presets.run(context, [undefined], {})).text(STYLE)).toContain('Acme (your own)');
    expect((await presets.run(context, ['acme'], {})).document.presets).toMatchObject([
      { name: 'acme', custom: true },
    ]);
    const odd = contextWith(() => configured([{ ...own, title: 'Ac\u202eme' }]));
    const { context: other, warnings } = contextWith(() =>
      configured([
        { ...own, title: 'Ac\u202eme' },
        { ...own, name: 'good' },
      ]),
    );
    // The others are shown all the same, and the fault is said with its place.
    expect((await presets.run(other, [undefined], {})).document.presets).toContainEqual(
      expect.objectContaining({ name: 'good' }),
    );
    expect(warnings.join()).toContain('presets[0].title');
    await expect(presets.run(odd.context, ['acme'], {})).rejects.toThrow('presets[0].title');
  });
  test.each(PRESETS)(
    '--for: $name as a page for a colleague, code on lines of its own',
    async ({ name, connect }) => {
      const { context } = contextWith(() => configured([]));
      const resource = `https://svc.example.com/a-path-that-is-rather-long-so-that-lines-have-to-be-wrapped/mcp`;
      const report = await presets.run(context, [name], { for: resource });
      const text = fitToWidth(report.text(STYLE), STYLE.width);
      expect(text).toContain(resource);
      expect(text).not.toMatch(/[{]mcp[}]|[{]name[}]/);
      const code = connect.flatMap((step) => step.split('`').filter((_, index) => index % 2 === 1));
      const lines = text.split('\n').map((line) => line.trim().replace(/^\d+\. /, ''));
      for (const one of code)
        expect(lines).toContain(one.replaceAll('{mcp}', resource).replaceAll('{name}', 'svc'));
      expect(report.document).toMatchObject({ resource, presets: [{ name, steps: expect.any(Array) }] });
    },
  );
  test('a product on a host of one’s own, or one that nobody knows: how to make a preset of it', async () => {
    const { context } = contextWith(() => configured([]));
    await expect(presets.run(context, ['librechat'], {})).rejects.toMatchObject({
      fix: expect.stringContaining('"like": "librechat"'),
    });
    await expect(presets.run(context, ['nobodys'], {})).rejects.toMatchObject({
      fix: expect.stringContaining('"redirectUris"'),
    });
  });
  test('works without a usable configuration, and says so', async () => {
    const { context, warnings } = contextWith(() =>
      Promise.reject(new McpkcError('CONFIG_INVALID', 'x', 'y')),
    );
    const report = await presets.run(context, ['claude'], {});
    expect(report.exitStatus).toBe(0);
    expect(warnings).toHaveLength(1);
  });
  test('passes a bug on', async () => {
    const { context } = contextWith(() => Promise.reject(new TypeError('bug')));
    await expect(presets.run(context, [undefined], {})).rejects.toThrow('bug');
  });
  test('an unknown name is bad input', async () => {
    const { context } = contextWith(() => configured([]));
    await expect(presets.run(context, ['chatgtp'], {})).rejects.toThrow(McpkcError);
  });
});
