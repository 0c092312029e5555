import { expect } from 'vitest';
import { parse, stringify } from 'yaml';
import { runCli } from '../cli.ts';
import type { Realm } from './realm.ts';

/** Why no file can be written of a realm: it is broken so that no plan could be made of it either. */
const NOT_EXPORTED: readonly string[] = [];

const all = new Set<Realm>();

/** Notes a realm that the file under test made, for `expectExports`. */
export function noteRealm(realm: Realm): void {
  all.add(realm);
}

/** Forgets one that is removed. */
export function forgetRealm(realm: Realm): void {
  all.delete(realm);
}

/** `expectExport` for every realm that is there now. */
export async function expectExports(): Promise<void> {
  for (const realm of [...all]) await expectExport(realm);
}

/**
 * Fails unless `mcpkc plan` on what `mcpkc export` writes of this realm, as it is now, is empty, and unless the file makes
 * a new realm of which `export` writes the same. The account is one of `master`, so that nothing of the realm changes.
 */
export async function expectExport(realm: Realm): Promise<void> {
  const { admin, name } = realm;
  const found = await admin.request('GET', `/realms/${encodeURIComponent(name)}`);
  if (found.status !== 200) return;
  const text = await withAccount(realm, async (env) => {
    const exported = await runCli(['export'], { env });
    const code = /\(([A-Z_]+), exit status/.exec(exported.err)?.[1] ?? '';
    if (exported.exit !== 0 && NOT_EXPORTED.includes(code)) return undefined;
    expect(exported.exit, `export of ${name}: ${exported.err}`).toBe(0);
    const files = { 'mcpkc.yaml': exported.out };
    const planned = await runCli(['plan'], { env, files });
    expect(
      planned.exit,
      `plan on the export of ${name}:\n${exported.out}\n${planned.out}${planned.err}`,
    ).toBe(0);
    const again = await runCli(['export'], { env });
    expect(again.out, `a second export of ${name}`).toBe(exported.out);
    return exported.out;
  });
  if (text !== undefined && name !== 'master') await expectSameElsewhere(realm, text);
}

interface Exported {
  realms: [{ servers: { resource: string; access?: string; roles?: string[] }[] }];
}

/** The content of a file without its comments: they tell what the realm has beside it. */
const contentOf = (text: string) => stringify(parse(text));

/**
 * Applies a file to a new realm. A server without access and without roles was restricted by hand, and isn't made there: the
 * file doesn't name who may use it.
 */
async function expectSameElsewhere({ admin, name }: Realm, text: string): Promise<void> {
  const file = parse(text) as Exported;
  const [{ servers }] = file.realms;
  if (servers.length === 0) return;
  const made = servers.filter(({ access, roles }) => access !== undefined || roles !== undefined);
  const wanted = stringify({ realms: [{ ...file.realms[0], servers: made }] });
  // Not by createRealm, which exports each realm before it is removed.
  const { cheapRealm, realmNamed } = await import('./realm.ts');
  const other = realmNamed(admin, `exported-${crypto.randomUUID().slice(0, 8)}`);
  await admin.post('/realms', { ...cheapRealm(), realm: other.name });
  try {
    await withAccount(other, async (env) => {
      const applied = await runCli(['apply', '--yes'], { env, files: { 'mcpkc.yaml': text } });
      const why = `apply of the export of ${name} to a new realm:\n${text}\n${applied.out}${applied.err}`;
      expect(applied.exit, why).toBe(made.length === servers.length ? 0 : 1);
      if (made.length === 0) return;
      const again = await runCli(['export'], { env });
      expect(contentOf(again.out), `${why}\nand its export: ${again.out}`).toBe(contentOf(wanted));
    });
  } finally {
    await other.remove();
  }
}

/** Does something with an account of `master` that may administer one realm alone. */
async function withAccount<T>(
  { admin, name }: Realm,
  work: (env: Record<string, string>) => Promise<T>,
): Promise<T> {
  const clientId = `export-${crypto.randomUUID()}`;
  const secret = crypto.randomUUID();
  const { id } = await admin.post('/realms/master/clients', {
    clientId,
    secret,
    serviceAccountsEnabled: true,
    standardFlowEnabled: false,
  });
  try {
    const user = await admin.get<{ id: string }>(`/realms/master/clients/${id}/service-account-user`);
    // With the roles of every realm the token grows until Keycloak answers 431.
    const query = `clientId=${encodeURIComponent(`${name}-realm`)}`;
    const [owner] = await admin.get<{ id: string }[]>(`/realms/master/clients?${query}`);
    const roles = await admin.get(`/realms/master/clients/${owner?.id}/roles`);
    await admin.post(`/realms/master/users/${user.id}/role-mappings/clients/${owner?.id}`, roles);
    return await work({
      KC_SERVER: admin.access.url,
      KC_REALM: name,
      KC_ADMIN_REALM: 'master',
      KC_CLIENT_ID: clientId,
      KC_CLIENT_SECRET: secret,
    });
  } finally {
    await admin.del(`/realms/master/clients/${id}`);
  }
}
