import { describe, expect, test } from 'vitest';
import { McpkcError } from '../../../src/errors.ts';
import { DEFAULT_PRODUCT, PRESETS } from '../../../src/products/index.ts';
import { patternProblem } from '../../../src/products/pattern.ts';
import { hasClientName } from '../../../src/products/preset.ts';
import { matchesAny, redirectHost } from '../../../src/products/redirect.ts';
import { resolvePresets } from '../../../src/products/resolve.ts';

test('the list holds each product once, the default one first', () => {
  const names = PRESETS.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
  expect(names[0]).toBe(DEFAULT_PRODUCT);
});

describe.each(PRESETS)('$name', (preset) => {
  test('trusts the hosts of its redirect URIs and of its home page', () => {
    const hosts = preset.redirectUris.map(redirectHost);
    const home = [preset.clientUri, preset.registration.client_uri].flatMap((uri) => uri ?? []);
    expect(preset.trustedHosts).toEqual(
      expect.arrayContaining([...hosts, ...home.map((uri) => new URL(uri).hostname)]),
    );
    expect(new Set(preset.trustedHosts).size).toBe(preset.trustedHosts.length);
  });
  test('registers what its own patterns and names fit', () => {
    for (const uri of preset.registration.redirect_uris) {
      expect(matchesAny(preset.redirectUris, uri), uri).toBe(true);
    }
    // The name that Copilot registers with in JetBrains' editors is not known.
    const { clientNames, registration } = preset;
    expect(clientNames.length === 0 || hasClientName(preset, registration.client_name)).toBe(true);
  });
  test('has patterns that a user might have written', () => {
    expect(preset.redirectUris.map(({ uri }) => patternProblem(uri)).filter(Boolean)).toEqual([]);
  });
  test('says where it is from: public https pages and when they were seen', () => {
    expect(preset.sources.length).toBeGreaterThan(0);
    for (const { url, what, seen } of preset.sources) {
      expect(new URL(url).protocol).toBe('https:');
      expect(what).not.toBe('');
      expect(seen).toMatch(/^2\d{3}-\d{2}-\d{2}$/);
    }
  });
});

test('ChatGPT has the hosts and scopes that the checklist lists', () => {
  const [chatgpt] = resolvePresets(['chatgpt']);
  expect(chatgpt?.trustedHosts).toEqual(
    expect.arrayContaining(['chatgpt.com', 'chat.openai.com', 'openai.com', 'api.openai.com']),
  );
  expect(chatgpt?.requestedScopes).toEqual(['address', 'microprofile-jwt', 'organization', 'phone']);
});

test('editions of an editor are one product, another’s name is not', () => {
  const [vscode] = resolvePresets(['vscode']);
  expect(
    vscode &&
      ['Visual Studio Code', 'Visual Studio Code - Insiders', 'Code - OSS'].map((name) =>
        hasClientName(vscode, name),
      ),
  ).toEqual([true, true, true]);
  expect(
    vscode &&
      ['Visual Studio Codex', 'visual studio code', '', undefined].some((name) =>
        hasClientName(vscode, name),
      ),
  ).toBe(false);
});

describe('resolving names', () => {
  test('keeps the order and takes each once', () => {
    expect(resolvePresets(['cursor', 'chatgpt', 'cursor']).map(({ name }) => name)).toEqual([
      'cursor',
      'chatgpt',
    ]);
    expect(resolvePresets([])).toEqual([]);
  });
  test.each([
    ['chatgtp', 'chatgpt'],
    ['ChatGPT', 'chatgpt'],
    ['claud', 'claude'],
    ['claudecode', 'claude-code'],
    ['gemini', 'gemini-cli'],
    ['constructor', undefined],
    ['x'.repeat(100_000), undefined],
  ])('an unknown name is bad input that names the nearest: %.20s', (name, near) => {
    const thrown = (() => {
      try {
        return resolvePresets([name]);
      } catch (error) {
        return error;
      }
    })();
    expect(thrown).toBeInstanceOf(McpkcError);
    const error = thrown as McpkcError;
    expect(error.exitStatus).toBe(2);
    expect(error.message).toContain('--preset');
    expect(error.fix).toContain('chatgpt, claude, claude-code');
    if (near === undefined) expect(error.fix).not.toContain('Did you mean');
    else expect(error.fix).toContain(`Did you mean ${near}?`);
  });
});
