import { beforeAll, describe, expect, inject, it } from 'vitest';
import { captureScreens, type Screens } from '../../docs/screens.ts';
import { screenBlock } from '../../docs/tables.ts';
import { type Account, accountIn, runCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { commandLines, read } from './documents.ts';

describe('the screens of the documents', () => {
  let screens: Screens;
  beforeAll(async () => {
    screens = await captureScreens(inject('keycloak'), inject('mcpkcBin'));
  });
  /** Lines in any order where clients are listed by ids, which differ from run to run. */
  const lines = (text: string, sorted: boolean) => {
    const all = text.replaceAll(/3f1c\d{4}/g, '3f1c').split('\n');
    return sorted ? all.sort() : all;
  };

  it.each(['status-before', 'onboard', 'validate', 'prune'])('%s is what a run prints today', (name) => {
    const documents = ['README.md', 'docs/screens.md'].map(read).join('\n');
    const shown = new RegExp(`<!-- begin: screen-${name} -->\\n\\n([\\s\\S]*?)\\n\\n<!-- end`).exec(
      documents,
    )?.[1];
    expect(lines(screenBlock(screens[name] ?? ''), name === 'prune')).toEqual(
      lines(shown ?? '', name === 'prune'),
    );
  });
});

describe('every command line of mcpkc in the documents', () => {
  const server = inject('keycloak');
  let account: Account;
  const documented = useRealm('documents');
  beforeAll(async () => {
    const realm = await documented;
    account = await accountIn(realm);
    const redirectUris = ['https://chatgpt.com/connector_platform_oauth_redirect'];
    await realm.admin.post(realm.path('clients'), { clientId: 'connector', redirectUris });
    // What the pages on access and connections speak of.
    const payroll = [
      'create-scope',
      '--resource',
      'https://payroll.example.com/mcp',
      '--preset',
      'chatgpt',
      '--role',
      'finance',
    ];
    expect((await runCli(payroll, { env: account.env })).exit).toBe(0);
    await realm.createUser({ username: 'alice' });
    await realm.admin.post(realm.path('groups'), { name: 'finance' });
  });

  it.each(commandLines().map(({ file, words }) => [file, words.join(' '), words] as const))(
    '%s: mcpkc %s',
    async (_file, _line, words) => {
      const { args, statuses } = harmless(words, account.env.KC_REALM ?? '');
      const password = words[0] === 'init' ? { KC_BOOTSTRAP_ADMIN_PASSWORD: server.adminPassword } : {};
      const ran = await runCli(args, { env: { ...account.env, ...password, HOME: '/home/tester' } });
      expect(statuses, ran.err).toContain(ran.exit);
      expect(ran.err).not.toContain('(USAGE,');
    },
  );
});

/** The line as it can be run here: on this server, dry where it writes on its own. */
function harmless(words: readonly string[], realm: string): { args: string[]; statuses: number[] } {
  const { url, adminUser } = inject('keycloak');
  const here: Record<string, string> = {
    $CLIENT_ID: 'connector',
    'https://auth.example.com': url,
    tools: realm,
    admin: adminUser,
  };
  const args = words.map((word) => here[word] ?? word.replace(/^'(.*)'$/, '$1'));
  const [name] = args;
  const writes =
    ['create-scope', 'onboard', 'trusted-hosts'].includes(name ?? '') && !args.includes('--close');
  const changesAccess = name === 'access' && args.length > 2 && !args.includes('--json');
  const ends = name === 'connections' && args.includes('--revoke');
  // Nobody is connected here, and the account may not write what people hold: that is said with an exit status of its own.
  if (changesAccess || ends || (name === 'allow' && !args.includes('--list')))
    return { args: [...new Set([...args, '--dry-run'])], statuses: [0, 1, 4] };
  if (writes) return { args: [...new Set([...args, '--dry-run'])], statuses: [0, 1] };
  // Its account serves the other lines, with its secret.
  if (args.includes('--key'))
    return { args: [...new Set([...args, '--admin-user', adminUser, '--dry-run'])], statuses: [1] };
  // Without a terminal nobody is asked who the administrator is.
  if (name === 'init' && !args.includes('--admin-user'))
    return { args: [...args, '--admin-user', adminUser], statuses: [0] };
  // There is no such MCP server: that is the answer.
  if (name === 'validate') return { args: [...args, '--request-timeout', '2s'], statuses: [1, 3] };
  return { args, statuses: name === 'status' ? [0, 1] : [0] };
}
