import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RECORD_CLIENT } from '../../src/realm/record.ts';
import { Connector } from '../support/connectors/chatgpt.ts';
import { startBetween } from '../support/keycloak/between.ts';
import type { MemoryIo } from '../support/memory-io.ts';
import { decisionOf, type PruneRealm, pruneRealm, runPrune } from './prune-realm.ts';

let realm: PruneRealm;

beforeAll(async () => {
  realm = await pruneRealm();
});

afterAll(() => realm?.remove());

const NOW_ARGS = () => ['--apply', '--now', '--confirm', realm.name, '--max', '100'];

async function registered(): Promise<Connector> {
  const connector = new Connector(realm.host.url);
  const result = await connector.register();
  if (!result.ok) throw new Error(JSON.stringify(result));
  return connector;
}

const idOf = (connector: Connector) => String(connector.client?.clientId);

function fileOf(io: MemoryIo, path: string | null): string {
  const file = io.disk.get(String(path));
  if (!file || file instanceof Error) throw new Error(`there is no file ${path}`);
  return file.text;
}

describe('four runs with the clock moved', () => {
  it('mark, wait, disable, delete; a sign of life in between revives', async () => {
    const dead = await registered();
    const slow = await registered();
    const tried = await registered();
    const marked = await runPrune(realm, ['--apply'], { days: 8 });
    expect({ status: marked.status, ...marked.document.summary }).toMatchObject({
      status: 0,
      mark: 3,
      disable: 0,
    });
    expect((await realm.marks(idOf(dead))).stage).toMatchObject({ stage: 'marked' });
    expect(await realm.client(idOf(dead))).not.toHaveProperty(['attributes', 'mcpkc.prune']);

    const waiting = await runPrune(realm, ['--apply'], { days: 10 });
    expect(waiting.document.summary).toMatchObject({ mark: 0, disable: 0, delete: 0 });
    expect(decisionOf(waiting, idOf(dead)).reason).toMatch(/disable after 3d/);

    // One comes alive while it is marked.
    expect(await slow.connect(realm.user)).toMatchObject({ ok: true });
    const disabled = await runPrune(realm, ['--apply'], { days: 12 });
    expect(disabled.document.summary).toMatchObject({ disable: 2, revive: 1 });
    expect(decisionOf(disabled, idOf(slow))).toMatchObject({ decision: 'revive', outcome: 'done' });
    expect(await realm.marks(idOf(slow))).toMatchObject({
      stage: undefined,
      lastSeen: expect.any(Number),
    });
    expect(await realm.client(idOf(dead))).toMatchObject({ enabled: false });

    // Another is needed while it is disabled.
    expect(await tried.connect(realm.user)).toMatchObject({ ok: false });
    const last = await runPrune(realm, ['--apply'], { days: 16 });
    expect({ status: last.status, ...last.document.summary }).toMatchObject({
      status: 0,
      delete: 1,
      revive: 1,
    });
    expect(decisionOf(last, idOf(tried)).reason).toMatch(/tried to use it while it was disabled/);
    const left = await realm.clientIds();
    expect(left).not.toContain(idOf(dead));
    expect(left).toEqual(expect.arrayContaining([idOf(slow), idOf(tried), idOf(realm.alive)]));
    expect(await realm.client(idOf(tried))).toMatchObject({ enabled: true });
    expect(await tried.connect(realm.user)).toMatchObject({ ok: true });
    expect(fileOf(last.io, last.document.backup)).toContain(idOf(dead));

    const over = await runPrune(realm, ['--apply', '--quiet'], { days: 30, json: false });
    expect(
      over.io
        .out()
        .replaceAll(/\n(?!$)/g, ' ')
        .replaceAll(/ +/g, ' '),
    ).toMatch(
      /^✓ connectors-\w+: \d+ clients; nothing to prune; \d+ kept \(3 used before, 0 undecided\); \d marks? written\.\n$/,
    );
    expect(over.io.err()).toBe('');
  });

  it('a person who enables it again is heard', async () => {
    const one = await registered();
    await runPrune(realm, ['--apply'], { days: 8 });
    await runPrune(realm, ['--apply'], { days: 12 });
    await realm.admin.put(realm.path(`clients/${idOf(one)}`), { clientId: idOf(one), enabled: true });
    const run = await runPrune(realm, ['--apply'], { days: 16 });
    expect(decisionOf(run, idOf(one))).toMatchObject({
      decision: 'revive',
      reason: expect.stringMatching(/person enabled/),
    });
    const later = await runPrune(realm, [], { days: 60 });
    expect(decisionOf(later, idOf(one))).toMatchObject({ decision: 'keep', standing: 'alive' });
  });
});

describe('--observe', () => {
  it('writes what was seen, once, and ends with 0', async () => {
    const one = await registered();
    const run = await runPrune(realm, ['--observe'], { days: 20 });
    expect(run.status).toBe(0);
    expect(run.document.summary).toMatchObject({ mark: 1 });
    expect(await realm.marks(idOf(one))).toMatchObject({
      firstSeen: { at: expect.any(Number), after: expect.any(Number) },
      stage: undefined,
    });
    const before = await realm.snapshot();
    const again = await runPrune(realm, ['--observe'], { days: 20 });
    expect(again.document.summary).toMatchObject({ observed: 0 });
    const foreign = ({ clients, ...rest }: typeof before) => ({
      ...rest,
      clients: clients.filter(({ clientId }) => clientId !== RECORD_CLIENT),
    });
    expect(foreign(await realm.snapshot())).toEqual(foreign(before));
    await realm.admin.del(realm.path(`clients/${idOf(one)}`));
  });

  it('proves the age of a client that Keycloak tells nothing of', async () => {
    const body = { consentRequired: true, fullScopeAllowed: false, publicClient: true, name: 'ChatGPT' };
    const redirectUris = ['https://chatgpt.com/connector_platform_oauth_redirect'];
    const document = 'https://chatgpt.com/oauth/client.json';
    const attributes = { 'cimd.cache.expiry.time.in.sec': '1795553271' };
    await realm.admin.post(realm.path('clients'), { ...body, redirectUris, attributes, clientId: document });
    const first = await runPrune(realm, ['--apply'], { days: 21 });
    expect(decisionOf(first, document).reason).toMatch(/observed from now on/);
    const young = await runPrune(realm, [], { days: 27 });
    expect(decisionOf(young, document).reason).toMatch(/younger than 7d/);
    const old = await runPrune(realm, [], { days: 29 });
    expect(decisionOf(old, document)).toMatchObject({ decision: 'mark', standing: 'orphan' });
    const [{ id } = { id: '' }] = await realm.admin.get<{ id: string }[]>(
      realm.path(`clients?clientId=${encodeURIComponent(document)}`),
    );
    await realm.admin.del(realm.path(`clients/${id}`));
  });
});

/** Deletes orphans at once; `late` signs in when it is looked at for the second time, and then something may follow. */
async function runWhileComesAlive(late: Connector, then: () => Promise<unknown> = async () => {}) {
  const between = await startBetween(realm.admin.access.url);
  let woken = 0;
  between.meddle = async (method, path) => {
    if (method === 'GET' && path.endsWith(`/clients/${idOf(late)}`) && woken++ === 0) {
      expect(await late.connect(realm.user)).toMatchObject({ ok: true });
      await then();
    }
    return undefined;
  };
  const run = await runPrune(realm, NOW_ARGS(), { days: 8, server: between.url });
  await between.stop();
  expect(woken).toBe(1);
  return run;
}

describe('between plan and deletion', () => {
  it('a client that comes alive survives', async () => {
    const late = await registered();
    const dead = await registered();
    const run = await runWhileComesAlive(late);
    expect(decisionOf(run, idOf(late))).toMatchObject({
      outcome: 'spared',
      decision: 'keep',
      standing: 'alive',
    });
    expect(decisionOf(run, idOf(dead))).toMatchObject({ outcome: 'done', decision: 'delete' });
    expect(await realm.clientIds()).toContain(idOf(late));
  });

  it('one that only an event tells of survives, too', async () => {
    const late = await registered();
    const run = await runWhileComesAlive(late, () =>
      realm.admin.post(realm.path(`users/${realm.user.id}/logout`)),
    );
    expect(decisionOf(run, idOf(late))).toMatchObject({ outcome: 'spared', decision: 'keep' });
    expect(await realm.clientIds()).toContain(idOf(late));
  });

  it('one that is deleted while it is written to is gone, even where Keycloak answers 500', async () => {
    const one = await registered();
    const between = await startBetween(realm.admin.access.url);
    between.meddle = async (method, path) => {
      if (method !== 'DELETE' || !path.endsWith(`/clients/${idOf(one)}`)) return undefined;
      await realm.admin.request('DELETE', realm.path(`clients/${idOf(one)}`));
      return { status: 500, body: { error: 'unknown_error' } };
    };
    const run = await runPrune(realm, NOW_ARGS(), { days: 8, server: between.url });
    await between.stop();
    expect(run.status).toBe(0);
    expect(decisionOf(run, idOf(one)).outcome).toBe('gone');
  });

  it('one that vanished is fine', async () => {
    const one = await registered();
    const between = await startBetween(realm.admin.access.url);
    between.meddle = async (method, path) => {
      if (method === 'GET' && path.endsWith(`/clients/${idOf(one)}`)) {
        await realm.admin.request('DELETE', realm.path(`clients/${idOf(one)}`));
      }
      return undefined;
    };
    const run = await runPrune(realm, NOW_ARGS(), { days: 8, server: between.url });
    await between.stop();
    expect(run.status).toBe(0);
    expect(decisionOf(run, idOf(one)).outcome).toBe('gone');
  });
});

describe('--restore', () => {
  it('gives a client back that signs in with its old id and secret', async () => {
    const lost = await registered();
    const run = await runPrune(realm, NOW_ARGS(), { days: 8 });
    expect(decisionOf(run, idOf(lost)).outcome).toBe('done');
    const before = JSON.parse(fileOf(run.io, run.document.backup).split('\n')[0] ?? '').representation;
    expect(await lost.connect(realm.user)).toMatchObject({ ok: false });
    const file = String(run.document.backup);
    const dry = await runPrune(realm, ['--restore', file, idOf(lost), '--dry-run'], { disk: run.io });
    expect(dry.status).toBe(1);
    const restored = await runPrune(realm, ['--restore', file, idOf(lost)], { disk: run.io });
    expect({ status: restored.status, ...restored.document.summary }).toMatchObject({
      status: 0,
      restored: 1,
      there: 0,
    });
    expect(await realm.client(idOf(lost))).toEqual(before);
    // It is wanted, and that is no use of it.
    const later = await runPrune(realm, [], { days: 60 });
    expect(decisionOf(later, idOf(lost))).toMatchObject({ decision: 'keep', standing: 'shielded' });
    expect(decisionOf(later, idOf(lost)).reason).toMatch(/it was restored from a backup/);
    const { clientId, clientSecret } = lost.client ?? { clientId: '' };
    const again = new Connector(realm.host.url, { client: { clientId, clientSecret } });
    expect(await again.connect(realm.user)).toMatchObject({ ok: true, clientId });
    const twice = await runPrune(realm, ['--restore', file], { disk: run.io, json: false });
    expect(twice.status).toBe(0);
    expect(twice.io.out()).toMatch(/is there already/);
    expect(twice.io.out()).toMatch(/What can’t come back: users’ consents/);
    expect(twice.io.everything().split(String(clientSecret)).length).toBe(2);
  });

  it('refuses another realm’s backup, an unknown client, and a file that is none', async () => {
    const other = { at: 'x', by: 'x', server: 'x', realm: 'other', id: 'x', clientId: 'x' };
    const id = crypto.randomUUID();
    const representation = { id, clientId: id, consentRequired: true, fullScopeAllowed: false };
    const line = JSON.stringify({ mcpkc: 'prune-backup/v1', ...other, id, clientId: id, representation });
    const files = { '/here/b.jsonl': `${line}\n`, '/here/bad.jsonl': 'hello\n' };
    for (const [args, status, problem] of [
      [['b.jsonl'], 5, /it claims to be of realm 'other' at x, and anybody may have written it/],
      [['b.jsonl', 'nobody'], 2, /no client nobody/],
      [['bad.jsonl'], 2, /line 1: it is not JSON/],
      [['none.jsonl'], 2, /no file none.jsonl/],
    ] as const) {
      const run = await runPrune(realm, ['--restore', ...args], { files });
      expect({ status: run.status, message: run.document.message }).toEqual({
        status,
        message: expect.stringMatching(problem),
      });
    }
    expect(await realm.clientIds()).not.toContain(id);
  });
});

describe('--keep and --unkeep', () => {
  it('protect a client, and bring a disabled one back at once', async () => {
    const one = await registered();
    await runPrune(realm, ['--apply'], { days: 8 });
    await runPrune(realm, ['--apply'], { days: 12 });
    expect(await realm.client(idOf(one))).toMatchObject({ enabled: false });
    expect((await runPrune(realm, ['--keep', idOf(one), '--dry-run'])).status).toBe(1);
    const kept = await runPrune(realm, ['--keep', idOf(one)]);
    expect(kept.status).toBe(0);
    expect(await realm.client(idOf(one))).toMatchObject({ enabled: true });
    expect(await realm.marks(idOf(one))).toMatchObject({ kept: true, stage: undefined });
    expect((await runPrune(realm, ['--keep', idOf(one)])).document.summary).toEqual({ changed: 0 });
    expect(decisionOf(await runPrune(realm, [], { days: 30 }), idOf(one)).reason).toMatch(/kept/);
    await runPrune(realm, ['--unkeep', idOf(one)]);
    expect(decisionOf(await runPrune(realm, [], { days: 30 }), idOf(one)).decision).toBe('mark');
    await realm.admin.del(realm.path(`clients/${idOf(one)}`));
  });

  it('know no client that isn’t there', async () => {
    const run = await runPrune(realm, ['--keep', 'nobody', '--keep', idOf(realm.alive)]);
    expect({ status: run.status, code: run.document.code }).toEqual({
      status: 2,
      code: 'CLIENT_NOT_IN_REALM',
    });
    expect(await realm.marks(idOf(realm.alive))).toMatchObject({ kept: false });
  });
});

describe('--now at a terminal', () => {
  it('shows who goes before it asks for the realm’s name, and tells in words what it did', async () => {
    const one = await registered();
    const args = ['--apply', '--now', '--max', '100'];
    const at = (answer: string) =>
      runPrune(realm, args, { days: 8, json: false, terminal: true, answers: [answer] });
    const refused = await at('yes');
    expect(refused.status).toBe(5);
    expect(refused.io.err()).toContain(idOf(one));
    expect(await realm.clientIds()).toContain(idOf(one));
    const done = await at(realm.name);
    expect(done.status).toBe(0);
    expect(done.io.out()).toContain('deleted (');
    expect(done.io.err()).not.toContain('"decision"');
    expect(await realm.clientIds()).not.toContain(idOf(one));
  });
});

describe('the limits', () => {
  it('nothing at all happens beyond them, and the plan says so', async () => {
    const before = await realm.clientIds();
    const fresh = await Promise.all(Array.from({ length: 8 }, registered));
    const args = ['--apply', '--now', '--confirm', realm.name];
    const run = await runPrune(realm, args, { days: 8 });
    expect({ status: run.status, code: run.document.code }).toEqual({ status: 5, code: 'LIMIT_EXCEEDED' });
    expect(run.document.message).toMatch(/8 clients .* limit is \d \(at most 30 % of \d+ dynamic clients/);
    for (const one of fresh) expect(await realm.marks(idOf(one))).toMatchObject({ firstSeen: undefined });
    await runPrune(realm, ['--apply'], { days: 8 });
    const plan = await runPrune(realm, [], { days: 12, json: false });
    expect(plan.status).toBe(1);
    expect(plan.io.out()).toMatch(/--apply would\s+refuse: 8 clients/);
    expect((await runPrune(realm, [...args, '--max', '7'], { days: 8 })).document.message).toMatch(
      /limit is 7/,
    );
    expect((await runPrune(realm, [...args, '--max', '8'], { days: 8 })).document.summary).toMatchObject({
      delete: 8,
    });
    expect(await realm.clientIds()).toEqual(before);
  });

  it.each([
    [['--apply', '--now'], 5, 'CONSENT_NEEDED'],
    [['--apply', '--now', '--confirm', 'another'], 5, 'CONSENT_NEEDED'],
    [['--now'], 2, 'INPUT_INVALID'],
    [['--apply', '--observe'], 2, 'USAGE'],
    [['--apply', '--confirm', 'x'], 2, 'INPUT_INVALID'],
    [['some-client'], 2, 'INPUT_INVALID'],
    [['--realm', 'master', '--apply'], 5, 'REALM_PROTECTED'],
    [['--realm', 'master'], 5, 'REALM_PROTECTED'],
    [['--preset', 'chatgtp'], 2, 'INPUT_INVALID'],
  ] as const)('%j is refused with %i', async (args, status, code) => {
    const run = await runPrune(realm, args);
    expect({ status: run.status, code: run.document.code }).toEqual({ status, code });
  });
});

describe('the backup', () => {
  it('is not written where others may read', async () => {
    const one = await registered();
    const run = await runPrune(realm, [...NOW_ARGS(), '--backup', 'b.jsonl'], { days: 8, files: {} });
    expect(decisionOf(run, idOf(one)).outcome).toBe('done');
    run.io.disk.set('/here/b.jsonl', { text: '', mode: 0o640 });
    await registered();
    const refused = await runPrune(realm, [...NOW_ARGS(), '--backup', 'b.jsonl'], { days: 8, disk: run.io });
    expect({ status: refused.status, message: refused.document.message }).toEqual({
      status: 5,
      message: expect.stringMatching(/Others may read b\.jsonl/),
    });
    const rest = await runPrune(realm, [...NOW_ARGS(), '--backup', 'c.jsonl'], { days: 8, files: {} });
    expect(rest.document.summary).toMatchObject({ delete: 1 });
  });

  it('that can’t be written keeps the client', async () => {
    const one = await registered();
    const files = { '/here/full.jsonl': '' };
    const run = await runPrune(realm, [...NOW_ARGS(), '--backup', 'full.jsonl'], {
      days: 8,
      files,
      failAppend: true,
    });
    expect(run.status).not.toBe(0);
    expect(await realm.clientIds()).toContain(idOf(one));
    await realm.admin.del(realm.path(`clients/${idOf(one)}`));
  });
});

describe('two runs at once', () => {
  it('take turns, and each orphan goes once', async () => {
    const dead = await Promise.all([registered(), registered(), registered()]);
    const runs = await Promise.all([
      runPrune(realm, NOW_ARGS(), { days: 8 }),
      runPrune(realm, NOW_ARGS(), { days: 8 }),
    ]);
    expect(runs.map(({ status }) => status)).toEqual([0, 0]);
    const deleted = runs.map(({ document }) => Number(document.summary.delete)).sort();
    expect(deleted).toEqual([0, 3]);
    const left = await realm.clientIds();
    expect(dead.filter((one) => left.includes(idOf(one)))).toEqual([]);
  });
});
