import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { styleFor } from '../../../src/cli/style.ts';
import type { StatusAnswer } from '../../../src/commands/status/answer.ts';
import { clientRows } from '../../../src/commands/status/client-rows.ts';
import { refusalLine } from '../../../src/commands/status/refusal-line.ts';
import { statusText } from '../../../src/commands/status/text.ts';
import { ageText } from '../../../src/duration.ts';
import { GROUPS } from '../../../src/findings/index.ts';
import { isFailing, judge } from '../../../src/findings/judge.ts';
import { groupRefusals } from '../../../src/findings/refusals.ts';
import type { UserEvent } from '../../../src/realm/representations.ts';
import { shellLines } from '../../../src/text.ts';
import { client, connector, NOW, seen, visible, withPolicy } from './seen.ts';

const event = (type: string, time: number, more: Partial<UserEvent> = {}): UserEvent => {
  const nothing = { id: 'e', clientId: undefined, userId: undefined, sessionId: undefined, error: undefined };
  return { type, time, ipAddress: '203.0.113.7', details: {}, ...nothing, ...more };
};

function answer(changes: Partial<StatusAnswer> = {}): StatusAnswer {
  const { findings, groups } = judge(GROUPS, seen(withPolicy('trusted-hosts', { 'trusted-hosts': [] })));
  const causes = new Map(
    GROUPS.flatMap(({ rules }) => rules.map((rule) => [rule.code, rule.explanation.cause])),
  );
  const nothing = {
    journal: [],
    lastLook: undefined,
    otherScopes: [],
    unjudged: [],
    products: [],
    refusals: [],
    eventsOn: true,
    rows: undefined,
    now: NOW,
  };
  const where = {
    server: 'https://sso.example.com',
    realm: 'demo',
    resource: 'https://svc.example.com/mcp',
    scopes: [],
  };
  return { ...where, ...nothing, findings, causes, groups, ...changes };
}

it('groups refusals by policy, client and address, the newest first', () => {
  const details = { client_registration_policy: 'Trusted Hosts' };
  const byClientPolicy = { client_policy_error_detail: 'Invalid redirectUris' };
  const groups = groupRefusals([
    event('LOGIN_ERROR', 5, { clientId: 'a', error: 'client_not_found' }),
    event('CLIENT_REGISTER_ERROR', 4, { error: 'invalid_registration', details }),
    event('CLIENT_REGISTER_ERROR', 2, { error: 'invalid_registration', details }),
    event('CLIENT_REGISTER_ERROR', 3, { details, ipAddress: '203.0.113.8' }),
    event('LOGIN', 9),
    // Keycloak stores two of a refusal by a client policy.
    event('CLIENT_REGISTER_ERROR', 1, { error: 'invalid_client_metadata', details: byClientPolicy }),
    event('CLIENT_REGISTER_ERROR', 1, { error: 'not_allowed', details: byClientPolicy }),
  ]);
  expect(groups.map(({ kind, count, by, first, last }) => ({ kind, count, by, first, last }))).toEqual([
    { kind: 'sign-in', count: 1, by: 'client_not_found', first: 5, last: 5 },
    { kind: 'registration', count: 2, by: 'Trusted Hosts', first: 2, last: 4 },
    { kind: 'registration', count: 1, by: 'Trusted Hosts', first: 3, last: 3 },
    { kind: 'registration', count: 1, by: 'client policy: Invalid redirectUris', first: 1, last: 1 },
  ]);
  const [, registrations] = groups;
  const [own] = groupRefusals(
    [4, 60_002].map((time) => event('CLIENT_REGISTER_ERROR', time, { details })),
    [{ from: 60_000, to: 60_001 }],
  );
  expect(own).toMatchObject({ count: 2, duringValidate: 1 });
  expect(own && refusalLine(own, 90_000)).toMatch(
    /; 1 of them while mcpkc validate ran on this machine, which tries what must be refused$/,
  );
  expect(registrations && refusalLine(registrations, 60_000)).toBe(
    "2 registrations refused by 'Trusted Hosts' in the last 1 minute, the newest 1 minute ago, from 203.0.113.7: a redirect URI, client_uri or logo_uri is at a host that is not listed, or the sender is",
  );
});

it.each([
  [0, '1 minute'],
  [59 * 60_000, '59 minutes'],
  [61 * 60_000, '2 hours'],
  [72 * 3_600_000, '3 days'],
])('%i ms ago', (ms, words) => expect(ageText(ms)).toBe(words));

it('fails by severity', () => {
  const of = (severity: 'error' | 'warning' | 'info') => {
    const fix = { kind: 'mcp-server', text: '' } as const;
    return [{ code: 'X', severity, subject: '', message: '', fix }];
  };
  const table = (['error', 'warning', 'info'] as const).map((one) => [
    isFailing(of(one), 'error'),
    isFailing(of(one), 'warning'),
  ]);
  expect(table).toEqual([
    [true, true],
    [false, true],
    [false, false],
  ]);
});

it('breaks commands so that a shell reads them as they were', () => {
  const line = `printf '%s\\n' ${'word '.repeat(30)}'two  words' 'it'\\''s' --last`;
  const broken = shellLines(line, 60, '      ');
  expect(broken.split('\n').length).toBeGreaterThan(2);
  expect(Math.max(...broken.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(60);
  const run = (text: string) => execFileSync('/bin/sh', ['-c', text], { encoding: 'utf8' });
  expect(run(broken)).toBe(run(line));
});

it('has one line for what validate had refused, after the others', () => {
  const refusals = ['a', 'b', 'c'].map((clientId, at) => ({
    ...{ kind: 'sign-in' as const, count: 2, by: 'client_not_found', clientId, address: undefined },
    ...{ first: 1, last: 2, duringValidate: at < 2 ? 2 : 1 },
  }));
  const text = statusText({ ...answer(), refusals }, styleFor(false, undefined)).replaceAll(/\s+/g, ' ');
  const section = / Refused in the last 24 hours (.*?\(--json has each\))/.exec(text)?.[1];
  expect(section?.split(' - ')).toEqual([
    expect.stringMatching(/^- 2 sign-ins of client c refused .*; 1 of them while/),
    '4 refusals while mcpkc validate ran on this machine, which tries what must be refused (--json has each)',
  ]);
});

it('keeps to 80 columns, says the severity without colour, and ends with the verdict', () => {
  const text = statusText(answer(), styleFor(false, undefined));
  expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
  expect(text).toContain('\nErrors\n  ✗ ');
  expect(text.trimEnd().split('\n').at(-1)).toBe('✗ 1 error, 1 warning: not ready for connectors');
  expect(text).toContain('      mcpkc trusted-hosts --preset chatgpt\n');
  const plain = statusText(answer(), styleFor(true, undefined)).replace(/\u001b\[\d+m/g, '');
  expect(plain).toBe(text);
});

it('says a fix once for all that it clears, and the causes of warnings with --verbose', () => {
  const fix = { kind: 'command', text: 'mcpkc create-scope --resource https://svc.example.com/mcp' } as const;
  const finding = (code: string, severity: 'error' | 'warning') => ({
    code,
    severity,
    subject: code,
    message: `About ${code}.`,
    fix,
  });
  const findings = [finding('ONE', 'warning'), finding('TWO', 'warning'), finding('THREE', 'error')];
  const causes = new Map(findings.map(({ code }) => [code, `Why ${code}.`]));
  const text = (verbose: boolean) => statusText(answer({ findings, causes }), styleFor(false, 80), verbose);
  expect(text(false)).toContain('! About ONE. (ONE)\n  ! About TWO. (TWO)\n    Fix:\n');
  expect(text(false).match(/Fix:/g)).toHaveLength(2);
  expect(text(false).match(/Cause: .*/g)).toEqual(['Cause: Why THREE.']);
  expect(text(true).match(/Cause: .*/g)).toHaveLength(3);
});

it('never says ready where something is hidden', () => {
  const { findings, groups } = judge(GROUPS, seen({ refusals: { visible: false, role: 'view-events' } }));
  const hidden = findings.filter(({ code }) => code !== 'ACCOUNT_MISSING_ROLE');
  const text = statusText(
    answer({ findings: hidden, groups, refusals: { role: 'view-events' } }),
    styleFor(false, 80),
  );
  expect(text).toContain('? no errors seen, but not everything was visible');
  expect(text).toContain('not visible to this account (needs view-events)');
});

it('shows what outsiders wrote harmlessly, in findings and in the table', () => {
  const evil = connector('0f8b1c1e-7d3c-4b0a-9f6e-2f1f8c1f5a11', { name: 'a\u001b[2Jb\u202ec' });
  const one = seen({ clients: visible({ clients: [evil], sessions: visible(new Map()) }) });
  const { findings, groups } = judge(GROUPS, one);
  const text = statusText(answer({ findings, groups, rows: clientRows(one) }), styleFor(false, 80));
  expect(text).not.toMatch(/[\u001b\u202e]/);
  expect(text).toContain('a\\u{1b}[2Jb\\u{202e}c');
});

it('lists who registered and who holds a scope, and nobody else', () => {
  const defaultClientScopes = ['mcp-resource'];
  const clients = [
    client('account-console'),
    client('app', { defaultClientScopes }),
    connector('0f8b1c1e-7d3c-4b0a-9f6e-2f1f8c1f5a11', {
      defaultClientScopes,
      attributes: { 'mcpkc.adopted': 'mcp-resource', 'client.secret.creation.time': String(NOW / 1000 - 60) },
    }),
    connector('1f8b1c1e-7d3c-4b0a-9f6e-2f1f8c1f5a11'),
  ];
  const rows = clientRows(
    seen({ clients: visible({ clients, sessions: { visible: false, role: 'view-realm' } }) }),
  );
  expect(rows?.map(({ verdict, ageMs, sessions }) => ({ verdict, ageMs, sessions }))).toEqual([
    { verdict: 'foreign', ageMs: null, sessions: null },
    { verdict: 'holds', ageMs: 60_000, sessions: null },
    { verdict: 'no scope', ageMs: null, sessions: null },
  ]);
});

it.each([40, 60, 80, 120])('keeps to %i columns, but for what is to be pasted', (width) => {
  const lines = statusText(answer(), styleFor(false, width)).split('\n');
  const broken = lines.filter((line) => line.trim().includes(' ') && !/mcpkc |^ +\S*$|\\$/.test(line));
  const tooLong = broken.filter((line) => line.length > width && !/\S{30}/.test(line));
  expect(tooLong).toEqual([]);
});
