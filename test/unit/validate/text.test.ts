import { describe, expect, it } from 'vitest';
import type { ValidationAnswer } from '../../../src/checks/answer.ts';
import { GROUP_TITLES, groupOf } from '../../../src/checks/check.ts';
import { CHECKS, STEPS } from '../../../src/checks/index.ts';
import { styleFor } from '../../../src/cli/style.ts';
import { validateText } from '../../../src/commands/validate/text.ts';
import { firstStepFor } from '../../../src/plan/next-step.ts';
import { answerOf, checkOf } from '../../support/validate-answer.ts';

const text = (answer: ValidationAnswer, verbose = false, width = 80) =>
  validateText(answer, styleFor(false, width), verbose);

it('every check’s group has a title, and every group a check', () => {
  const all = STEPS.flatMap(({ checks }) => checks);
  expect(CHECKS).toHaveLength(all.length);
  expect(new Set(CHECKS.map(groupOf))).toEqual(new Set(Object.keys(GROUP_TITLES)));
});

describe('a green run', () => {
  const green = answerOf([checkOf('PRM-FOUND'), checkOf('PRM-AGREE'), checkOf('TOK-AUD')]);

  it('has a line per group, and with --verbose one per check', () => {
    expect(text(green)).toContain('✓ PRM protected resource metadata: 2 passed\n✓ TOK tokens: 1 passed\n');
    expect(text(green)).not.toContain('PRM-AGREE');
    expect(text(green, true)).toContain('✓ PRM-AGREE Title of PRM-AGREE\n');
  });

  it('ends with its verdict', () => {
    expect(text(green).trimEnd().split('\n').at(-1)).toBe('✓ 3 checks passed.');
  });
});

it('--verbose has a line per request, in colour and without', () => {
  const requests = ['a', 'b', 'c'].map((id) => ({
    id,
    request: `GET https://x.example/${id}`,
    to: 'keycloak',
    status: 200,
    ms: 1,
  }));
  const answer = answerOf([checkOf('CHAL-401')], { requests });
  for (const colour of [false, true]) {
    const told = validateText(answer, styleFor(colour, 80), true);
    for (const { request } of requests) expect(told.split(request)).toHaveLength(2);
  }
});

describe('a red run', () => {
  const checks = [
    checkOf('CHAL-401'),
    checkOf('PRM-FOUND', { outcome: 'fail' }),
    checkOf('PRM-AGREE', { outcome: 'not-run', culprit: 'PRM-FOUND' }),
    checkOf('ASM-ISS', { outcome: 'fail', severity: 'should' }),
  ];

  it('begins with the cause, then the groups, then what matters less', () => {
    const told = text(answerOf(checks));
    const at = (words: string) => told.indexOf(words);
    expect(at('✗ PRM-FOUND')).toBeGreaterThan(0);
    expect(at('Cause: Cause of PRM-FOUND.')).toBeLessThan(at('✓ CHAL '));
    expect(at('✗ PRM protected')).toBeLessThan(at('✗ ASM-ISS'));
    expect(told).toContain('Not run: PRM-AGREE (needs PRM-FOUND).');
    expect(told).toContain('1 not run. In the way: PRM-FOUND\n');
  });

  it('ends with one command: a fix that is one, the realm’s first, else what explains the cause', () => {
    const last = (answer: ValidationAnswer) => text(answer).trimEnd().split('\n').slice(-2);
    expect(last(answerOf(checks))).toEqual(['Next:', '  mcpkc explain PRM-FOUND']);
    const fixed = checks.map((one) =>
      one.id === 'PRM-FOUND' ? { ...one, fix: 'mcpkc trusted-hosts --preset chatgpt' } : one,
    );
    expect(last(answerOf(fixed))).toEqual(['Next:', '  mcpkc trusted-hosts --preset chatgpt']);
    const realmErrors = [
      { code: 'SCOPE_MISSING', message: 'No scope.', fix: { kind: 'command', text: 'mcpkc create-scope' } },
    ];
    expect(last(answerOf(fixed, { realmErrors }))).toEqual(['Next:', '  mcpkc create-scope']);
    expect(text(answerOf(fixed, { realmErrors }))).toContain(
      'In the realm (mcpkc status)\n✗ No scope. (SCOPE_MISSING)\n    Fix:\n      mcpkc create-scope\n',
    );
  });

  it('names the first step of every command where the realm has no scope, the same command for the URL that the server names, or the authority', () => {
    const realmErrors = [
      { code: 'SCOPE_MISSING', message: 'No scope.', fix: { kind: 'command', text: 'mcpkc create-scope' } },
    ];
    const step = firstStepFor({ resource: undefined });
    const last = (answer: ValidationAnswer) => text(answer).trimEnd().split('\n').slice(-2);
    expect(step.line).toBe('mcpkc onboard --preset chatgpt');
    expect(last(answerOf(checks, { realmErrors, firstStep: step }))).toEqual([
      'Next, connect ChatGPT (mcpkc presets lists other products):',
      '  mcpkc onboard --preset chatgpt',
    ]);
    expect(last(answerOf(checks, { realmErrors, silent: true, firstStep: step }))).toEqual([
      'Next, once it runs; mcpkc env prints what it needs:',
      '  mcpkc validate https://svc.example.com/mcp',
    ]);
    const elsewhere = (endpoint: string) => [
      checkOf('CHAL-401', { outcome: 'fail', evidence: { exchanges: [], facts: { endpoint } } }),
    ];
    expect(last(answerOf(elsewhere('https://svc.example.com/other')))).toEqual([
      'Next, with the URL that the server’s metadata names:',
      '  mcpkc validate https://svc.example.com/other',
    ]);
    // A server's answer is no command line where a shell would read more in it than a word.
    expect(last(answerOf(elsewhere('https://svc.example.com/$(id)')))).toEqual([
      'Next:',
      '  mcpkc explain CHAL-401',
    ]);
    const untrusted = [checkOf('ASM-FOUND', { outcome: 'fail', fix: 'Fix it. Or --ca-file with it.' })];
    expect(last(answerOf(untrusted)).at(-1)).toBe(
      '  mcpkc validate https://svc.example.com/mcp --ca-file authority.pem',
    );
  });

  it('calls what is worth knowing alone noted: no line has a ✓ and the word failed', () => {
    const info = [checkOf('META-CACHE'), checkOf('META-MANIFEST', { outcome: 'fail', severity: 'info' })];
    const told = text(answerOf(info));
    expect(told).toContain('i META manifest and caches: 1 passed, noted: META-MANIFEST\n');
    expect(told).toContain('✓ 1 check passed, 1 noted.\n');
    const should = [checkOf('CHAL-401'), checkOf('ASM-ISS', { outcome: 'fail', severity: 'should' })];
    expect(text(answerOf(should))).toContain('! 1 check passed, 1 failed. None of these must pass.\n');
    expect(`${told}${text(answerOf(should))}`).not.toMatch(/✓.*failed/);
  });

  it.each(['CHAL-401', 'PRM-RESOURCE'])(
    'never makes the realm ready for an address that %s shows to be another’s',
    (id) => {
      const realmErrors = [
        { code: 'SCOPE_MISSING', message: 'No scope.', fix: { kind: 'command', text: 'mcpkc create-scope' } },
      ];
      const told = text(answerOf([checkOf(id, { outcome: 'fail' })], { realmErrors }));
      expect(told.trimEnd().split('\n').slice(-2)).toEqual(['Next:', `  mcpkc explain ${id}`]);
    },
  );

  it('of a server that is silent says what comes once it runs', () => {
    expect(text(answerOf(checks, { silent: true })).trimEnd()).toMatch(
      /never answered\.[^\n]*\nNext, once it runs:\n {2}mcpkc validate https:\/\/svc\.example\.com\/mcp$/,
    );
  });

  it.each([40, 60, 80, 120])('keeps to %i columns', (width) => {
    const lines = text(answerOf(checks), false, width).split('\n');
    const broken = lines.filter((line) => line.trim().includes(' ') && !line.includes('mcpkc '));
    expect(Math.max(...broken.map(({ length }) => length))).toBeLessThanOrEqual(width);
  });
});
