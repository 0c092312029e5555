import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminOf } from '../../tools/keycloak/admin.ts';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { addRole, contain, exampleAudience } from '../support/people.ts';
import { addClient } from '../support/realm-things.ts';

const RESOURCE = 'https://moments.example.com/mcp';
const SCOPE = 'mcp-resource-moments';
const realm = await useRealm('access-moments');
let account: Account;
/** Somebody without any role, and a client that gets whatever the realm gives. */
let stranger: string;
let client: string;
let watching: Watcher;

/** Asks all the time whether a stranger's token would name the server. */
class Watcher {
  looks = 0;
  readonly open: string[] = [];
  step = 'before';
  #stopped = false;
  readonly #done: Promise<unknown>;

  constructor() {
    // Each watcher has a sign-in of its own, so that none waits for another's.
    this.#done = Promise.all([this.#watch(), this.#watch()]);
  }

  async #watch(): Promise<void> {
    const own = { ...realm, admin: adminOf(realm.admin.access) };
    while (!this.#stopped) {
      const { step } = this;
      if ((await exampleAudience(own, client, stranger)).includes(RESOURCE)) this.open.push(step);
      this.looks += 1;
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }
}

beforeAll(async () => {
  account = await accountIn(realm);
  stranger = (await realm.createUser()).id;
  client = await addClient(realm, 'connector', {
    redirectUris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
  });
  watching = new Watcher();
});
afterAll(() => watching.stop());

const run = async (step: string, ...args: string[]) => {
  watching.step = step;
  const before = watching.looks;
  await expectCli(0, args, { env: account.env });
  // At least one look after the command, too.
  while (watching.looks < before + 3) await new Promise((resolve) => setTimeout(resolve, 5));
};
const create = (...args: string[]) =>
  run(
    `create-scope ${args.join(' ')}`,
    'create-scope',
    '--resource',
    RESOURCE,
    '--client',
    'connector',
    ...args,
  );
const access = (...args: string[]) => run(`access ${args.join(' ')}`, 'access', RESOURCE, ...args);

describe('no command opens a restricted server for a moment', () => {
  it('made, moved between modes, bound to other roles, repaired, retired: a stranger never gets the audience', async () => {
    await create('--role', 'finance');
    const holds = () => realm.admin.get<{ defaultClientScopes: string[] }>(realm.path(`clients/${client}`));
    expect((await holds()).defaultClientScopes).toContain(SCOPE);
    await access('--role', 'audit');
    await access('--revoke', 'finance');
    await access('--revoke', 'audit');
    await access('--role', 'finance');
    await create('--attach', 'none', '--yes');
    await access('--role', 'audit', '--revoke', 'finance');
    await create('--attach', 'default', '--yes');
    // What an administrator spoils, mcpkc repairs, and never by way of an open server.
    await addRole(realm, 'staff');
    await contain(realm, 'staff', ['mcpkc-nobody']);
    await access('--role', 'audit');
    watching.step = 'the role deleted in the console';
    await realm.admin.del(realm.path('roles/audit'));
    await create();
    await access('--role', 'finance');
    await create('--attach', 'none', '--yes');
    await run('retired', 'create-scope', '--resource', RESOURCE, '--remove', '--yes');
    await create('--attach', 'none', '--role', 'finance', '--yes');
    expect(watching.open).toEqual([]);
    expect(watching.looks).toBeGreaterThan(100);
  }, 240_000);

  it('and the watcher sees a server that is open', async () => {
    await access('--anybody');
    expect(watching.open.length).toBeGreaterThan(0);
    await access('--role', 'finance', '--yes');
  });
});
