import { beforeAll, describe, expect, inject, it } from 'vitest';
import { COMMANDS } from '../../src/commands/index.ts';
import { type Account, accountIn, expectCli, runCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { harmless } from './harmless.ts';

const realm = await useRealm('help-examples');
const server = inject('keycloak');
let account: Account;
/** Files that the examples name, as earlier examples write them. */
const files: Record<string, string> = {
  'ci-user.json': '{}',
  'pruned.jsonl': '',
  '/run/secrets/admin': server.adminPassword,
};

/** The client that the examples of prune-clients name. */
const PRUNED = '0f8b1c1e-7d3c-4b0a-9f6e-2f1f8c1f5a11';
const SERVERS = ['https://svc.example.com/mcp', 'https://payroll.example.com/mcp'];

beforeAll(async () => {
  account = await accountIn(realm);
  const { env } = account;
  const redirectUris = ['https://chatgpt.com/connector_platform_oauth_redirect'];
  for (const clientId of ['webapp', 'my-connector', '3f1c…', PRUNED])
    await realm.admin.post(realm.path('clients'), { clientId, redirectUris });
  await realm.createUser({ username: 'alice' });
  for (const resource of SERVERS)
    await expectCli(0, ['create-scope', '--resource', resource, '--attach', 'none', '--preset', 'chatgpt'], {
      env,
    });
  files['mcpkc.yaml'] = (await expectCli(0, ['export'], { env })).out;
  const at = { env, files };
  files['plan.json'] = (await runCli(['plan', '--json', '-f', 'mcpkc.yaml'], at)).out;
  files['known.json'] = (await runCli(['status', '--json', '--resource', SERVERS[0] ?? ''], at)).out;
  const { KC_CLIENT_SECRET: secret, ...profile } = env;
  files['/home/tester/.config/mcpkc/test/config.json'] = JSON.stringify(profile);
  files['/home/tester/.config/mcpkc/test/.keycloak-env'] = `KC_CLIENT_SECRET=${secret}\n`;
});

const EXAMPLES = await Promise.all(
  COMMANDS.map(async ({ name, load }) => {
    const { examples, exits } = await load();
    return examples.map(([, line]) => ({ name, line, exits: exits.map(([status]) => status) }));
  }),
).then((all) => all.flat());

/** Lines that wait for a person in a browser, or read what only such a run leaves: those are run with a real sign-in. */
const WITH_A_PERSON = /--login|--token-file/;

/** What such a line may end with beside 0: nothing here answers for it. */
const ALSO: Readonly<Record<string, readonly number[]>> = {
  init: [1],
  // No MCP server is there, and no client of that id.
  validate: [1, 3],
  status: [1],
  plan: [1],
  onboard: [1],
  allow: [1],
  // Its account may not end connections, and says which role it takes.
  connections: [4],
  'prune-clients': [1, 5],
};

describe('every example of the help', () => {
  it('is there, and those with a person are few', () => {
    expect(EXAMPLES.length).toBeGreaterThan(70);
    expect(EXAMPLES.filter(({ line }) => WITH_A_PERSON.test(line)).length).toBeLessThan(5);
  });

  it.each(
    EXAMPLES.filter(({ line }) => !WITH_A_PERSON.test(line)).map(({ line, name }) => [line, name] as const),
  )('%s', async (line, name) => {
    const typed = /mcpkc [^>|)]*/.exec(line)?.[0].trim() ?? '';
    const words = typed.split(' ').slice(1);
    const { args, statuses } = harmless(words, realm.name);
    const here = args.map((word) =>
      word === 'https://auth.example.com/auth' ? server.url : word === 'mcp' ? realm.name : word,
    );
    const isInit = name === 'init';
    // The account that init would make anew serves the other lines.
    const alone = [...new Set([...here, ...(isInit ? ['--dry-run'] : [])])];
    const admin = isInit && !alone.includes('--admin-password-file');
    const env = {
      ...account.env,
      MCP_TRANSPORT_URL: SERVERS[0],
      HOME: '/home/tester',
      ...(admin
        ? { KC_BOOTSTRAP_ADMIN_USERNAME: server.adminUser, KC_BOOTSTRAP_ADMIN_PASSWORD: server.adminPassword }
        : {}),
    };
    const ran = await runCli(alone, { env, files });
    // No run pruned the client here that the line brings back.
    if (alone.includes('--restore')) return expect(ran.err).toContain('has no client');
    expect([...statuses, ...(ALSO[name] ?? [])], `${ran.err}${ran.out.slice(0, 400)}`).toContain(ran.exit);
    expect(ran.err).not.toMatch(/\((?:USAGE|INPUT_INVALID|BUG),/);
  });
});
