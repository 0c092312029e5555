import { beforeAll, describe, expect, it } from 'vitest';
import { type Account, accountIn, expectCli, runCli } from '../support/cli.ts';
import type { RealmUser } from '../support/keycloak/realm.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { login } from '../support/login.ts';
import { clientIn } from '../support/realm-things.ts';
import { registerWhole } from '../support/strangers.ts';

const RESOURCE = 'https://t1.example.com/mcp';
const redirectUri = 'http://127.0.0.1:33418/';
const realm = await useRealm('attack-t1');
let account: Account;
let user: RealmUser;

beforeAll(async () => {
  account = await accountIn(realm);
  user = await realm.createUser();
  const words = ['create-scope', '--resource', RESOURCE, '--preset', 'vscode'];
  await expectCli(0, words, { env: account.env });
});

/** A client as the editor registers it, with attributes of the registrant's own. */
const editor = (id: string, attributes: Record<string, string>) =>
  registerWhole(realm, {
    id,
    clientId: id,
    name: 'Visual Studio Code',
    publicClient: true,
    redirectUris: [redirectUri, 'https://vscode.dev/redirect'],
    attributes,
  });

async function claims(clientId: string): Promise<Readonly<Record<string, unknown>>> {
  const result = await login(realm, { clientId, redirectUri, user });
  if (!result.ok) expect.fail(`${result.stage}: ${result.error}`);
  return result.claims;
}

describe.each([
  ['lifetimes', 'access.token.lifespan', '315360000'],
  ['a meaning of acr', 'acr.loa.map', '{"second-factor":1,"none":0}'],
])('a registrant’s own %s', (what, name, value) => {
  it('reach the tokens, are found, and are never adopted', async () => {
    const [plainId, ownId] = [crypto.randomUUID(), crypto.randomUUID()];
    const plain = await editor(plainId, {});
    const made = await editor(ownId, { [name]: value });
    expect([plain.status, made.status]).toEqual([201, 201]);
    const [normal, own] = [await claims(plainId), await claims(ownId)];
    const lasts = (all: typeof own) => Number(all.exp) - Number(all.iat);
    // What the attack gains: were it nothing, there would be nothing to find.
    if (what === 'lifetimes') expect(lasts(own)).toBeGreaterThan(10 * lasts(normal));
    else expect([normal.acr, own.acr]).toEqual(['1', 'second-factor']);

    const ran = await runCli(['status', '--clients', '--json'], { env: account.env });
    const exceeding = (ran.json.findings as { code: string; subject: string; message: string }[]).filter(
      ({ code }) => code === 'HOLDER_EXCEEDS',
    );
    expect(exceeding.filter(({ subject }) => subject === plainId)).toEqual([]);
    expect(exceeding.find(({ subject }) => subject === ownId)?.message).toContain(
      `it changes its own tokens (${name})`,
    );
    const words = ['onboard', 'https://other.example.com/mcp', ownId, '--json'];
    const refused = await expectCli(5, words, { env: account.env });
    expect(refused.json).toMatchObject({
      code: 'CONSENT_NEEDED',
      message: expect.stringContaining(`it changes its own tokens (${name})`),
    });
    expect((await clientIn(realm, ownId))?.defaultClientScopes).not.toContainEqual(
      expect.stringMatching(/^mcp-audience-/),
    );
  });
});
