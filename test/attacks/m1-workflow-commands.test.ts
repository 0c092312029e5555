import { beforeAll, describe, expect, it } from 'vitest';
import { type Account, accountIn, expectCli, runCli } from '../support/cli.ts';
import { switchEventsOn } from '../support/keycloak/events.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { openRegistration, registerWhole } from '../support/strangers.ts';

const realm = await useRealm('attack-m1');
const RESOURCE = 'https://svc.example.com/mcp';
const NAME = '@everyone ![x](http://x) <script> ::set-output name=a:: ##[error]';
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm);
  await switchEventsOn(realm, { user: true });
  await expectCli(0, ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE], { env: account.env });
  await openRegistration(realm, ['chatgpt.com']);
  for (const [at, name] of [
    NAME,
    `a\n::stop-commands::t ${NAME}`,
    `${'x '.repeat(20)}::add-mask::y ##vso[x]`,
  ].entries()) {
    const made = await registerWhole(realm, {
      clientId: `${name.slice(0, 200)} ${at}`,
      name,
      redirectUris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
    });
    expect(made.status).toBe(201);
  }
});

/** Lines that GitHub's runner, Azure's agent or TeamCity would obey (actions/runner, ActionCommand.cs). */
const obeyed = (output: string) =>
  output.split(/\r\n|[\r\n]/).filter((line) => /^\s*::[^\s:]+.*::/.test(line) || /##\w*\[/.test(line));

describe.each([
  ['status', ['status', '--clients', '--resource', RESOURCE]],
  ['prune-clients', ['prune-clients', '--older-than', '1h']],
  ['create-scope --detach of somebody', ['create-scope', '--resource', RESOURCE, '--detach', NAME]],
  ['prune-clients --keep of somebody', ['prune-clients', '--keep', NAME]],
  ['a plan', ['create-scope', '--resource', RESOURCE, '--remove', '--dry-run']],
])('%s in a CI job', (_what, command) => {
  it.each([40, 52, 60, 73, 80, 101])('starts no command at %i columns', async (columns) => {
    for (const more of [[], ['--json']]) {
      const ran = await runCli([...command, ...more], {
        env: { ...account.env, GITHUB_ACTIONS: 'true' },
        prepare: (io) => {
          Object.assign(io.stdout, { columns });
          Object.assign(io.stderr, { columns });
        },
      });
      expect(obeyed(ran.out + ran.err)).toEqual([]);
    }
  });
});
