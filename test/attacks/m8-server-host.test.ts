import { beforeAll, describe, expect, it } from 'vitest';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { since } from '../support/keycloak/version.ts';
import { hostsIn, registerAnonymously } from '../support/realm-things.ts';

const RESOURCE = 'https://svc.example.com/mcp';
/** A page of the attacker's at the MCP server's own host: an upload, a user's page, an open redirect. */
const PAGE = 'https://svc.example.com/users/mallory/page';
const realm = await useRealm('m8-hardened');
const open = await useRealm('m8-open');
let account: Account;

const register = async (where: typeof realm) =>
  (await registerAnonymously(where, { client_name: 'ChatGPT', redirect_uris: [PAGE] })).status;

beforeAll(async () => {
  account = await accountIn(realm);
});

describe('a stranger who controls a page at the MCP server’s own host', () => {
  it('registers no client that redirects there', async () => {
    await expectCli(0, ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE], { env: account.env });
    expect(await register(realm)).toBe(403);
    // §2.2 of the checklist lists the host; it stays in the list where patterns close it.
    expect((await hostsIn(realm)).includes('svc.example.com')).toBe(since(26, 7, 0));
  });

  it('neither after onboard, nor after another product was let in', async () => {
    await expectCli(0, ['trusted-hosts', '--preset', 'claude'], { env: account.env });
    expect(await register(realm)).toBe(403);
  });

  it('does where the host was opened by name; status finds it, and its fix closes it', async () => {
    const { env } = await accountIn(open);
    await expectCli(0, ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE], { env });
    await expectCli(0, ['trusted-hosts', '--add', 'svc.example.com'], { env });
    expect(await register(open)).toBe(201);
    const status = await expectCli(0, ['status', '--resource', RESOURCE, '--json'], { env });
    const findings = status.json.findings as { code: string; fix: { text: string } }[];
    const found = findings.find(({ code }) => code === 'MCP_HOST_OPEN');
    expect(found?.fix.text).toBe('mcpkc trusted-hosts --remove svc.example.com');
    await expectCli(0, ['trusted-hosts', '--remove', 'svc.example.com'], { env });
    expect(await register(open)).toBe(403);
  });
});
