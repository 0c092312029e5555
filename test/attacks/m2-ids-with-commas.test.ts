import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Account, accountIn, expectCli, runCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { clientIn } from '../support/realm-things.ts';
import { openRegistration, registerWhole } from '../support/strangers.ts';

const realm = await useRealm('attack-m2');
const RESOURCE = 'https://svc.example.com/mcp';
const SCOPE = 'mcp-resource-svc';
const VICTIM = 'victim';
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm);
  await expectCli(0, ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE], { env: account.env });
  await realm.admin.request('POST', realm.path('clients'), { clientId: VICTIM, publicClient: true });
  await openRegistration(realm, ['chatgpt.com']);
});

const holds = async (clientId: string) =>
  (await clientIn(realm, clientId))?.defaultClientScopes?.includes(SCOPE) === true;

/** The words of a printed command line, as a shell has them. */
const words = (line: string): string[] => {
  const out = execFileSync('sh', ['-fc', `set -- ${line}\nfor word; do printf '%s\\0' "$word"; done`], {
    encoding: 'utf8',
  });
  return out.split('\0').slice(0, -1);
};

describe.each([`${VICTIM},evil`, `evil, ${VICTIM}`, `--yes,${VICTIM}`, `\u202e,${VICTIM}`, `\\,${VICTIM}`])(
  'a stranger who registers as %j',
  (clientId) => {
    beforeAll(async () => {
      const made = await registerWhole(realm, {
        clientId,
        name: clientId,
        redirectUris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
      });
      expect(made.status).toBe(201);
      expect(await holds(clientId)).toBe(true);
      expect(await holds(VICTIM)).toBe(true);
    });

    it('is what a command line means that names the id, and the victim keeps the scope', async () => {
      // As the product prints it for this id: findings of status make it by the same function.
      const { formatCommand, typedList } = await import('../../src/text.ts');
      const line = formatCommand([
        'create-scope',
        ['--resource', RESOURCE],
        ['--detach', typedList([clientId])],
      ]);
      const [, ...argv] = words(line);
      const ran = await runCli([...argv, '--no-existing'], { env: account.env });
      expect(ran.exit, ran.err).toBe(0);
      expect(await holds(clientId)).toBe(false);
      expect(await holds(VICTIM)).toBe(true);
    });
  },
);

it('every fix that status prints for such clients names them whole', async () => {
  await realm.admin.request('POST', realm.path('clients'), { clientId: `x,${VICTIM}`, publicClient: true });
  const { json } = await runCli(['status', '--resource', RESOURCE, '--clients', '--json'], {
    env: account.env,
  });
  const findings = json.findings as { subject: string; fix: { kind: string; text: string } }[];
  const fixes = findings.filter(({ fix }) => fix.kind === 'command' && fix.text.includes('--detach'));
  expect(fixes.length).toBeGreaterThan(0);
  const { readTypedList } = await import('../../src/text.ts');
  for (const { subject, fix } of fixes) {
    const argv = words(fix.text);
    const value =
      argv.find((word) => word.startsWith('--detach='))?.slice('--detach='.length) ??
      argv[argv.indexOf('--detach') + 1];
    expect(readTypedList(value ?? '')).toEqual([subject]);
  }
});
