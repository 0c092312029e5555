import { describe, expect, test } from 'vitest';
import { styleFor } from '../../../src/cli/style.ts';
import { presetText } from '../../../src/commands/presets/text.ts';
import { McpkcError } from '../../../src/errors.ts';
import { customPresets, parsePresets, presetEntry } from '../../../src/products/custom.ts';
import { patternProblem } from '../../../src/products/pattern.ts';
import { matchesAny } from '../../../src/products/redirect.ts';
import { resolvePresets } from '../../../src/products/resolve.ts';
import { SELF_HOSTED } from '../../../src/products/self-hosted.ts';

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
  // The good one is there all the same.
  expect(presets.map(({ name }) => name)).toEqual(['acme']);
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
    'https://acme.example',
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

test('an entry can say all that a built-in preset says', () => {
  const said = {
    ...GOOD,
    title: 'Acme IDE',
    clientUri: 'https://acme.example',
    clientNames: ['Acme IDE'],
    clientNamePrefixes: ['Acme ('],
    trustedHosts: ['Login.acme.example'],
    authMethod: 'client_secret_post',
    scopes: { from: ['metadata', 'registered'], offline: true, registers: 'nothing' },
    requestedScopes: ['email'],
    origins: ['https://app.acme.example'],
    comparesResource: 'exact',
    document: 'https://acme.example/client.json',
    registersTwice: 'yes',
    registersPerLogin: 'no',
    reregisters: 'by-itself',
    registersInBrowser: 'sometimes',
    connect: ['Enter {mcp}.'],
    withClient: { secret: 'text', steps: ['Enter {client-id}, and what stands in {secret-file}.'] },
    notes: ['Nothing to add.'],
  };
  expect(customPresets([said])).toMatchObject([
    {
      clientNamePrefixes: ['Acme ('],
      trustedHosts: ['acme.example', '127.0.0.1', 'login.acme.example'],
      registration: { token_endpoint_auth_method: 'client_secret_post' },
      scopes: { from: ['metadata', 'registered'], offline: true, registers: 'nothing' },
      sendsScope: 'no',
      requestedScopes: ['email'],
      origins: ['https://app.acme.example'],
      comparesResource: 'exact',
      cimdUrl: 'https://acme.example/client.json',
      registersTwice: 'yes',
      registersPerLogin: 'no',
      reregisters: 'by-itself',
      registersInBrowser: 'sometimes',
      connect: ['Enter {mcp}.'],
      withClient: { secret: 'text', steps: ['Enter {client-id}, and what stands in {secret-file}.'] },
      notes: ['Nothing to add.'],
    },
  ]);
  // Each key that is accepted makes a difference.
  const told = (entry: object) => JSON.stringify(customPresets([entry])[0]);
  const shown = (entry: object) => customPresets([entry]).map((one) => presetText(one, styleFor(false, 80)));
  for (const key of Object.keys(said).filter((one) => !['name', 'redirectUris'].includes(one))) {
    const { [key]: _left, ...rest } = said as Record<string, unknown>;
    expect(told(rest), key).not.toBe(told(said));
    expect(shown(rest), `${key} is shown`).not.toEqual(shown(said));
  }
  expect(Object.keys(said).sort()).toEqual(
    Object.keys(presetEntry.shape)
      .filter((key) => !['like', 'host'].includes(key))
      .sort(),
  );
});

test.each(SELF_HOSTED)('$name on a host of one’s own is a preset', ({ name, clientNames }) => {
  const [preset] = customPresets([{ name: 'ours', like: name, host: 'Chat.Example.com' }]);
  expect(preset).toMatchObject({ name: 'ours', clientNames, custom: true });
  expect(preset?.trustedHosts).toContain('chat.example.com');
  for (const uri of preset?.registration.redirect_uris ?? []) {
    expect(new URL(uri).hostname).toBe('chat.example.com');
    expect(preset && matchesAny(preset.redirectUris, uri)).toBe(true);
  }
});

test('like needs a host, and knows its redirect URIs', () => {
  const places = (entry: object) =>
    parsePresets([{ name: 'ours', ...entry }]).problems.map(({ path }) => path);
  expect(places({ like: 'librechat' })).toEqual(['presets[0].host']);
  expect(places({ like: 'n8n', host: 'x.example.com', redirectUris: ['https://x.example.com/cb'] })).toEqual([
    'presets[0].redirectUris',
  ]);
  expect(places({ host: 'x.example.com', redirectUris: ['https://x.example.com/cb'] })).toEqual([
    'presets[0].host',
  ]);
  expect(places({ like: 'nobodys', host: 'x.example.com' })).toEqual(['presets[0].like']);
  expect(places({ like: 'n8n', host: 'a b' })).toEqual(['presets[0].host']);
});
