import { beforeAll, describe, expect, it } from 'vitest';
import { type Account, accountIn, expectCli, runCli } from '../support/cli.ts';
import { switchEventsOn } from '../support/keycloak/events.ts';
import type { Representation } from '../support/keycloak/snapshot.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { openRegistration, registerWhole } from '../support/strangers.ts';

const realm = await useRealm('attack-i1');
let account: Account;

/** What ChatGPT's metadata document would be called; a squatter may choose any client id. */
const DOCUMENT = 'https://chatgpt.com/oauth/squatted/client.json';

beforeAll(async () => {
  account = await accountIn(realm);
  await openRegistration(realm, ['chatgpt.com']);
  await switchEventsOn(realm, { user: true });
});

/** The realm's own settings, without what a plan of `create-scope` changes. */
async function settings(): Promise<{ status: number; realm: Representation }> {
  const { status, json } = await realm.admin.request('GET', realm.path());
  const { clientPolicies: _policies, clientProfiles: _profiles, ...rest } = json as Representation;
  return { status, realm: rest };
}

describe.each(['..', '.', '', '../../master', '%2e%2e'])('a client with the internal id %j', (id) => {
  beforeAll(async () => {
    const made = await registerWhole(realm, {
      clientId: `${DOCUMENT}?${encodeURIComponent(id)}`,
      id,
      name: 'ChatGPT',
      redirectUris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
      attributes: { 'cimd.cache.expiry.time.in.sec': '1' },
    });
    expect(made.status).toBe(201);
  });

  it.each([
    ['prune-clients', ['prune-clients', '--observe']],
    [
      'prune-clients --now',
      ['prune-clients', '--apply', '--now', '--confirm', realm.name, '--older-than', '1h', '--max', '9'],
    ],
    ['prune-clients --keep', ['prune-clients', '--keep', `${DOCUMENT}?${encodeURIComponent(id)}`]],
    [
      'create-scope --client',
      [
        'create-scope',
        '--resource',
        'https://svc.example.com/mcp',
        '--yes',
        '--client',
        `${DOCUMENT}?${encodeURIComponent(id)}`,
      ],
    ],
    [
      'create-scope --detach',
      [
        'create-scope',
        '--resource',
        'https://svc.example.com/mcp',
        '--yes',
        '--detach',
        `${DOCUMENT}?${encodeURIComponent(id)}`,
      ],
    ],
  ])('%s leaves the realm’s own settings as they are', async (_name, args) => {
    const before = await settings();
    // A run that deletes wants a place for its backup.
    const ran = await runCli(args, { env: { ...account.env, HOME: '/home/tester' } });
    expect(before.status).toBe(200);
    expect(await settings(), `${ran.out}${ran.err}`).toEqual(before);
    expect(args[0] === 'prune-clients' && args[1] !== '--keep' ? [0] : [0, 1, 2, 5]).toContain(ran.exit);
  });

  it('is said', async () => {
    const name = `${DOCUMENT}?${encodeURIComponent(id)}`;
    const args = [
      'create-scope',
      '--preset',
      'chatgpt',
      '--resource',
      'https://svc.example.com/mcp',
      '--client',
      name,
      '--json',
    ];
    const ran = await expectCli(5, args, { env: account.env });
    expect(ran.json).toMatchObject({ code: 'CLIENT_ID_UNSAFE' });
  });
});
