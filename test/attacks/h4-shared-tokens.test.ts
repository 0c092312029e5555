import { beforeAll, describe, expect, it } from 'vitest';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { login } from '../support/login.ts';
import { CHATGPT_BODY, listOf, registerAnonymously, scopeIn } from '../support/realm-things.ts';

const BANK = 'https://bank.example.com/mcp';
const CHAT = 'https://chat.example.com/mcp';
const realm = await useRealm('h4');
let account: Account;

const run = (exit: number, ...args: string[]) => expectCli(exit, args, { env: account.env });

beforeAll(async () => {
  account = await accountIn(realm);
  await run(0, 'create-scope', '--preset', 'chatgpt', '--resource', BANK);
});

describe('an MCP server that uses a person’s token at another one of the realm', () => {
  it('gets none for it unless somebody agreed: a second standing server takes --yes, and nothing is written', async () => {
    const before = await realm.snapshot();
    const ran = await run(5, 'create-scope', '--preset', 'chatgpt', '--resource', CHAT, '--json');
    expect(ran.json).toMatchObject({ code: 'CONSENT_NEEDED', message: expect.stringContaining(BANK) });
    expect(String(ran.json.message)).toContain('--attach none');
    expect(await realm.snapshot()).toEqual(before);
    expect(await scopeIn(realm, 'mcp-resource-chat')).toBeUndefined();
  });

  it('is free to stand beside it where only chosen clients get its audience', async () => {
    await run(0, 'create-scope', '--preset', 'chatgpt', '--resource', CHAT, '--attach', 'none');
    expect(await listOf(realm, 'mcp-resource-chat')).not.toBe('default');
  });

  it('with consent can; status says so with the cures', async () => {
    await run(0, 'create-scope', '--preset', 'chatgpt', '--resource', CHAT, '--attach', 'default', '--yes');
    const { body } = await registerAnonymously(realm, CHATGPT_BODY);
    const result = await login(realm, {
      clientId: String(body.client_id),
      secret: String(body.client_secret),
      redirectUri: CHATGPT_BODY.redirect_uris[0],
      user: await realm.createUser(),
    });
    expect(result).toMatchObject({ ok: true, claims: { aud: expect.arrayContaining([BANK, CHAT]) } });
    const status = await run(0, 'status', '--json');
    const findings = status.json.findings as { code: string; message: string; fix: { text: string } }[];
    const found = findings.find(({ code }) => code === 'SERVERS_SHARE_TOKENS');
    expect(found?.message).toContain('2 MCP servers');
    for (const cure of ['--attach none', 'role', 'resource indicators'])
      expect(found?.fix.text).toContain(cure);
    // Who agreed once is not asked again.
    await run(0, 'create-scope', '--preset', 'chatgpt', '--resource', CHAT);
  });

  it('near spellings of a URL, and two scopes for one server, are said before anything is written', async () => {
    const near = await run(
      1,
      'create-scope',
      '--preset',
      'chatgpt',
      '--resource',
      `${BANK}/`,
      '--scope',
      'near',
      '--dry-run',
    );
    expect(near.err.replaceAll(/\s+/g, ' ')).toContain(
      `a scope for ${BANK}, which is spelled nearly like ${BANK}/`,
    );
    const twice = await run(
      1,
      'create-scope',
      '--preset',
      'chatgpt',
      '--resource',
      BANK,
      '--scope',
      'twice',
      '--dry-run',
    );
    expect(twice.err.replaceAll(/\s+/g, ' ')).toContain(`is for ${BANK} as well`);
  });
});
