import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import { startGoodHost } from '../support/hosts/good.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';

const realm = await useRealm('runbook');
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm);
});

interface Box {
  id: string;
  state: string;
  reasons: string[];
}
const boxesOf = (json: Record<string, unknown>) => json.boxes as Box[];

describe('mcpkc runbook on a realm', () => {
  it('leaves boxes open with what status found, and changes nothing', async () => {
    const before = await realm.snapshot();
    const { json } = await expectCli(0, ['runbook', 'https://svc.example.com/mcp', '--json'], account);
    const scope = boxesOf(json).find(({ id }) => id === 'scope');
    expect(scope).toMatchObject({ state: 'open', reasons: [expect.stringContaining('SCOPE_MISSING')] });
    expect(await realm.snapshot()).toEqual(before);
  });

  it('ticks every box where a good host is provisioned, with --validate', async () => {
    const scope = 'mcp-resource-127';
    const host = await startGoodHost({ issuer: realm.issuer, scope, advertisedScopes: [scope] });
    onTestFinished(() => host.stop());
    await realm.createUser();
    const provision = ['create-scope', '--preset', 'chatgpt', '--resource', host.url, '--scope', scope];
    await expectCli(0, provision, account);
    const { json } = await expectCli(0, ['runbook', host.url, '--validate', '--json'], account);
    const open = boxesOf(json).filter(({ state }) => state !== 'done');
    // At a loopback address nobody reaches Keycloak from outside, so REG-PATHS, which the first box needs, is skipped.
    expect(open.map(({ id, state, reasons }) => [id, state, reasons.length])).toEqual([
      ['policies', 'unknown', 0],
    ]);
    expect(String(json.markdown).match(/^- \[ \]/gm)).toHaveLength(1);
  });
});
