import { beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { COMMANDS } from '../../src/commands/index.ts';
import { documentSchemas } from '../../src/schemas/documents.ts';
import { type Account, accountIn, expectCli, runCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { FILES, LINES } from './lines.ts';

/** The published schemas, which take no field that they don't describe. */
const EXACTLY = documentSchemas(
  (shape) => z.strictObject(shape),
  COMMANDS.map(({ name }) => name),
);

const realm = await useRealm('documents');
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm);
});

/** What `access` and `connections` ask about. */
async function provision(): Promise<void> {
  const made = [
    'create-scope',
    '--preset',
    'chatgpt',
    '--resource',
    'https://svc.example.com/mcp',
    '--no-harden',
  ];
  await expectCli(0, made, { env: account.env });
}

describe.each(COMMANDS.map(({ name }) => name))('law 7: %s --json', (name) => {
  const line = [name, ...(LINES[name] ?? []), '--json'];

  it('answers with one document', async () => {
    const { adminUser, adminPassword } = inject('keycloak');
    const env = {
      ...account.env,
      KC_BOOTSTRAP_ADMIN_USERNAME: adminUser,
      KC_BOOTSTRAP_ADMIN_PASSWORD: adminPassword,
    };
    if (name === 'access' || name === 'connections') await provision();
    const ran = await runCli(line, { env, files: FILES });
    expect([0, 1], ran.err).toContain(ran.exit);
    expect(ran.json).toMatchObject({
      schema: `mcpkc/${name}/v1`,
      ok: ran.exit === 0,
      exitStatus: ran.exit,
    });
    const { error } = EXACTLY[name]?.safeParse(ran.json) ?? {};
    expect(error && z.prettifyError(error)).toBeUndefined();
  });
});
