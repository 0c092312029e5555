import { describe, expect, it } from 'vitest';
import { styleFor } from '../../../src/cli/style.ts';
import type { Judged } from '../../../src/commands/prune-clients/judge/audit.ts';
import { pruneReport } from '../../../src/commands/prune-clients/text.ts';
import type { ClientRow } from '../../../src/commands/status/client-rows.ts';
import { clientTable } from '../../../src/commands/status/client-table.ts';
import { orphan } from '../prune/evidence.ts';

const STYLE = styleFor(false, 80);

const judged = (action: Judged['decision']['action'], at: number): Judged => ({
  key: `${action}${at}.x`,
  id: `${action}-${at}`,
  clientId: `${action}-${at}`,
  name: 'ChatGPT',
  evidence: orphan(),
  decision: { action, standing: 'orphan', reason: 'nothing was seen of it' },
  outcome: 'planned',
});

function pruned(list: readonly Judged[]): string {
  return pruneReport({
    server: 'http://127.0.0.1',
    realm: 'demo',
    mode: 'plan',
    judged: list,
    limit: { wanted: 0, allowed: 25, why: 'x', exceeded: false },
    troubles: [],
    hints: [],
    backup: null,
    exitStatus: 1,
    short: false,
  }).text(STYLE);
}

const row = (clientId: string, verdict: ClientRow['verdict']): ClientRow => ({
  clientId,
  name: null,
  kind: 'dynamic',
  product: 'chatgpt',
  createdAt: null,
  ageMs: null,
  scopes: [],
  sessions: null,
  consent: true,
  pkce: true,
  verdict,
});

describe('a page for a person', () => {
  it('is a hundred clients of each decision, and the rest counted', () => {
    const many = Array.from({ length: 2500 }, (_, at) => judged('keep', at));
    const text = pruned([...many, judged('delete', 7)]);
    expect(text.match(/^ {2}keep-\d+/gm)).toHaveLength(100);
    expect(text).toContain('delete-7');
    expect(text).toContain('… and 2,400 more: --json lists all');
    expect(text).toContain('keep (2,500)');
  });

  it('is all of them, in Keycloak’s order, where they fit', () => {
    const text = pruned(Array.from({ length: 100 }, (_, at) => judged('mark', at)));
    expect(text.match(/^ {2}mark-\d+/gm)).toHaveLength(100);
    expect(text).not.toContain('more:');
    const rows = [row('a', 'probe'), row('b', 'foreign')];
    expect(clientTable(rows, STYLE).indexOf(' a ')).toBeLessThan(clientTable(rows, STYLE).indexOf(' b '));
  });

  it('of status begins with those whom somebody should look at', () => {
    const rows = Array.from({ length: 300 }, (_, at) => row(`plain-${at}`, 'no scope'));
    const text = clientTable([...rows, row('last-but-foreign', 'foreign')], STYLE);
    expect(text.split('\n')[0]).toContain('last-but-foreign');
    expect(text).toContain('… and 201 more; --json lists all');
  });
});
