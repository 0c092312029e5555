import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { readRecord } from '../../src/keycloak/read/record.ts';
import { type Account, accountIn, spawnCli } from '../support/cli.ts';
import { connected } from '../support/keycloak/connection.ts';
import { createRealm, type Realm } from '../support/keycloak/realm.ts';
import { type Passing, type ReverseProxy, startReverseProxy } from '../support/reverse-proxy.ts';

const server = inject('keycloak');
const folder = mkdtempSync(join(tmpdir(), 'mcpkc-untried-'));
const FILE = join(folder, 'mcpkc.yaml');
const RESOURCE = 'https://svc.example.com/mcp';
let realm: Realm;
let account: Account;

afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(async () => {
  realm = await createRealm(server, 'left-policies');
  account = await accountIn(realm);
  writeFileSync(
    FILE,
    `realms: [{ servers: [{ resource: ${RESOURCE}, access: anybody, products: [chatgpt] }] }]`,
  );
  return () => realm.remove();
});

const COMMANDS = {
  apply: ['apply', '-f', FILE],
  'create-scope': ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--attach', 'none'],
} as const;

/** Names of mcpkc's policies in the realm. */
async function policies(): Promise<string[]> {
  const { policies: all } = await realm.admin.get<{ policies: { name: string }[] }>(
    realm.path('client-policies/policies'),
  );
  return all.map(({ name }) => name).filter((name) => name.startsWith('mcpkc-'));
}

/** Rehearsals that the record holds. */
async function rehearsals(): Promise<unknown[]> {
  const { entries } = await readRecord(await connected(account));
  return entries.filter(({ kind }) => kind === 'rehearsal');
}

const isRehearsal = ({ method, path }: Passing) =>
  method === 'POST' && path.endsWith('/clients-registrations/openid-connect');
const isPolicies = (method: string, { method: asked, path }: Passing) =>
  asked === method && path.includes('/client-policies/policies');

/**
 * A run through a proxy that kills it right before its first rehearsal. With `wrong` the realm gets a policy that demands
 * PKCE of everybody, and reads hide that.
 */
async function killed(argv: readonly string[], wrong = false): Promise<ReverseProxy> {
  let kill: (() => void) | undefined;
  let written: string | undefined;
  const proxy = await startReverseProxy(server.url, {
    before: async (request) => {
      if (isRehearsal(request) && kill) {
        kill();
        kill = undefined;
        return { status: 503, headers: {}, body: '' };
      }
      if (!wrong) return undefined;
      if (isPolicies('GET', request) && written !== undefined)
        return { status: 200, headers: { 'content-type': 'application/json' }, body: written };
      if (!isPolicies('PUT', request)) return undefined;
      written = request.body.includes('"mcpkc-') ? request.body : undefined;
      const body = JSON.parse(request.body) as { policies: { name: string }[] };
      const everybody = [{ condition: 'any-client', configuration: {} }];
      const sent = body.policies.map((one) =>
        one.name === 'mcpkc-registrations' ? { ...one, conditions: everybody } : one,
      );
      const { status } = await realm.admin.request('PUT', realm.path('client-policies/policies'), {
        policies: sent,
      });
      return { status, headers: {}, body: '' };
    },
  });
  const run = spawnCli(argv, { ...account.env, KC_SERVER: proxy.url });
  kill = () => run.kill('SIGKILL');
  const { exit, err } = await run.done;
  expect([exit, kill], err).toEqual([137, undefined]);
  expect(await policies()).toContain('mcpkc-registrations');
  expect(await rehearsals()).toHaveLength(1);
  return proxy;
}

describe.each(Object.entries(COMMANDS))('policies that a killed run of %s wrote', (_name, argv) => {
  it('are tried by the next one, which has nothing to write', async () => {
    await killed(argv);
    const plan = await spawnCli(['plan', '-f', FILE], account.env).done;
    expect(plan.exit, plan.out).toBe(0);
    expect(plan.out.replaceAll(/\s+/g, ' ')).toContain('and didn’t try sign-ins with them');
    const next = await spawnCli(argv, account.env).done;
    expect(next.exit, next.err).toBe(0);
    expect(next.err.replaceAll(/\s+/g, ' ')).toContain('They were tried now: sign-ins work with them.');
    expect(await rehearsals()).toEqual([]);
    expect(await policies()).toContain('mcpkc-registrations');
    const last = await spawnCli(argv, account.env).done;
    expect([last.exit, last.err]).toEqual([0, expect.not.stringContaining('killed')]);
  }, 120_000);

  it('are put back where a sign-in fails with them', async () => {
    const proxy = await killed(argv, true);
    const env = { ...account.env, KC_SERVER: proxy.url };
    const next = await spawnCli(argv, env).done;
    expect(next.exit, next.err).toBe(5);
    expect(next.err.replaceAll(/\s+/g, ' ')).toContain(
      'The client policies that a killed run had written, and not tried, were put back as they were, since with them this failed: making an administrator’s client',
    );
    expect(await policies()).toEqual([]);
    expect(await rehearsals()).toEqual([]);
    const last = await spawnCli(argv, account.env).done;
    expect(last.exit, last.err).toBe(0);
    expect(await policies()).toContain('mcpkc-registrations');
  }, 120_000);
});
