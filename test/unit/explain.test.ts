import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/checks/index.ts';
import { EXIT_STATUS } from '../../src/errors.ts';
import { EXPLAINED } from '../../src/explanations/index.ts';
import { GROUPS } from '../../src/findings/index.ts';
import { runCli } from '../support/cli.ts';

const codes = EXPLAINED.map(({ code }) => code);

it('explains every finding, every error and every check, each once', () => {
  const findings = GROUPS.flatMap(({ rules }) => rules.map(({ code }) => code));
  const wanted = [...findings, ...Object.keys(EXIT_STATUS), ...CHECKS.map(({ id }) => id)];
  expect(wanted.filter((code) => !codes.includes(code))).toEqual([]);
  // As `explain` reads them: `-` and `_` don't count.
  const plain = codes.map((code) => code.replaceAll(/[-_]/g, ''));
  expect(plain.filter((code, index) => plain.indexOf(code) !== index)).toEqual([]);
  expect(findings.every((code) => /^[A-Z][A-Z_]+$/.test(code))).toBe(true);
});

it.each(EXPLAINED)('$code says what it is, its cause and what fixes it', ({ explanation }) => {
  for (const text of [explanation.what, explanation.cause, explanation.fix]) {
    expect(text).toMatch(/^\S.{15,}[.)]$/s);
  }
  for (const source of explanation.sources) expect(source.trim()).not.toBe('');
});

describe('mcpkc explain', () => {
  it.each(['audience_mismatch', 'AUDIENCE-MISMATCH', 'Audience_Mismatch'])('takes %s', async (code) => {
    const ran = await runCli(['explain', code, '--json']);
    expect(ran.json).toMatchObject({
      schema: 'mcpkc/explain/v1',
      ok: true,
      codes: [{ code: 'AUDIENCE_MISMATCH' }],
    });
  });

  it('proposes the nearest code, and none where none is near', async () => {
    const near = await runCli(['explain', 'AUDIENCE_MISMACH']);
    expect(near).toMatchObject({ exit: 2, err: expect.stringContaining('Did you mean AUDIENCE_MISMATCH?') });
    const far = await runCli(['explain', '\u001b[31mnonsense of another kind']);
    expect(far.err).not.toContain('Did you mean');
    expect(far.err).not.toContain('\u001b[31m');
  });

  it('lists all codes without one, in 80 columns', async () => {
    const { out, exit } = await runCli(['explain']);
    expect(exit).toBe(0);
    for (const code of codes) expect(out).toContain(code);
    expect(Math.max(...out.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  it('needs no configuration, and ignores a broken one', async () => {
    const ran = await runCli(['explain', 'BUG'], { files: { '.keycloak-env': 'not = [valid' } });
    expect(ran.exit).toBe(0);
  });
});
