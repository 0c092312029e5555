import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { writeRecord } from '../../src/keycloak/write/record.ts';
import { type PruneRealm, pruneRealm, type RunOptions, runPrune } from '../keycloak/prune-realm.ts';
import { useWorlds, World } from '../keycloak/status/world.ts';
import { accountIn, expectCli, runCli, spawnCli, until } from '../support/cli.ts';
import { connected } from '../support/keycloak/connection.ts';
import { createServiceAccount } from '../support/keycloak/service-account.ts';
import { collecting, EXAMPLES, firing, promtool } from '../support/prometheus.ts';
import { sarifProblems } from '../support/sarif-schema.ts';

/* What Prometheus and promtool of Debian make of a real realm. */

// promtool evaluates thirty hours of rules.
vi.setConfig({ testTimeout: 240_000 });

const keep = useWorlds();
let world: World;
/** The metrics of `status` before any test changes the realm. */
let healthy: string;

beforeAll(async () => {
  world = keep(await World.provisioned());
  healthy = await metricsOf(['status']);
});

/** The file that a run in memory wrote. */
async function metricsOf(command: string[], env = world.env): Promise<string> {
  const ran = await runCli([...command, '--metrics', 'mcpkc.prom'], { env });
  const file = ran.io.disk.get('/here/mcpkc.prom');
  if (file === undefined || file instanceof Error) expect.fail(`no file: ${ran.err}`);
  return file.text;
}

/** Runs a test while a policy is configured otherwise; afterwards it is as it was. */
async function during(
  provider: string,
  config: Record<string, string[]>,
  test: () => Promise<void>,
): Promise<void> {
  const before = (await world.policies()).find(({ providerId }) => providerId === provider)?.config ?? {};
  try {
    await world.configure(provider, config);
    await test();
  } finally {
    await world.configure(provider, before);
  }
}

/** No host of a product is trusted. */
const STOPPED = { 'trusted-hosts': ['nobody.example.com'] };

const both = async () => [await metricsOf(['status']), await metricsOf(['prune-clients'])];

it('promtool takes the files, and the example’s rules and their tests', async () => {
  for (const text of await both()) {
    expect(text.endsWith('# EOF\n')).toBe(true);
    expect(promtool(['check', 'metrics'], text)).toEqual({ status: 0, text: '' });
  }
  expect(promtool(['check', 'rules', join(EXAMPLES, 'mcpkc.rules.yml')])).toMatchObject({ status: 0 });
  expect(promtool(['test', 'rules', join(EXAMPLES, 'mcpkc.rules.test.yml')])).toMatchObject({ status: 0 });
});

describe('the alerts', () => {
  it('are silent on a healthy realm', async () => {
    expect(firing(await both(), [])).toBe('');
    // The check can fail.
    expect(firing(await both(), ['McpkcError'])).not.toBe('');
  });

  it('fire where a product is stopped', async () => {
    await during('trusted-hosts', STOPPED, async () => {
      expect(firing(await both(), ['McpkcError', 'McpkcProductStopped', 'McpkcWarning'])).toBe('');
    });
  });

  it('fire before and when the realm is full', async () => {
    const clients = await world.admin.get<unknown[]>(world.path('clients'));
    const limit = (number: number) => ({ 'max-clients': [String(number)] });
    await during('max-clients', limit(clients.length + 1), async () => {
      const near = await metricsOf(['status']);
      expect(near).toMatch(/^mcpkc_registration_room\{.*\} 1$/m);
      expect(firing([near], ['McpkcRegistrationNearlyFull', 'McpkcWarning'])).toBe('');
    });
    await during('max-clients', limit(clients.length), async () => {
      const alerts = ['McpkcError', 'McpkcProductStopped', 'McpkcRegistrationFull'];
      expect(firing([await metricsOf(['status'])], alerts)).toBe('');
    });
  });

  it('fire where registrations are refused, told by the policy', async () => {
    const url = `${world.realm.issuer}/clients-registrations/openid-connect`;
    for (let tries = 0; tries < 10; tries += 1) {
      const body = JSON.stringify({ redirect_uris: ['https://stranger.example.com/callback'] });
      await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    }
    const text = await metricsOf(['status']);
    // Registrations are held to the products' redirect URIs by a client policy, before Trusted Hosts is asked.
    expect(text).toMatch(
      /^mcpkc_refusals_last_day\{.*kind="registration",by="(?:client policy|Trusted Hosts)".*\} 10$/m,
    );
    expect(text).not.toContain('stranger.example.com');
    expect(firing([text], ['McpkcRegistrationsRefused'])).toBe('');
  });

  it('fire where a killed run left an adoption open, and where the account may not see everything', async () => {
    const fresh = keep(await World.provisioned());
    const at = (ms: number) => new Date(Date.now() + ms).toISOString();
    const run = { by: 'op', host: 'h', pid: 1, command: 'onboard', nonce: 'n' };
    const client = { id: '0f8b1c1e-7d3c-4b0a-9f6e-2f1f8c1f5a11', clientId: 'left' };
    const entry = { client, key: 'k.k', resource: fresh.host.url, scope: 's', run } as const;
    const keycloak = await connected(fresh.account);
    await writeRecord(keycloak, {
      remember: [{ kind: 'provisional', since: at(-900_000), until: at(-300_000), ...entry }],
    });
    const text = await metricsOf(['status'], fresh.env);
    expect(firing([text], ['McpkcAdoptionLeftOpen'])).toBe('');
    const blind = await accountIn(fresh.realm, ['view-clients'], 'blind');
    const unseen = await metricsOf(['status'], { ...fresh.env, ...blind.env });
    const alerts = /code="ACCOUNT_MISSING_ROLE",severity="error"\} 0/.test(unseen) ? [] : ['McpkcError'];
    expect(firing([unseen], ['McpkcNotVisible', ...alerts])).toBe('');
  });
});

describe('the alerts of pruning', () => {
  let realm: PruneRealm;

  beforeAll(async () => {
    realm = await pruneRealm();
    for (let made = 0; made < 4; made += 1) await realm.orphan();
  });
  afterAll(() => realm?.remove());

  /** The metrics of a run eight days later. */
  async function pruned(args: string[], options: RunOptions = {}): Promise<string> {
    const { io } = await runPrune(realm, ['--metrics', 'mcpkc.prom', ...args], { days: 8, ...options });
    const file = io.disk.get('/here/mcpkc.prom');
    if (file === undefined || file instanceof Error) expect.fail('no file');
    return file.text;
  }

  it('are silent where all may go, and fire where more would go than may', async () => {
    const few = await pruned(['--apply', '--now', '--max', '1', '--confirm', realm.name]);
    expect(few).toMatch(/^mcpkc_prune_exit_status\{.*\} 5$/m);
    expect(firing([healthy, few], ['McpkcPruneRefused'])).toBe('');
    expect(firing([healthy, await pruned(['--max', '100'])], [])).toBe('');
  });

  it('fire where a source can’t be read', async () => {
    const account = await createServiceAccount(realm, 'mcpkc-blind', [
      'manage-clients',
      'manage-realm',
      'view-users',
    ]);
    expect(firing([healthy, await pruned(['--max', '100'], { account })], ['McpkcPruneBlind'])).toBe('');
  });

  it('fire where either command runs no more, or never ran', async () => {
    const night = await pruned(['--max', '100']);
    expect(firing([night], ['McpkcStatusMissing'])).toBe('');
    expect(firing([healthy, night], ['McpkcPruneStale', 'McpkcStatusStale'], 'long ago')).toBe('');
  });
});

describe('a real Prometheus', () => {
  it('collects the file whole, through node_exporter and as OpenMetrics, and its rules see it', async () => {
    let file = '';
    const prometheus = await collecting(() => (existsSync(file) ? readFileSync(file, 'utf8') : '# EOF\n'));
    file = prometheus.file;
    const { done } = spawnCli(['status', '--quiet', '--metrics', file], world.env);
    expect((await done).exit).toBe(0);
    const samples = readFileSync(file, 'utf8').match(/^mcpkc_/gm)?.length ?? 0;
    const number = async (job: string) => {
      const [found] = await prometheus.query(`count({__name__=~"mcpkc_.*",job="${job}"})`);
      return found?.value;
    };
    await until('both jobs', async () => {
      try {
        return (await number('node')) === samples && (await number('openmetrics')) === samples;
      } catch {
        return false;
      }
    });
    expect(await prometheus.errors()).toEqual(['', '']);
    expect(await prometheus.query('mcpkc_status_exit_status{job="node"}')).toMatchObject([
      { metric: { realm: world.realm.name }, value: 0 },
    ]);
    expect(await prometheus.query('ALERTS{alertname="McpkcError"}')).toEqual([]);
    await during('trusted-hosts', STOPPED, async () => {
      expect((await spawnCli(['status', '--metrics', file], world.env).done).exit).toBe(1);
      await until(
        'the alert',
        async () => (await prometheus.query('ALERTS{alertname="McpkcProductStopped"}')).length > 0,
      );
    });
  });
});

it('a baseline makes a cron job silent until something is new', async () => {
  const { out: known } = await runCli(['status', '--json'], { env: world.env });
  const files = { 'known.json': known };
  const again = ['status', '--fail-on', 'warning', '--baseline', 'known.json'];
  const calm = await expectCli(0, again, { env: world.env, files });
  expect([calm.out, calm.err]).toEqual(['', '']);
  await during('trusted-hosts', STOPPED, async () => {
    const news = await expectCli(1, again, { env: world.env, files });
    expect(news.out).toContain('TRUSTED_HOST_MISSING');
    const document = await expectCli(1, [...again, '--json', '--sarif', 'news.sarif'], {
      env: world.env,
      files,
    });
    const sarif = document.io.disk.get('/here/news.sarif');
    const log = JSON.parse(sarif === undefined || sarif instanceof Error ? '' : sarif.text);
    expect(sarifProblems(log)).toBeUndefined();
    expect(JSON.stringify(log)).toContain('"baselineState":"new"');
    expect(document.json.baseline).toMatchObject({ file: 'known.json' });
  });
});
