import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GoodHost } from '../support/hosts/good.ts';
import { adoptedConnector, goodHost, newStage, probesIn, type Stage, senders } from './stage.ts';

describe.each(['standing', 'windowed'] as const)('a good host in %s mode', (mode) => {
  let stage: Stage;
  let host: GoodHost;
  let connector: string | undefined;

  beforeAll(async () => {
    stage = await newStage(mode);
    host = await goodHost(stage);
    await stage.provision(host.url, mode === 'windowed' ? ['--attach', 'none'] : []);
    if (mode === 'windowed') connector = await adoptedConnector(stage, host.url);
  });
  afterAll(async () => {
    await host.stop();
    await stage.remove();
  });

  it('passes every must, and leaves no probe', async () => {
    const run = await stage.validate(host.url);
    expect(
      run.document.checks.filter(({ outcome, severity }) => severity === 'must' && outcome !== 'pass'),
    ).toEqual([]);
    expect(run.ids('fail')).toEqual(mode === 'standing' ? ['TOK-USERLESS'] : []);
    expect(run.ids('blocked')).toEqual([]);
    expect(run.document.mode).toBe(mode);
    expect(run.exit).toBe(0);
    expect(await probesIn(stage.realm)).toEqual([]);
    expect(senders(host)).not.toContain('mcpkc');
    expect(connector).toBeTypeOf(mode === 'windowed' ? 'string' : 'undefined');
  });
});
