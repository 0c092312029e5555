import { describe, expect, it } from 'vitest';
import type { ShownCheck, ValidationAnswer } from '../../src/checks/answer.ts';
import { CHECKS } from '../../src/checks/index.ts';
import { failedSarifText, sarifText } from '../../src/cli/sarif.ts';
import { answerOf } from '../../src/commands/status/answer.ts';
import { newsSince } from '../../src/commands/status/baseline.ts';
import { statusSarif } from '../../src/commands/status/sarif.ts';
import { validateSarif } from '../../src/commands/validate/sarif.ts';
import { McpkcError } from '../../src/errors.ts';
import type { Seen } from '../../src/findings/seen.ts';
import { sarifProblems } from '../support/sarif-schema.ts';
import { connector, seen, visible, withPolicy } from './status/seen.ts';

interface Result {
  ruleId: string;
  ruleIndex: number;
  level: string;
  message: { text: string };
  locations: { physicalLocation: { artifactLocation: { uri: string } } }[];
  partialFingerprints: Record<string, string>;
  baselineState?: string;
}

/** The results, once the text has been held against the schema. */
function resultsOf(text: string): Result[] {
  const log = JSON.parse(text);
  expect(sarifProblems(log)).toBeUndefined();
  const [{ results, tool }] = log.runs;
  for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex].id).toBe(ruleId);
  for (const { help, shortDescription } of tool.driver.rules) {
    expect(help.text.length).toBeGreaterThan(40);
    expect(shortDescription.text).not.toBe('');
  }
  return results;
}

const run = { exitStatus: 1, file: undefined as string | undefined };
const sarifOf = (of: Seen, more = run) => sarifText(statusSarif(answerOf(of), undefined, more));
const STOPPED = withPolicy('trusted-hosts', { 'trusted-hosts': [] });

describe('SARIF of status', () => {
  it('has each finding at its level, with the fix', () => {
    const results = resultsOf(sarifOf(seen(STOPPED)));
    const findings = answerOf(seen(STOPPED)).findings;
    expect(results.map(({ ruleId }) => ruleId)).toEqual(findings.map(({ code }) => code));
    const [first] = results;
    expect(first).toMatchObject({ ruleId: 'TRUSTED_HOSTS_EMPTY', level: 'error' });
    expect(first?.message.text).toContain('Fix: ');
  });

  it('has fingerprints that stay from run to run, and are no two findings’ own', () => {
    const clients = [
      connector('0f8b1c1e-7d3c-4b0a-9f6e-2f1f8c1f5a11'),
      connector('0f8b1c1e-7d3c-4b0a-9f6e-2f1f8c1f5a12'),
    ];
    const many = { ...STOPPED, clients: visible({ clients, sessions: visible(new Map()) }) };
    const prints = (text: string) => resultsOf(text).map((one) => one.partialFingerprints['mcpkc/v1']);
    const before = prints(sarifOf(seen(many)));
    expect(before.length).toBeGreaterThan(2);
    expect(new Set(before).size).toBe(before.length);
    expect(prints(sarifOf(seen(many, { now: Date.UTC(2027, 1, 1) })))).toEqual(before);
    expect(prints(sarifOf(seen(many, { realm: 'other' })))).not.toEqual(before);
  });

  it.each([
    [undefined, 'config.local.json'],
    ['/etc/mcpkc/config.json', 'config.local.json'],
    ['C:\\Users\\ann\\config.json', 'config.local.json'],
    ['./deploy/my realm.json', 'deploy/my%20realm.json'],
  ])('names no path of the machine: %s', (file, uri) => {
    const [first] = resultsOf(sarifOf(seen(STOPPED), { ...run, file }));
    expect(first?.locations[0]?.physicalLocation.artifactLocation.uri).toBe(uri);
  });

  it('tells what is new against a baseline', () => {
    const answer = answerOf(seen(STOPPED));
    const [newest, ...known] = answer.findings;
    const news = newsSince({ file: 'f', findings: known, notVisible: [] }, answer.findings, []);
    const results = resultsOf(sarifText(statusSarif(answer, news, run)));
    const fresh = results.filter((one) => one.baselineState === 'new').map(({ ruleId }) => ruleId);
    expect(fresh).toEqual([newest?.code]);
    expect(results.every(({ baselineState }) => baselineState !== undefined)).toBe(true);
  });

  it('makes no link of what a stranger wrote', () => {
    const name = '[click](https://evil.example.com) \\[x';
    const clients = [connector('0f8b1c1e-7d3c-4b0a-9f6e-2f1f8c1f5a11', { name })];
    const text = sarifOf(seen({ clients: visible({ clients, sessions: visible(new Map()) }) }));
    const said = resultsOf(text).map(({ message }) => message.text);
    expect(said.join()).toContain('\\[click\\](https://evil');
    for (const one of said) expect(one.replaceAll(/\\[\\[\]]/g, '')).not.toMatch(/[[\]]/);
  });
});

describe('SARIF of validate', () => {
  const check = (id: string, more: Partial<ShownCheck>): ShownCheck => ({
    id,
    title: 'T',
    severity: 'must',
    outcome: 'pass',
    culprit: null,
    excused: false,
    message: 'M.',
    warning: false,
    evidence: { exchanges: [], facts: {} },
    cause: null,
    fix: null,
    spec: 'RFC 9728',
    ...more,
  });

  it('has what failed and what is red since it was not run, once under its cause', () => {
    const checks = [
      check('PRM-FOUND', { outcome: 'fail', fix: 'Serve it.' }),
      check('PRM-RESOURCE', { outcome: 'not-run', culprit: 'PRM-FOUND' }),
      check('TOK-AUD', { outcome: 'not-run' }),
      check('MCP-TOOLS', { outcome: 'not-run', excused: true }),
      check('MCP-ACCEPT', { outcome: 'fail', severity: 'should' }),
      check('CHAL-401', {}),
    ];
    const red = ['PRM-FOUND', 'PRM-RESOURCE', 'TOK-AUD'];
    const answer = {
      mcp: 'https://svc.example.com/mcp',
      checks,
      red,
      exitStatus: 1,
    } as unknown as ValidationAnswer;
    const results = resultsOf(sarifText(validateSarif(answer, undefined)));
    expect(results.map(({ ruleId, level }) => [ruleId, level])).toEqual([
      ['PRM-FOUND', 'error'],
      ['TOK-AUD', 'error'],
      ['MCP-ACCEPT', 'warning'],
    ]);
    const { rules } = JSON.parse(sarifText(validateSarif(answer, undefined))).runs[0].tool.driver;
    expect(rules).toHaveLength(CHECKS.length);
  });
});

it('a run that came to no answer has no results, and says why', () => {
  const error = new McpkcError('KEYCLOAK_UNREACHABLE', 'Nobody answers at [x](http://x).', 'Start it.');
  const log = JSON.parse(failedSarifText('status', error));
  expect(sarifProblems(log)).toBeUndefined();
  const [run] = log.runs;
  expect(run).not.toHaveProperty('results');
  expect(run.invocations).toMatchObject([{ executionSuccessful: false, exitCode: 3 }]);
  expect(run.invocations[0].toolExecutionNotifications[0].message.text).toContain('\\[x\\](');
});

it('the schema refuses what is no SARIF', () => {
  const log = JSON.parse(sarifOf(seen(STOPPED)));
  log.runs[0].results[0].level = 'fatal';
  expect(sarifProblems(log)).toContain('level');
});
