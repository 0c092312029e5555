import { beforeAll, describe, expect, inject, it } from 'vitest';
import { captureScreens, type Screens } from '../../docs/screens.ts';
import { screenBlock } from '../../docs/tables.ts';
import { type Account, accountIn, runCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { commandLines, read } from './documents.ts';
import { harmless } from './harmless.ts';

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
