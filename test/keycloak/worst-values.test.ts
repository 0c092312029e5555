import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Account, accountIn, runCli } from '../support/cli.ts';
import { switchEventsOn } from '../support/keycloak/events.ts';
import type { Representation } from '../support/keycloak/snapshot.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { READINGS } from '../support/readings.ts';
import {
  addClient,
  anonymousPolicies,
  CHATGPT_BODY,
  configure,
  registerAnonymously,
} from '../support/realm-things.ts';
import { openRegistration, registerWhole } from '../support/strangers.ts';

const RESOURCE = 'https://svc.example.com/mcp';
const CALLBACK = CHATGPT_BODY.redirect_uris[0];
const realm = await useRealm('worst-values');
const folder = mkdtempSync(join(tmpdir(), 'mcpkc-worst-'));
const canary = join(folder, 'canary');
let account: Account;
let victim: string;

interface Finding {
  code: string;
  subject: string;
  message: string;
  fix: { kind: string; text: string };
}
interface Seen {
  findings: Finding[];
  rows: { clientId: string; verdict: string }[];
  decisions: { clientId: string; decision: string; standing: string }[];
  plan: unknown;
  realm: Representation;
}

beforeAll(async () => {
  account = await accountIn(realm);
  await switchEventsOn(realm, { admin: false, user: true });
  // Not hardened: what a registration may bring otherwise is what is judged here.
  await runCli(
    ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--attach', 'default', '--no-harden'],
    {
      env: account.env,
    },
  );
  // Types that a new realm has: a registration may bring its own mappers, as before the policy was narrowed.
  await openRegistration(realm, ['chatgpt.com', 'svc.example.com']);
  for (const policy of await anonymousPolicies(realm, 'allowed-protocol-mappers')) {
    const types = ['oidc-usermodel-attribute-mapper', 'oidc-sha256-pairwise-sub-mapper'];
    await configure(realm, policy, { 'allowed-protocol-mapper-types': types });
  }
  victim = String((await registerAnonymously(realm, CHATGPT_BODY)).body.client_id);
  await addClient(realm, 'an-application');
});

afterAll(() => rmSync(folder, { recursive: true }));

async function look(): Promise<Seen> {
  const json = async (...args: string[]) => {
    const ran = await runCli([...args, '--json'], { env: account.env });
    expect([0, 1], ran.err).toContain(ran.exit);
    return ran.json;
  };
  const status = await json('status', '--clients');
  const pruning = await json('prune-clients', '--older-than', '1s');
  const plan = await json(
    'create-scope',
    '--resource',
    RESOURCE,
    '--no-existing',
    '--no-harden',
    '--dry-run',
  );
  return {
    findings: status.findings as Finding[],
    rows: status.clients as Seen['rows'],
    decisions: pruning.clients as Seen['decisions'],
    plan: plan.changes,
    realm: await realm.admin.get<Representation>(realm.path()),
  };
}

/** All that is not about this client; numbers of clients, which grow with each, are left out. */
function ofOthers(seen: Seen, clientId: string) {
  const isOther = (one: { clientId: string }) => one.clientId !== clientId;
  return {
    findings: seen.findings
      .filter(({ subject, code }) => subject !== clientId && code !== 'MARKS_ON_CLIENTS')
      .map(({ code, subject, fix }) => `${code} ${subject} ${fix.text}`),
    rows: seen.rows.filter(isOther).map(({ clientId: id, verdict }) => `${id} ${verdict}`),
    decisions: seen.decisions.filter(isOther).map(({ clientId: id, decision }) => `${id} ${decision}`),
    plan: seen.plan,
    realm: seen.realm,
  };
}

const WORST = READINGS.flatMap(({ what, worst, refused }) => (worst ? [{ what, worst, refused }] : []));

it('covers everything that a stranger writes on a client', () => {
  const without = READINGS.filter(({ who, worst }) => who === 'stranger' && !worst).map(({ what }) => what);
  // No registration sets these. Events are written by use: test/keycloak/prune-sources.test.ts. The token is a change of
  // his that is under way when it is replaced: attack H8.
  expect(without).toEqual([
    'whether the registration access token that replaced a registrant’s still lives',
    'events: types, times, client ids, addresses',
  ]);
});

describe.each(WORST)('$what, at its worst', ({ worst, refused }) => {
  it('changes nothing but what is said of that client', async () => {
    const before = await look();
    const made = await registerWhole(realm, {
      name: 'ChatGPT',
      redirectUris: [CALLBACK],
      ...worst(victim, canary),
    });
    expect(made.status, JSON.stringify(made.body)).toBe(refused ?? 201);
    if (refused !== undefined) return;
    const clientId = String(made.body.clientId);
    const after = await look();
    expect(ofOthers(after, clientId)).toEqual(ofOthers(before, clientId));
    const decision = after.decisions.find((one) => one.clientId === clientId);
    expect(['shielded', 'alive'], JSON.stringify(decision)).not.toContain(decision?.standing);
    expect(after.rows.find((one) => one.clientId === clientId)?.verdict ?? 'not listed').not.toBe('adopted');
    for (const { fix } of after.findings.filter(({ subject }) => subject === clientId)) {
      if (fix.kind !== 'command') continue;
      // A shell takes it apart; nothing in it runs, and it names nobody else.
      const script = `mcpkc() { printf '%s\\n' "$@"; }; ${fix.text}`;
      const { stdout, status } = spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' });
      expect(status).toBe(0);
      expect(stdout.split('\n')).not.toContain(victim);
      expect(stdout.split('\n')).not.toContain('--yes;');
    }
    expect(existsSync(canary)).toBe(false);
  });
});
