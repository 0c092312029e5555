import { describe, expect, it } from 'vitest';
import { fillPlaceholders } from '../../../src/checks/answer.ts';
import { challengeStep } from '../../../src/checks/challenge.ts';
import type { Evidence, ValidationTarget } from '../../../src/checks/evidence.ts';
import type { Exchange } from '../../../src/checks/exchange.ts';
import { CHECKS } from '../../../src/checks/index.ts';
import { mcpStep } from '../../../src/checks/mcp.ts';
import { serverMetadataStep } from '../../../src/checks/server-metadata.ts';
import { chatgpt } from '../../../src/products/chatgpt.ts';

const MCP = 'https://svc.example.com/mcp';
const ISSUER = 'https://sso.example.com/auth/realms/demo';

function target(changes: Partial<ValidationTarget> = {}): ValidationTarget {
  const nothing = { client: undefined, inside: undefined, ownIssuer: undefined, issuer: ISSUER };
  const flags = { issuerGiven: false, isProxied: false, outside: true, noRegistration: false };
  const rest = {
    requireUser: false,
    manifestRequired: false,
    accepted: [MCP],
    allowedOrigins: [],
    runId: 'r',
  };
  return { mcp: MCP, presets: [chatgpt], ...nothing, ...flags, ...rest, ...changes };
}

function exchange(changes: Partial<Exchange> = {}): Exchange {
  return {
    id: 'x',
    method: 'POST',
    url: MCP,
    to: 'mcp-server',
    at: 0,
    ms: 1,
    sent: { headers: {}, body: undefined },
    status: 401,
    headers: new Headers(),
    text: '',
    json: undefined,
    problem: undefined,
    ...changes,
  };
}

/** What a check says of parts of the evidence that matter to it. */
function judged(steps: { checks: readonly { id: string }[] }, id: string, parts: object, of = target()) {
  const check = CHECKS.find((one) => one.id === id);
  if (!check || !steps.checks.some((one) => one.id === id)) throw new Error(`there is no ${id}`);
  const { message, cause, fix, outcome } = check.judge({ target: of, parts } as Evidence);
  return { outcome, told: [message, cause, fix].join(' ') };
}

describe('what stops a request without a token is named', () => {
  const tokenless = (changes: Partial<Exchange>, of?: ValidationTarget, more = {}) =>
    judged(challengeStep, 'CHAL-401', { challenge: { tokenless: exchange(changes) }, ...more }, of);

  it.each([
    [
      'http:// for https://',
      { mcp: 'http://svc.example.com/mcp' },
      { status: 301, headers: new Headers({ location: MCP }) },
      {},
      /begins with http:.*Type https:\/\/svc\.example\.com\/mcp/,
    ],
    [
      'a path that is missing',
      { mcp: 'https://svc.example.com/' },
      { status: 404 },
      { 'resource-metadata': { document: { resource: MCP } } },
      /metadata names https:\/\/svc\.example\.com\/mcp/,
    ],
    [
      'a private authority',
      {},
      { status: undefined, problem: { kind: 'tls', message: 'TLS' } },
      {},
      /--ca-file/,
    ],
    [
      'a dead proxy',
      { isProxied: true },
      { status: undefined, problem: { kind: 'network', message: 'x' } },
      {},
      /HTTPS_PROXY.*NO_PROXY/,
    ],
    [
      'nobody',
      {},
      { status: undefined, problem: { kind: 'network', message: 'x' } },
      {},
      /Start the MCP server/,
    ],
  ] as const)('%s', (_what, of, changes, more, words) => {
    expect(tokenless(changes as Partial<Exchange>, target(of), more)).toEqual({
      outcome: 'fail',
      told: expect.stringMatching(words),
    });
  });
});

describe('an MCP server that doesn’t open', () => {
  const opened = (changes: Partial<Exchange>) => {
    const era = { era: 'legacy', spoken: false, open: { exchange: exchange(changes), answer: undefined } };
    const token = { sendable: { source: 'login', claims: { aud: [MCP], iss: ISSUER } } };
    return judged(mcpStep, 'MCP-OPEN', { mcp: { eras: [era] }, token }).told;
  };

  it('is shown with aud and iss of the token, and with its own words', () => {
    const headers = new Headers({
      'www-authenticate': 'Bearer error="invalid_token", error_description="wrong realm"',
    });
    const told = opened({ headers });
    expect(told).toContain(`aud ${MCP} and iss ${ISSUER}`);
    expect(told).toContain('Its own words: wrong realm');
  });

  it('behind a proxy that buffers is told as that', () => {
    const told = opened({ status: 200, problem: { kind: 'timeout', message: 'x' } });
    expect(told).toMatch(/buffering.*proxy_buffering off/);
  });
});

it('a gateway that rewrites the issuer is told apart from a Keycloak without a hostname', () => {
  const place = exchange({ status: 200, json: { issuer: 'https://gateway.example.com/x' } });
  const told = (ownIssuer: string | undefined) =>
    judged(
      serverMetadataStep,
      'ASM-ISSUER',
      { 'server-metadata': { places: [place], asked: ISSUER } },
      target({ ownIssuer }),
    ).told;
  expect(told(ISSUER)).toContain('a gateway in front rewrites');
  expect(told('https://gateway.example.com/x')).not.toContain('gateway in front');
  expect(told(undefined)).not.toContain('gateway in front');
});

it('no fix leaves a placeholder open', () => {
  const fill = fillPlaceholders({ target: target(), parts: {} }, { hostname: undefined });
  for (const { id, fix, cause } of CHECKS) expect(fill(`${fix} ${cause}`), id).not.toMatch(/<[a-z]/);
  expect(fill('mcpkc create-scope --resource <url>')).toBe(`mcpkc create-scope --resource ${MCP}`);
  expect(fill('--hostname=<keycloak>')).toBe('--hostname=https://sso.example.com/auth');
});
