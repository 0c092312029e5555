import { describe, expect, it } from 'vitest';
import { styleFor } from '../../../src/cli/style.ts';
import { answerOf, documentOf } from '../../../src/commands/status/answer.ts';
import { newsSince, readBaseline } from '../../../src/commands/status/baseline.ts';
import { newsText } from '../../../src/commands/status/text.ts';
import type { Finding } from '../../../src/findings/finding.ts';
import { memoryIo } from '../../support/memory-io.ts';
import { seen, withPolicy } from './seen.ts';

const HEALTHY = seen();
const STOPPED = seen(withPolicy('trusted-hosts', { 'trusted-hosts': [] }));

/** What `status --json` would have written of a realm, with changes. */
function saved(of = HEALTHY, more: Record<string, unknown> = {}): string {
  const { server, realm } = of;
  const document = documentOf(of, answerOf(of));
  return JSON.stringify({ schema: 'mcpkc/status/v1', server, realm, ...document, ...more });
}

const baselineOf = async (text: string, of = HEALTHY) => {
  const io = memoryIo({ files: { 'known.json': text } });
  return (await readBaseline(io, 'known.json')).of(of);
};

async function newsOf(before: string, now = STOPPED) {
  const answer = answerOf(now);
  const news = newsSince(await baselineOf(before), answer.findings, answer.unjudged);
  return { news, text: newsText(answer, news, styleFor(false, 80)) };
}

const finding = (
  code: string,
  subject: string,
  message = 'm',
  severity: Finding['severity'] = 'warning',
) => ({
  code,
  severity,
  subject,
  message,
  fix: { kind: 'keycloak' as const, text: 'f' },
});

describe('what is new since a baseline', () => {
  it('is nothing, in no words, where the realm is as it was', async () => {
    const { news, text } = await newsOf(saved(STOPPED));
    expect(news.findings).toEqual([]);
    expect(news.known).toBe(answerOf(STOPPED).findings.length);
    expect(text).toBe('');
  });

  it('is what the baseline has not', async () => {
    const { news, text } = await newsOf(saved());
    expect(news.findings.map(({ code }) => code)).toContain('TRUSTED_HOSTS_EMPTY');
    expect(text).toContain('new since known.json');
    expect(text).toContain('TRUSTED_HOSTS_EMPTY');
  });

  it('is told by code, severity and subject: numbers in a message change every day', async () => {
    const before = { file: 'f', findings: [finding('A', 's', '3 clients')], notVisible: [] };
    expect(newsSince(before, [finding('A', 's', '4 clients')], []).findings).toEqual([]);
    expect(newsSince(before, [finding('A', 'other')], []).findings).toHaveLength(1);
    expect(newsSince(before, [finding('A', 's', 'm', 'error')], []).findings).toHaveLength(1);
    expect(newsSince(before, [finding('A', 's'), finding('A', 's')], []).findings).toHaveLength(1);
  });

  it('is also what can’t be judged any more, which is not gone', async () => {
    const unjudged = [{ code: 'A', role: 'view-realm' }];
    const before = { file: 'f', findings: [finding('A', 's'), finding('B', 's')], notVisible: [] };
    const news = newsSince(before, [], unjudged);
    expect(news.unjudged).toEqual(unjudged);
    expect(news.gone.map(({ code }) => code)).toEqual(['B']);
    expect(newsSince({ ...before, notVisible: unjudged }, [], unjudged).unjudged).toEqual([]);
  });
});

describe('a file that is no baseline is refused, with the command that makes one:', () => {
  it.each([
    ['no JSON', 'nope', 'is no document'],
    ['another document', '{"schema":"mcpkc/validate/v1"}', 'is no document'],
    ['one with --baseline', saved(HEALTHY, { baseline: { known: 3 } }), 'only what was new'],
    ['another realm', saved(HEALTHY, { realm: 'other' }), "realm 'other'"],
    ['another server', saved(HEALTHY, { server: 'https://x.example.com' }), 'https://x.example.com'],
    ['another MCP server', saved(HEALTHY, { resource: 'https://y.example.com/mcp' }), 'y.example.com'],
  ])('%s', async (_what, text, words) => {
    await expect(baselineOf(text)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining(words),
      fix: expect.stringContaining('mcpkc status --json > known.json'),
    });
  });

  it('none at all', async () => {
    await expect(readBaseline(memoryIo(), 'known.json')).rejects.toMatchObject({
      message: expect.stringContaining('is not there'),
    });
  });
});
