import { describe, expect, it } from 'vitest';
import { parseEnvFile } from '../../../src/config/env-file.ts';
import { CONFIG_KEYS, ENV_KEYS } from '../../../src/config/schema.ts';
import { ESCAPE, expectRefused, MEGABYTE, runOffline, shown } from './harness.ts';

const ARGV = ['trusted-hosts'];
const config = (text: string) => ({ 'config.local.json': text });
/** Environment beats the config file: a key that the harness sets is left out of it. */
const without = Object.fromEntries(
  ['KC_SERVER', 'KC_REALM', 'KC_CLIENT_ID', 'KC_CLIENT_SECRET'].map((key) => [key, '']),
);

describe('a config file', () => {
  const WRONG = ['42', '-1', '{}', '{"a":{"b":1}}', '[[]]', '[{}]', '{"__proto__":1}'];
  const rows = CONFIG_KEYS.flatMap(({ key }) =>
    WRONG.filter((value) => key !== 'presets' || !value.startsWith('[')).map(
      (value) => [key, value] as const,
    ),
  );
  it.each(rows)('refuses %s: %s and names it', async (key, value) => {
    await expectRefused({
      argv: ARGV,
      env: without,
      files: config(`{"${key}": ${value}}`),
      names: new RegExp(key),
    });
  });

  const texts: [string, string, RegExp][] = [
    ['nothing', '', /config\.local\.json/],
    ['a list', '[]', /config\.local\.json/],
    ['text', '"KC_REALM"', /config\.local\.json/],
    ['a number', '1', /config\.local\.json/],
    ['half of an object', '{"KC_REALM": "a"', /config\.local\.json/],
    ['two objects', '{}{}', /config\.local\.json/],
    ['a comment', '{ /* x */ }', /config\.local\.json/],
    ['a comma at the end', '{"KC_REALM": "a",}', /config\.local\.json/],
    ['a bare escape', `{"KC_REALM": "${ESCAPE}"}`, /config\.local\.json/],
    ['a written escape', '{"KC_REALM": "\\u001b[31m"}', /KC_REALM/],
    ['a thousand brackets', `{"presets": ${'['.repeat(1000)}${']'.repeat(1000)}}`, /config\.local\.json/],
    ['a megabyte of brackets', '['.repeat(1_000_000), /config\.local\.json/],
    ['a key with an escape', '{"\\u001b[31mKC_REALM": "a"}', /KC_REALM/],
    ['an unknown key', '{"KC_RELAM": "a"}', /KC_RELAM/],
    ['the key __proto__', '{"__proto__": {"KC_REALM": "evil"}}', /__proto__/],
    ['the key constructor', '{"constructor": {"prototype": {"KC_REALM": "evil"}}}', /constructor/],
  ];
  it.each(texts)('refuses %s', async (_name, text, names) => {
    await expectRefused({ argv: ARGV, env: without, files: config(text), names });
    expect(({} as Record<string, unknown>).KC_REALM).toBeUndefined();
  });

  it('never shows a value of it, since it may be a secret', async () => {
    const text = '{"KC_CLIENT_SECRET": "very-secret-value", "KC_REALM": "a/b", "x": "very-secret-value"}';
    const { said } = await runOffline(ARGV, { env: without, files: config(text) });
    expect(said).not.toContain('very-secret-value');
  });

  const presets: [string, unknown, RegExp][] = [
    ['no object', [1], /presets/],
    ['without a name', [{ redirectUris: ['https://a.example/cb'] }], /name/],
    ['a path as a name', [{ name: '../chatgpt', redirectUris: ['https://a.example/cb'] }], /name/],
    ['an escape as a name', [{ name: `a${ESCAPE}`, redirectUris: ['https://a.example/cb'] }], /name/],
    ['a built-in name', [{ name: 'chatgpt', redirectUris: ['https://a.example/cb'] }], /name/],
    ['the name __proto__', [{ name: '__proto__', redirectUris: ['https://a.example/cb'] }], /name/],
    ['a script as a redirect', [{ name: 'own', redirectUris: ['javascript:alert(1)'] }], /redirectUris/],
    [
      'credentials in a redirect',
      [{ name: 'own', redirectUris: ['https://u:p@a.example/cb'] }],
      /redirectUris/,
    ],
    ['every host', [{ name: 'own', redirectUris: ['https://*/cb'] }], /redirectUris/],
    ['no redirect', [{ name: 'own', redirectUris: [] }], /redirectUris/],
  ];
  it.each(presets)('refuses a preset with %s', async (_name, value, names) => {
    const files = config(JSON.stringify({ presets: value }));
    await expectRefused({ argv: ['trusted-hosts', '--preset', 'own'], files, names });
  });
});

/** What is no value of any key that has a form. */
const VALUES = [`${ESCAPE}x`, '\0', 'a\nb'];
const FORMED = ENV_KEYS.filter(
  (key) => !['KC_CLIENT_SECRET', 'MCPKC_CA_FILE', 'KC_CLIENT_SECRET_FILE'].includes(key),
);

describe('the environment', () => {
  it.each(FORMED.flatMap((key) => VALUES.map((value) => [key, shown(value), value] as const)))(
    'refuses %s=%s',
    async (key, _name, value) => {
      await expectRefused({ argv: ARGV, env: { [key]: value }, names: new RegExp(key) });
    },
  );

  it.each([
    ['KC_SERVER', 'https://user:password@kc.example.com'],
    ['KC_SERVER', 'https://kc.example.com/auth/realms/x'],
    ['KC_HOSTNAME', 'kc.example.com:99999'],
    ['KC_ISSUER', 'keycloak'],
    ['KC_ADMIN_REALM', 'another'],
    ['MCP_SCOPE_NAME', 'a b'],
    ['OIDC_AUDIENCE', 'https://a.example/?x'],
    ['ALLOWED_ORIGINS', '*'],
    ['ALLOWED_ORIGINS', 'https://a.example/path'],
    ['MCPKC_ALLOW_HTTP', 'perhaps'],
    ['MCPKC_REQUEST_TIMEOUT', '5 minutes'],
    ['MCPKC_CA_FILE', '../../nope.pem'],
    ['KC_REALM', `${MEGABYTE}/`],
  ])('refuses %s=%s', async (key, value) => {
    await expectRefused({ argv: ARGV, env: { [key]: value }, names: new RegExp(key) });
  });
});

describe('a credentials file', () => {
  const lines: [string, string, RegExp][] = [
    ['no assignment', 'KC_REALM', /line 1/],
    ['a command', 'rm -rf /', /line 1/],
    ['an open quote', 'KC_REALM="a', /KC_REALM.*line 1/],
    ['text after a quote', 'KC_REALM="a" b', /KC_REALM.*line 1/],
    ['an escape in a value', `KC_REALM=${ESCAPE}a`, /KC_REALM/],
    ['a NUL', 'KC_REALM=a\0b', /KC_REALM/],
    ['an escape as a key', `${ESCAPE}KC_REALM=a`, /line 1/],
    ['a megabyte without =', MEGABYTE, /line 1/],
  ];
  it.each(lines)('refuses %s', async (_name, text, names) => {
    await expectRefused({ argv: ARGV, env: without, files: { '.keycloak-env': text }, names });
  });

  const code = ['$(touch /tmp/x)', '`touch /tmp/x`', '$HOME', '~', '*', ';', '&& true'];
  it.each(code)('executes and expands nothing of %s', (value) => {
    const { values, problems } = parseEnvFile(`A=${value}\nB='${value}'\nC="${value}"\n`, 'f');
    expect(problems).toEqual([]);
    for (const key of ['A', 'B', 'C']) expect(values.get(key)?.value).toBe(value);
  });
});
