import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openMetrics, requireMetricsWritable } from '../../../src/cli/open-metrics.ts';
import { answerOf } from '../../../src/commands/status/answer.ts';
import { statusGauges } from '../../../src/commands/status/metrics.ts';
import { GROUPS } from '../../../src/findings/index.ts';
import type { Seen } from '../../../src/findings/seen.ts';
import { PRESETS } from '../../../src/products/index.ts';
import type { Entry } from '../../../src/realm/record.ts';
import type { UserEvent } from '../../../src/realm/representations.ts';
import { memoryIo } from '../../support/memory-io.ts';
import { connector, NOW, seen, visible, withPolicy } from './seen.ts';

const REALM = { server: 'http://127.0.0.1:8080', realm: 'demo' };

function metricsOf(of: Seen): string {
  const run = { ms: 1500, exitStatus: 0, known: PRESETS };
  return openMetrics(statusGauges(of, answerOf(of), run), REALM);
}

/** The value of a sample, by its name and some of its labels. */
function value(text: string, name: string, ...labels: string[]): number | undefined {
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`));
  const [line] = lines.filter((one) => labels.every((label) => one.includes(label)));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
}

const HOSTILE = 'x"} 1\nmcpkc_findings{code="FORGED"} 9 # <script>\u{202e}';

const refused = (type: string, more: Partial<UserEvent>): UserEvent => ({
  id: 'e',
  time: NOW - 1000,
  type,
  clientId: undefined,
  userId: undefined,
  sessionId: undefined,
  ipAddress: '203.0.113.7',
  error: undefined,
  details: {},
  ...more,
});

describe('metrics of status', () => {
  it('tell findings by code and severity, with a 0 for what was judged and not found', () => {
    const text = metricsOf(seen(withPolicy('trusted-hosts', { 'trusted-hosts': [] })));
    expect(value(text, 'mcpkc_findings', 'code="TRUSTED_HOSTS_EMPTY"', 'severity="error"')).toBe(1);
    expect(value(text, 'mcpkc_findings', 'code="SCOPE_MISSING"')).toBe(0);
    expect(value(text, 'mcpkc_product_verdict', 'product="chatgpt"', 'verdict="stopped"')).toBe(1);
    expect(value(text, 'mcpkc_product_verdict', 'product="chatgpt"', 'verdict="ready"')).toBe(0);
    expect(value(text, 'mcpkc_status_last_run_timestamp_seconds')).toBe(NOW / 1000);
    expect(value(text, 'mcpkc_status_duration_seconds')).toBe(1.5);
    const known = GROUPS.flatMap(({ rules }) => rules.map(({ code }) => code));
    for (const code of known) expect(text).toContain(`code="${code}"`);
  });

  it('have no sample of what is not visible: that is no 0', () => {
    const hidden = { visible: false, role: 'view-realm' } as const;
    const text = metricsOf(
      seen({ room: hidden, registrationPolicies: hidden, record: hidden, refusals: hidden }),
    );
    expect(value(text, 'mcpkc_findings', 'code="TRUSTED_HOSTS_EMPTY"')).toBeUndefined();
    expect(value(text, 'mcpkc_findings_unjudged')).toBeGreaterThan(0);
    for (const name of ['mcpkc_registration_room', 'mcpkc_clients', 'mcpkc_refusals_last_day'])
      expect(text).not.toContain(name);
  });

  it('tell how many more clients may register', () => {
    const room = visible({ limit: 200, reached: false, near: false, clients: 143 });
    expect(value(metricsOf(seen({ room })), 'mcpkc_registration_room')).toBe(57);
  });

  it('tell clients by standing, and how old what is not settled is', () => {
    const name = { id: 'i', clientId: 'c' };
    const run = { by: 'a', host: 'h', pid: 1, command: 'onboard', nonce: 'n' };
    const at = (ms: number) => new Date(NOW + ms).toISOString();
    const common = { client: name, resource: 'https://svc.example.com/mcp', scope: 's' };
    const entries: Entry[] = [
      { kind: 'adopted', key: 'a.1', since: at(-9e6), by: 'op', ...common },
      { kind: 'adopted', key: 'b.1', since: at(-9e6), by: 'op', ...common },
      { kind: 'provisional', key: 'c.1', since: at(-600_000), until: at(-1), run, ...common },
    ];
    const text = metricsOf(seen({ record: visible({ state: 'proved', entries }) }));
    expect(value(text, 'mcpkc_clients', 'standing="adopted"')).toBe(2);
    expect(value(text, 'mcpkc_clients', 'standing="kept"')).toBe(0);
    expect(value(text, 'mcpkc_provisional_oldest_age_seconds')).toBe(600);
    expect(value(text, 'mcpkc_provisional_overdue')).toBe(1);
  });

  it('tell refusals by policy and product, and nothing that a stranger wrote', () => {
    const clients = [
      connector(HOSTILE, { name: HOSTILE }),
      connector('0f8b1c1e-7d3c-4b0a-9f6e-2f1f8c1f5a11'),
    ];
    const text = metricsOf(
      seen({
        clients: visible({ clients, sessions: visible(new Map()) }),
        refusals: visible([
          refused('CLIENT_REGISTER_ERROR', { details: { client_registration_policy: 'trusted-hosts' } }),
          refused('CLIENT_REGISTER_ERROR', { details: { client_registration_policy: HOSTILE } }),
          refused('LOGIN_ERROR', {
            clientId: HOSTILE,
            error: 'invalid_redirect_uri',
            details: { redirect_uri: 'https://chatgpt.com/connector_platform_oauth_redirect' },
          }),
          refused('LOGIN_ERROR', { clientId: HOSTILE, error: HOSTILE, details: { redirect_uri: HOSTILE } }),
        ]),
      }),
    );
    expect(text).not.toContain('FORGED');
    expect(text).not.toContain('script');
    const line = 'mcpkc_refusals_last_day';
    expect(value(text, line, 'kind="registration"', 'by="trusted-hosts"', 'product="unknown"')).toBe(1);
    expect(value(text, line, 'kind="registration"', 'by="other"')).toBe(1);
    expect(value(text, line, 'by="invalid_redirect_uri"', 'product="chatgpt"')).toBe(1);
    expect(value(text, 'mcpkc_listed_clients', 'standing="no scope"')).toBe(1);
  });
});

describe('the text', () => {
  it('escapes whatever a label holds, a line a sample, and ends with EOF', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (realm) => {
        const gauge = { name: 'mcpkc_x', help: 'X.', samples: [{ value: 1 }] };
        const text = openMetrics([gauge], { realm });
        const lines = text.split('\n');
        expect(lines).toHaveLength(5);
        expect(lines[2]).toMatch(/^mcpkc_x\{realm="(?:[^"\\]|\\[\\"n])*"\} 1$/);
        expect(lines.slice(3)).toEqual(['# EOF', '']);
      }),
    );
  });

  it('refuses a name that OpenMetrics keeps for another type, and a sample that stands there twice', () => {
    const sample = { value: 1 };
    expect(() => openMetrics([{ name: 'mcpkc_x_total', help: '', samples: [sample] }], {})).toThrow();
    expect(() => openMetrics([{ name: 'mcpkc_x', help: '', samples: [sample, sample] }], {})).toThrow(
      'twice',
    );
  });
});

it('a file that can’t be written is known before anything is done, and what is there stays', async () => {
  const io = memoryIo({ files: { '/metrics/mcpkc.prom': 'before' } });
  await requireMetricsWritable(io, '/metrics/mcpkc.prom');
  expect([...io.disk.keys()]).toEqual(['/metrics/mcpkc.prom']);
  const full = Object.assign(io, {
    files: {
      ...io.files,
      write: async () => {
        throw Object.assign(new Error('ENOSPC: no space'), { code: 'ENOSPC' });
      },
    },
  });
  await expect(requireMetricsWritable(full, '/metrics/mcpkc.prom')).rejects.toMatchObject({
    code: 'FILE_NOT_WRITTEN',
    message: expect.stringContaining('--metrics'),
  });
  expect(io.disk.get('/metrics/mcpkc.prom')).toMatchObject({ text: 'before' });
});
