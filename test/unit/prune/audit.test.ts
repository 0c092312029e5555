import { expect, it } from 'vitest';
import { auditLine } from '../../../src/commands/prune-clients/judge/audit.ts';
import { NOW, orphan } from './evidence.ts';

it('is one line of JSON that no terminal obeys, whatever a client calls itself', () => {
  const name = 'a\n\u001b[2J\u009b\u202e\u2028\u{e0041}"b';
  const decision = { action: 'delete', reason: 'so', standing: 'orphan' } as const;
  const judged = {
    key: 'a.b',
    id: 'i',
    clientId: 'c',
    name,
    evidence: orphan(),
    decision,
    outcome: 'done',
  } as const;
  const line = auditLine(judged, NOW, 'me', 'demo');
  expect(line.endsWith('}\n')).toBe(true);
  expect(line.slice(0, -1)).toMatch(/^[\x20-\x7e]+$/);
  expect(JSON.parse(line)).toMatchObject({
    at: '2026-06-01T00:00:00.000Z',
    realm: 'demo',
    decision: 'delete',
    outcome: 'done',
    clientId: 'c',
    name,
    reason: 'so',
    by: 'me',
    evidence: { sessions: { active: 0 }, events: { uses: 0, reach: { LOGIN: { why: 'as the test says' } } } },
  });
});
