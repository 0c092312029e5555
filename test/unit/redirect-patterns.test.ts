import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PRESETS } from '../../src/products/index.ts';
import { exampleRedirect, redirect, redirectExpression } from '../../src/products/redirect.ts';
import {
  hostExpression,
  hostOfExpression,
  hostOpenedBy,
  isLetThrough,
  readablePattern,
} from '../../src/realm/redirect-patterns.ts';

const PATTERNS = PRESETS.flatMap(({ name, redirectUris }) =>
  redirectUris.map((pattern) => [`${name} ${pattern.uri}`, pattern] as const),
);

describe('the pattern of a product’s redirect URI', () => {
  it.each(PATTERNS)('%s lets in what the product sends, and nothing beside it', (_name, pattern) => {
    const expression = redirectExpression(pattern);
    const uri = exampleRedirect(pattern, 33_418, 'an-id_1');
    expect(isLetThrough(expression, uri)).toBe(true);
    const origin = new URL(uri).origin;
    const wrong = [
      `${uri}*`,
      `${uri}/..`,
      `${uri}?x=1`,
      `${uri}#x`,
      ` ${uri}`,
      `${uri}\n`,
      `${origin}/*`,
      `${uri}/more`,
    ];
    expect(wrong.filter((one) => isLetThrough(expression, one))).toEqual([]);
    expect(isLetThrough(expression, uri.replace('.', 'x'))).toBe(!uri.includes('.'));
    expect(readablePattern(expression)).toBe(pattern.uri);
    expect(hostOfExpression(expression)).toBe(new URL(exampleRedirect(pattern, 80, 'id')).hostname);
  });
});

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/);
const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
const entry = fc.tuple(fc.boolean(), host).map(([wild, name]) => (wild ? `*.${name}` : name));

describe('the pattern of a whole host', () => {
  it('is told from every other, and names its host', () => {
    fc.assert(
      fc.property(entry, (one) => {
        expect(hostOpenedBy(hostExpression(one))).toBe(one);
        expect(hostOfExpression(hostExpression(one))).toBe(one);
        expect(readablePattern(hostExpression(one))).toBe(`anything at ${one}`);
      }),
    );
    for (const [, pattern] of PATTERNS) expect(hostOpenedBy(redirectExpression(pattern))).toBeUndefined();
  });

  it('lets in what Trusted Hosts does: any scheme, port, path and wildcard, and no other host', () => {
    fc.assert(
      fc.property(host, label, (name, other) => {
        const [exact, below] = [hostExpression(name), hostExpression(`*.${name}`)];
        const good = [`https://${name}`, `http://${name}:8080/a/b?c=d`, `app+x://${name}/*`];
        expect(good.filter((uri) => !isLetThrough(exact, uri))).toEqual([]);
        expect(isLetThrough(exact, `https://${other}.${name}/`)).toBe(false);
        expect(
          [`https://${name}/`, `https://${other}.${name}/`].map((uri) => isLetThrough(below, uri)),
        ).toEqual([true, true]);
        const bad = [`https://${name}.evil.example/`, `https://evil.example/${name}`, `https://u@${name}/`];
        for (const uri of [...bad, `https://evil${name}/`, `https://${name}@evil.example/`]) {
          expect([isLetThrough(exact, uri), isLetThrough(below, uri)], uri).toEqual([false, false]);
        }
      }),
    );
  });

  it('of an IPv6 address keeps its brackets', () => {
    const expression = hostExpression('[::1]');
    expect(isLetThrough(expression, 'http://[::1]:4000/cb')).toBe(true);
    expect(hostOpenedBy(expression)).toBe('[::1]');
  });
});

it('what is no pattern lets nothing in', () => {
  expect(isLetThrough('(', 'https://chatgpt.com/')).toBe(false);
  expect(hostOfExpression('.*')).toBeUndefined();
  expect(redirectExpression(redirect('https://a.example/c+b'))).toBe('https://a\\.example/c\\+b');
});
