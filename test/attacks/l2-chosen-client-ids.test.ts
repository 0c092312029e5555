import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decisionOf, type PruneRealm, pruneRealm, runPrune } from '../keycloak/prune-realm.ts';
import { registerWhole } from '../support/strangers.ts';

let realm: PruneRealm;
const REDIRECT = 'https://chatgpt.com/connector_platform_oauth_redirect';
const body = { name: 'ChatGPT', redirectUris: [REDIRECT] };

beforeAll(async () => {
  realm = await pruneRealm();
});
afterAll(() => realm?.remove());

describe('clients that registered with client ids of their own choosing', () => {
  it('are pruned like others, and an administrator’s that look like them are not', async () => {
    const chosen = ['my-connector', 'x'.repeat(200), 'https://squat.example/client.json', 'a,b --apply'];
    for (const clientId of chosen) {
      expect((await registerWhole(realm, { clientId, ...body })).status).toBe(201);
    }
    const administrators = { clientId: 'app', ...body, consentRequired: true, fullScopeAllowed: false };
    await realm.admin.post(realm.path('clients'), administrators);
    const args = ['--apply', '--now', '--confirm', realm.name, '--max', '50'];
    const run = await runPrune(realm, args, { days: 8 });
    for (const clientId of chosen) {
      expect(decisionOf(run, clientId), clientId).toMatchObject({ decision: 'delete', outcome: 'done' });
    }
    expect(decisionOf(run, 'app')).toMatchObject({ decision: 'keep', standing: 'unknown' });
    const left = await realm.clientIds();
    expect(left).toContain('app');
    for (const clientId of chosen) expect(left).not.toContain(clientId);
  });

  it('go also where they have no redirect URI and are no product’s, if the operator says so', async () => {
    const made = await registerWhole(realm, { clientId: 'filler', publicClient: true });
    expect(made.status).toBe(201);
    const args = ['--apply', '--now', '--confirm', realm.name, '--max', '50', '--preset', 'unrecognised'];
    expect(decisionOf(await runPrune(realm, args), 'filler')).toMatchObject({ decision: 'keep' });
    const run = await runPrune(realm, args, { days: 8 });
    expect(decisionOf(run, 'filler')).toMatchObject({ decision: 'delete', outcome: 'done' });
    expect(await realm.clientIds()).toEqual(expect.arrayContaining(['app', 'mcpkc', 'account', 'admin-cli']));
  });

  it('made anew by an administrator after a registration are not taken for the registration', async () => {
    const first = await runPrune(realm, ['--observe']);
    expect(first.status).toBe(0);
    expect((await registerWhole(realm, { clientId: 'taken', ...body })).status).toBe(201);
    const [squatter] = await realm.admin.get<{ id: string }[]>(realm.path('clients?clientId=taken'));
    await realm.admin.del(realm.path(`clients/${squatter?.id}`));
    // A look in between doesn't find it: what is there later is another.
    await runPrune(realm, ['--observe'], { days: 1 });
    const made = { clientId: 'taken', ...body, consentRequired: true, fullScopeAllowed: false };
    await realm.admin.post(realm.path('clients'), made);
    await runPrune(realm, ['--observe'], { days: 2 });
    const run = await runPrune(realm, [], { days: 12 });
    expect(decisionOf(run, 'taken')).toMatchObject({ decision: 'keep', standing: 'unknown' });
    expect(decisionOf(run, 'taken').reason).toMatch(/was another client/);
  });
});
