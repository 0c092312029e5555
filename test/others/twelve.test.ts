import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Finding } from '../../src/findings/finding.ts';
import { type Account, accountIn, expectCli, runCli } from '../support/cli.ts';
import type { RealmSnapshot } from '../support/keycloak/snapshot.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { since } from '../support/keycloak/version.ts';
import { startOnboard } from '../support/onboarding.ts';
import {
  addScope,
  anonymousPolicies,
  clientIn,
  configure,
  registerAnonymously,
} from '../support/realm-things.ts';
import { type OperatorFolder, operatorFolder } from '../support/shell.ts';
import { type Company, company, usesOf } from './applications.ts';
import { changedThings, type NamedChange, namedThings, withoutOwn } from './changes.ts';

// Two dozen sign-ins before and after each command.
vi.setConfig({ testTimeout: 600_000 });

const RESOURCE = 'https://svc.example.com/mcp';
const SECOND = 'https://second.example.com/mcp';
const realm = await useRealm('twelve-applications');
let account: Account;
let made: Company;
let folder: OperatorFolder;
let uses: Record<string, unknown>;
let beginning: RealmSnapshot;

beforeAll(async () => {
  account = await accountIn(realm);
  made = await company(realm);
  folder = await operatorFolder(account.env);
  uses = await usesOf(made);
  // A reason is an empty object; each of these has to work before anything is compared.
  for (const [what, use] of Object.entries(uses)) expect(use, what).not.toHaveProperty('error');
  beginning = await realm.snapshot();
}, 300_000);

afterAll(() => folder?.remove());

/** Nothing that others use has changed, but for the audience of the clients that were given one. */
async function expectSameUses(given: readonly string[] = [], audience = RESOURCE): Promise<void> {
  const now = await usesOf(made);
  const expected = Object.fromEntries(
    Object.entries(uses).map(([what, use]) => {
      const isGiven = given.some((clientId) => what.startsWith(`${clientId}: `));
      const { aud } = use as { aud?: unknown };
      return [what, isGiven ? { ...(use as object), aud: plain([aud ?? [], audience].flat()) } : use];
    }),
  );
  expect(now).toEqual(expected);
}

const plain = (all: unknown[]) => (all.length === 1 ? all[0] : all.toSorted());

/** Runs a command, and expects that nothing changed but for what its plan named. */
async function expectNamed(exit: number, ...args: string[]): Promise<void> {
  const before = await realm.snapshot();
  const ran = await expectCli(exit, [...args, '--json'], { env: account.env });
  const changes = (ran.json.changes ?? []) as NamedChange[];
  // Who loses a scope that goes is named beside the plan.
  const holders = (ran.json.holders ?? []) as { clientId: string }[];
  const named = [...namedThings(changes), ...holders.map(({ clientId }) => `client ${clientId}`)];
  const changed = changedThings(before, await realm.snapshot());
  expect(changed.filter((one) => !named.includes(one))).toEqual([]);
}

async function expectAsBefore(): Promise<void> {
  expect(withoutOwn(await realm.snapshot())).toEqual(withoutOwn(beginning));
  await expectSameUses();
}

const remove = (resource: string, ...args: string[]) =>
  expectNamed(0, 'create-scope', '--resource', resource, '--remove', '--yes', ...args);

describe('an application is given an audience', () => {
  it.each([
    ['onboard, public', 'spa', ['onboard', RESOURCE, 'spa']],
    ['onboard, confidential', 'intranet', ['onboard', RESOURCE, 'intranet']],
    [
      'create-scope --client',
      'next-auth',
      ['create-scope', '--resource', RESOURCE, '--attach', 'none', '--client', 'next-auth'],
    ],
    ['of an initial access token', 'by-initial-token', ['onboard', RESOURCE, 'by-initial-token']],
  ])('%s: it alone changes, its sign-in without PKCE too goes on', async (_what, clientId, command) => {
    await expectNamed(0, ...command);
    // Somebody may register here: the MCP server's URL is held as client id, so that no stranger takes it.
    const own = [`client ${RESOURCE}`];
    const changed = changedThings(beginning, await realm.snapshot()).filter(
      (one) => !/^(client-scope|list) mcp-/.test(one) && !own.includes(one),
    );
    expect(changed).toEqual([`client ${clientId}`]);
    await expectSameUses([clientId]);
    await remove(RESOURCE);
    await expectAsBefore();
  });
});

it('--static-client gives one the audience while a product is waited for, and leaves registration as it is', async () => {
  const words = ['onboard', RESOURCE, '--static-client', 'intranet', '--until', 'registered'];
  const ran = await expectCli(6, [...words, '--timeout', '1s', '--json'], { env: account.env });
  expect(ran.json.code).toBe('NOTHING_ADOPTED');
  const changed = changedThings(beginning, await realm.snapshot()).filter(
    (one) => !/^(client-scope|list) mcp-/.test(one) && one !== `client ${RESOURCE}`,
  );
  expect(changed).toEqual(['client intranet']);
  await expectSameUses(['intranet']);
  await remove(RESOURCE);
  await expectAsBefore();
});

it('an application whose tokens without a user would be refused from then on takes a person’s word', async () => {
  await expectNamed(0, 'create-scope', '--resource', RESOURCE, '--preset', 'chatgpt', '--attach', 'none');
  // Before 26.7 no policy is known that refuses them.
  if (!since(26, 7, 0)) {
    await remove(RESOURCE);
    return;
  }
  const before = await realm.snapshot();
  const refused = await expectCli(5, ['onboard', RESOURCE, 'mobile-and-job', '--json'], { env: account.env });
  expect(refused.json).toMatchObject({
    code: 'CONSENT_NEEDED',
    message: expect.stringContaining('refuses it every token without a user'),
  });
  expect(withoutOwn(await realm.snapshot())).toEqual(withoutOwn(before));
  await expectSameUses();
  await remove(RESOURCE);
  await expectAsBefore();
});

describe('every mode and way', () => {
  it.each([
    ['standing, registration shut as it is', ['--registration', 'keep']],
    ['standing, opened for products', ['--preset', 'chatgpt,vscode,claude', '--yes']],
    ['standing, without the hardening', ['--preset', 'chatgpt', '--no-harden']],
    ['optional', ['--preset', 'chatgpt', '--attach', 'optional']],
    ['adopted', ['--preset', 'chatgpt', '--attach', 'none']],
    ['with its own client', ['--registration', 'keep', '--resource-client']],
    ['a scope that was there', ['--preset', 'chatgpt', '--scope', 'theirs']],
  ])('create-scope, %s: named things alone, nobody’s sign-in, and back', async (_what, flags) => {
    const theirs = flags.includes('theirs');
    const id = theirs ? await addScope(realm, 'theirs', {}, `${RESOURCE}/`) : undefined;
    await expectNamed(0, 'create-scope', '--resource', RESOURCE, ...flags);
    await expectSameUses();
    await remove(RESOURCE, ...(theirs ? ['--scope', 'theirs'] : []));
    if (id !== undefined) await realm.admin.del(realm.path(`client-scopes/${id}`));
    await expectAsBefore();
  });

  it('onboard that times out prints what puts the realm back', async () => {
    const { opened, done } = startOnboard(
      [RESOURCE, '--preset', 'chatgpt', '--until', 'registered', '--timeout', '3s', '--yes'],
      { env: account.env },
    );
    await opened;
    const ran = await done;
    expect(ran.exit).toBe(6);
    // A long line goes on after a backslash, as a shell reads it.
    const line = /To put back what this run made in the realm:\s+(mcpkc (?:[^\n]*\\\n)*[^\n]+)/.exec(
      ran.err,
    )?.[1];
    expect(line).toBeDefined();
    await expectSameUses();
    const back = await folder.run(line ?? '');
    expect(back, back.err).toMatchObject({ exit: 0 });
    await expectAsBefore();
  });

  it('two servers, trusted hosts and observing; retired one by one', async () => {
    await expectNamed(0, 'trusted-hosts', '--preset', 'claude');
    await expectSameUses();
    await expectNamed(0, 'create-scope', '--resource', RESOURCE, '--preset', 'chatgpt');
    await expectNamed(0, 'create-scope', '--resource', SECOND, '--preset', 'vscode', '--attach', 'none');
    await expectSameUses();
    await expectNamed(0, 'prune-clients', '--observe');
    await remove(RESOURCE);
    await remove(SECOND);
    await expectNamed(0, 'trusted-hosts', '--remove', 'claude.ai,claude.com');
    await expectSameUses();
    await expectNamed(0, 'trusted-hosts', '--close', '--yes');
    // Nothing registers any more, not even without a URI.
    for (const body of [{ redirect_uris: ['https://tools.example.org/callback'] }, { client_name: 'bare' }])
      expect((await registerAnonymously(realm, body)).status).toBe(403);
    await expectSameUses();
    await expectNamed(0, 'trusted-hosts', '--add', 'tools.example.org', '--no-harden');
  });
});

/** What somebody did to the realm by hand, by the finding that it makes. */
const DAMAGE: readonly [code: string, damage: () => Promise<unknown>][] = [
  ['TRUSTED_HOST_MISSING', () => change('trusted-hosts', { 'trusted-hosts': ['tools.example.org'] })],
  [
    'SENDER_MATCH_ON',
    () => change('trusted-hosts', { 'host-sending-registration-request-must-match': ['true'] }),
  ],
  [
    'ALLOWED_SCOPES_DEFAULTS_OFF',
    () => change('allowed-client-templates', { 'allow-default-scopes': ['false'] }),
  ],
  [
    'MAPPER_TYPES_WIDE',
    () => {
      const types = ['oidc-sha256-pairwise-sub-mapper', 'oidc-usermodel-attribute-mapper'];
      return change('allowed-protocol-mappers', { 'allowed-protocol-mapper-types': types });
    },
  ],
  [
    'SCOPE_NOT_DEFAULT',
    async () => {
      const scopes = await realm.admin.get<{ id: string; name: string }[]>(realm.path('client-scopes'));
      const { id } = scopes.find(({ name }) => name === 'mcp-resource-svc') ?? { id: '' };
      await realm.admin.del(realm.path(`default-default-client-scopes/${id}`));
    },
  ],
  [
    'RESOURCE_ID_FREE',
    async () => realm.admin.del(realm.path(`clients/${(await clientIn(realm, RESOURCE))?.id}`)),
  ],
  [
    'USERLESS_TOKENS_POSSIBLE',
    async () => {
      const at = realm.path('client-policies/policies');
      const { policies } = await realm.admin.get<{ policies: { name: string }[] }>(at);
      await realm.admin.put(at, { policies: policies.filter(({ name }) => name !== 'mcpkc-userless') });
    },
  ],
];

async function change(provider: string, config: Record<string, string[]>): Promise<void> {
  for (const policy of await anonymousPolicies(realm, provider)) await configure(realm, policy, config);
}

async function commands(): Promise<Finding[]> {
  const ran = await runCli(['status', '--json'], { env: account.env });
  return (ran.json.findings as Finding[]).filter(({ fix }) => fix.kind === 'command');
}

describe('printed fixes, in a realm with all of this', () => {
  beforeAll(async () => {
    const words = ['create-scope', '--resource', RESOURCE, '--preset', 'chatgpt', '--yes'];
    await expectCli(0, words, { env: account.env });
  });

  it.each(DAMAGE)(
    '%s: the command as printed clears it, and changes nobody’s sign-in',
    async (code, damage) => {
      // Before 26.7.0 no policy is known that refuses them.
      if (code === 'USERLESS_TOKENS_POSSIBLE' && !since(26, 7, 0)) return;
      expect((await commands()).map((one) => one.code)).not.toContain(code);
      await damage();
      const finding = (await commands()).find((one) => one.code === code);
      expect(finding, code).toBeDefined();
      const before = await realm.snapshot();
      const fixed = await folder.run(finding?.fix.text ?? '');
      expect(fixed, `${finding?.fix.text}\n${fixed.err}`).toMatchObject({ exit: 0 });
      expect((await commands()).map((one) => one.code)).not.toContain(code);
      const changed = changedThings(before, await realm.snapshot());
      expect(changed.filter((one) => one.startsWith('client ') && one !== `client ${RESOURCE}`)).toEqual([]);
      await expectSameUses();
    },
  );

  it('and the server goes', async () => {
    await remove(RESOURCE);
    await expectSameUses();
  });
});
