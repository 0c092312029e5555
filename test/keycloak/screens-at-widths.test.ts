import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Account, accountIn, expectCli, runCli } from '../support/cli.ts';
import { startGoodHost } from '../support/hosts/good.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';

const realm = await useRealm('screens-at-widths-of-a-realm-with-a-rather-long-name');
const SCOPE = 'mcp-resource-svc';
const host = await startGoodHost({ issuer: realm.issuer, scope: SCOPE, advertisedScopes: [SCOPE] });
afterAll(() => host.stop());
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm);
  await realm.createUser();
  const env = { ...account.env, XDG_STATE_HOME: '/state' };
  await expectCli(0, ['create-scope', host.url, '--scope', SCOPE, '--preset', 'chatgpt,vscode'], { env });
  await expectCli(0, ['allow', host.url, '--preset', 'claude', '--by', 'client'], { env });
});

const OTHER = 'https://another-server-of-the-same-company.example.com/tools/mcp';

/** A screen of each command: all that is printed for a person. */
const SCREENS: readonly (readonly string[])[] = [
  ['status'],
  ['status', OTHER, '--verbose'],
  ['status', '--clients'],
  ['validate'],
  ['validate', 'http://127.0.0.1:9/mcp'],
  ['access'],
  ['access', '--role', 'finance', '--dry-run'],
  ['allow'],
  ['allow', '--preset', 'claude', '--by', 'client'],
  ['allow', '--preset', 'chatgpt', '--by', 'client', '--dry-run'],
  ['connections'],
  ['prune-clients'],
  ['trusted-hosts'],
  ['trusted-hosts', '--add', 'tools.example.com', '--dry-run'],
  ['trusted-hosts', '--remove', 'chatgpt.com', '--dry-run'],
  ['create-scope', '--dry-run'],
  ['create-scope', OTHER, '--preset', 'chatgpt,claude,vscode', '--dry-run'],
  ['onboard', OTHER, '--preset', 'claude', '--dry-run'],
  ['onboard', host.url, 'no-such-client'],
  ['plan', '-f', 'mcpkc.yaml'],
  ['init', '--dry-run'],
  ['explain'],
  ['explain', 'TRUSTED_HOSTS_EMPTY'],
  ['presets'],
  ['presets', 'chatgpt'],
  ['presets', 'claude-code', '--for', OTHER],
  ['status', '--realm', 'nonesuch'],
  ['frobnicate'],
];

/** Lines that the terminal would break inside of a word, though a blank is there to break at. */
function brokenLines(text: string, width: number): string[] {
  const [shown = ''] = text.replaceAll(/\u001b\[[\d;]*m/g, '').split('The same with kcadm.sh');
  return (
    shown
      .split('\n')
      .filter((line) => line.length > width)
      // One word that is longer than the terminal, with the sign before it.
      .filter((line) => /\S\s+\S/.test(line.replace(/^ *\S{1,3} +/, '').replace(/ \\$/, '')))
      .filter(
        (line) =>
          !/^ *(?:\d+\. )?(?:claude|codex|gemini|npx) |^ {2}(?:GET|POST|PUT|DELETE|HEAD) http/.test(line),
      )
  );
}

describe.each([40, 80, 120, 200])('at %i columns', (width) => {
  it.each(SCREENS)('%s %s %s %s breaks between words alone', async (...argv) => {
    const ran = await runCli(
      argv.filter((word) => word !== undefined),
      {
        env: { ...account.env, MCP_TRANSPORT_URL: host.url, MCP_SCOPE_NAME: SCOPE },
        files: { 'mcpkc.yaml': `servers:\n  - resource: ${OTHER}\n    products: [chatgpt]\n` },
        terminal: true,
        answers: [],
        prepare: (io) => {
          for (const output of [io.stdout, io.stderr]) Object.assign(output, { columns: width });
          Object.assign(io, { stdinIsTerminal: false });
        },
      },
    );
    expect((ran.out + ran.err).length).toBeGreaterThan(40);
    expect(brokenLines(`${ran.out}\n${ran.err}`, width).join('\n')).toBe('');
  });
});
