import { describe, expect, test } from 'vitest';
import { McpkcError } from '../../../src/errors.ts';
import { customPresets, parsePresets } from '../../../src/products/custom.ts';
import { patternProblem } from '../../../src/products/pattern.ts';
import { resolvePresets } from '../../../src/products/resolve.ts';

const GOOD = {
  name: 'acme',
  redirectUris: ['https://acme.example/oauth/{id}', 'http://127.0.0.1:<port>/cb'],
};

test('a preset of one’s own is complete: hosts and a registration are made from what it says', () => {
  const [acme] = customPresets([
    { ...GOOD, title: 'Acme', clientUri: 'https://www.acme.example/', clientNames: ['Acme IDE'] },
  ]);
  expect(acme).toMatchObject({
    name: 'acme',
    title: 'Acme',
    custom: true,
    trustedHosts: ['acme.example', '127.0.0.1', 'www.acme.example'],
    registration: {
      client_name: 'Acme IDE',
      client_uri: 'https://www.acme.example/',
      redirect_uris: ['https://acme.example/oauth/example', 'http://127.0.0.1:40000/cb'],
      grant_types: ['authorization_code', 'refresh_token'],
    },
  });
  expect(resolvePresets(['acme'], acme ? [acme] : [])).toEqual([acme]);
});

test('no presets are no fault', () => {
  expect(parsePresets([])).toEqual({ presets: [], problems: [] });
});

test('every fault is named at once, with its place', () => {
  const { presets, problems } = parsePresets([
    GOOD,
    { name: 'Bad Name', redirectUris: ['https://x.example/cb', 'https://x.example/*'] },
    { name: 'chatgpt', redirectUris: [] },
    { ...GOOD, surprise: 1, clientUri: 'ftp://x.example/', clientNames: ['', 7] },
    'acme',
    null,
  ]);
  expect(presets).toEqual([]);
  expect(problems.map(({ path }) => path).sort()).toEqual(
    [
      'presets[1].name',
      'presets[1].redirectUris[1]',
      'presets[2].name',
      'presets[2].redirectUris',
      'presets[3]',
      'presets[3].clientNames[0]',
      'presets[3].clientNames[1]',
      'presets[3].clientUri',
      'presets[3].name',
      'presets[4]',
      'presets[5]',
    ].sort(),
  );
});

test('faults end in CONFIG_INVALID that names the file and each place', () => {
  expect(() => customPresets([{ name: 'acme' }], 'config.local.json')).toThrow(McpkcError);
  expect(() => customPresets([{ name: 'acme' }], 'config.local.json')).toThrow(
    /config\.local\.json[\s\S]*presets\[0\]\.redirectUris/,
  );
});

describe('redirect URIs and patterns that a user may write', () => {
  test.each([
    'https://acme.example/cb',
    'https://acme.example:8443/cb?x=1',
    'https://acme.example/oauth/{id}',
    'https://acme.example/oauth/{id}/done',
    'http://localhost:<port>/cb',
    'http://[::1]:<port>/',
    'http://127.0.0.1:<port>/cb/{id}',
    'http://localhost/cb',
    'acme://app.acme/oauth/callback',
  ])('%s is taken', (text) => {
    expect(patternProblem(text)).toBeUndefined();
  });
  test.each([
    'https://acme.example/*',
    'https://*.acme.example/cb',
    'https://acme.example',
    'https://ACME.example/cb',
    'https://acme.example./cb',
    'https://acme.example:443/cb',
    'https://me@acme.example/cb',
    'https://acme.example/cb#x',
    'https://acme.example/a/../cb',
    'https://acme.example/%2e%2e/cb',
    'https://acme.example/a%2fb',
    'https://acme.example\\cb',
    'https://acme.example/c b',
    'https://acme.example/cb\n',
    'https://äcme.example/cb',
    'https://{id}.acme.example/cb',
    'https://acme.example/x{id}',
    'https://acme.example/{id}x',
    'https://acme.example/?x=/{id}',
    'https://acme.example/{id}/{id}',
    'https://acme.example/{other}',
    'https://acme.example:<port>/cb',
    'http://localhost.acme.example:<port>/cb',
    'http://localhost:<port>',
    'http://localhost/<port>/cb',
    'http://acme.example/cb',
    'javascript:alert(1)',
    'javascript://acme.example/cb',
    'data:text/html,x',
    'file:///etc/passwd',
    'acme:/cb',
    'acme.example/cb',
    '/cb',
    '',
    `https://acme.example/${'x'.repeat(2000)}`,
  ])('%.60j is refused with a reason', (text) => {
    expect(patternProblem(text)).toBeTypeOf('string');
  });
});
