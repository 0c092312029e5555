import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { captureScreens, type Screens } from '../../docs/screens.ts';
import { BLOCKS, screenBlock, withBlocks } from '../../docs/tables.ts';
import { CHECKS } from '../../src/checks/index.ts';
import { COMMANDS } from '../../src/commands/index.ts';
import { type Account, accountIn, runCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
  'examples/compose/README.md',
  'examples/mcp-host/README.md',
];

/** Text without fenced blocks and code spans: what Markdown reads links and headings in. */
const proseOf = (text: string) =>
  text.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '').replaceAll(/`[^`\n]*`/g, '');

/** The anchor that GitHub gives to a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

describe('the generated parts', () => {
  it.each(DOCUMENTS)('of %s are current (npm run docs)', (file) => {
    const text = read(file);
    expect(withBlocks(text, (name) => BLOCKS[name]?.())).toBe(text);
  });

  it('are all known by name', () => {
    const names = DOCUMENTS.flatMap((file) => [...read(file).matchAll(/<!-- begin: ([\w-]+) -->/g)]);
    const unknown = names
      .map(([, name = '']) => name)
      .filter((name) => !name.startsWith('screen-') && !BLOCKS[name]);
    expect(unknown).toEqual([]);
    expect(names.length).toBeGreaterThan(8);
  });
});

describe('the screens of the README', () => {
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
    const shown = new RegExp(`<!-- begin: screen-${name} -->\\n\\n([\\s\\S]*?)\\n\\n<!-- end`).exec(
      read('README.md'),
    )?.[1];
    expect(lines(screenBlock(screens[name] ?? ''), name === 'prune')).toEqual(
      lines(shown ?? '', name === 'prune'),
    );
  });

  it('say how many checks there are', () => {
    expect(read('README.md')).toContain(`<summary>all ${CHECKS.length} checks</summary>`);
  });
});

describe('links', () => {
  it.each(DOCUMENTS)('of %s lead to files and headings that are there', (file) => {
    for (const [, target = ''] of proseOf(read(file)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path = '', anchor] = target.split('#');
      const found = path === '' ? file : join(dirname(file), path);
      expect(existsSync(join(ROOT, found)), `${file}: ${target}`).toBe(true);
      if (anchor === undefined) continue;
      const headings = [...read(found).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));
      expect(headings, `${file}: ${target}`).toContain(anchor);
    }
  });
});

describe('what does not belong into documents', () => {
  it.each(DOCUMENTS)('%s has no path of a machine, no registry, no secret', (file) => {
    const text = read(file);
    expect(text).not.toMatch(/\/(?:work|home|root|Users)\//);
    expect(text).not.toMatch(/registry\.|npm\.pkg|artifactory|nexus/i);
    expect(text).not.toMatch(/eyJ[\w-]{10,}\./);
  });
});

/** Command lines of mcpkc in blocks of the documents, as they would be typed. */
function commandLines(): { file: string; words: string[] }[] {
  return DOCUMENTS.filter((file) => !file.startsWith('examples/')).flatMap((file) => {
    const blocks = [...read(file).matchAll(/^( *)```(?:sh|bash)\n([\s\S]*?)^\1```$/gm)];
    const lines = blocks.flatMap(([, , text = '']) => text.split('\n'));
    return lines.flatMap((line) => {
      const typed = line.trim().replace(/ +#.*$/, '');
      if (!typed.startsWith('mcpkc ')) return [];
      return [
        {
          file,
          words: typed
            .split(' ')
            .slice(1)
            .map((word) => word.replaceAll('"', '')),
        },
      ];
    });
  });
}

describe('every command line of mcpkc in the documents', () => {
  const server = inject('keycloak');
  let account: Account;
  const documented = useRealm('documents');
  beforeAll(async () => {
    const realm = await documented;
    account = await accountIn(realm);
    const redirectUris = ['https://chatgpt.com/connector_platform_oauth_redirect'];
    await realm.admin.post(realm.path('clients'), { clientId: 'connector', redirectUris });
  });

  it('are there', () => {
    const names = new Set(commandLines().map(({ words }) => words[0]));
    expect(names.size).toBeGreaterThan(7);
    for (const name of names) expect(COMMANDS.map((one) => one.name)).toContain(name);
  });

  it.each(commandLines().map(({ file, words }) => [file, words.join(' '), words] as const))(
    '%s: mcpkc %s',
    async (_file, _line, words) => {
      const { args, statuses } = harmless(words, account.env.KC_REALM ?? '');
      const password = words[0] === 'init' ? { KC_BOOTSTRAP_ADMIN_PASSWORD: server.adminPassword } : {};
      const ran = await runCli(args, { env: { ...account.env, ...password } });
      expect(statuses, ran.err).toContain(ran.exit);
      expect(ran.err).not.toContain('(USAGE,');
    },
  );
});

/** The line as it can be run here: on this server, dry where it writes by itself. */
function harmless(words: readonly string[], realm: string): { args: string[]; statuses: number[] } {
  const { url, adminUser } = inject('keycloak');
  const here: Record<string, string> = {
    $CLIENT_ID: 'connector',
    'https://auth.example.com': url,
    tools: realm,
    admin: adminUser,
  };
  const args = words.map((word) => here[word] ?? word);
  const [name] = args;
  const writes =
    ['create-scope', 'onboard', 'trusted-hosts'].includes(name ?? '') && !args.includes('--close');
  if (writes) return { args: [...new Set([...args, '--dry-run'])], statuses: [0, 1] };
  // There is no such MCP server: that is the answer.
  if (name === 'validate') return { args: [...args, '--request-timeout', '2s'], statuses: [1, 3] };
  return { args, statuses: name === 'status' ? [0, 1] : [0] };
}
