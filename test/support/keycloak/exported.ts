import { expect } from 'vitest';
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
  for (const realm of all) await expectExport(realm);
}

/**
 * Fails unless `mcpkc plan` on what `mcpkc export` writes of this realm, as it is now, is empty. The account is one of
 * `master`, so that nothing of the realm changes.
 */
export async function expectExport({ admin, name }: Realm): Promise<void> {
  const clientId = `export-${crypto.randomUUID()}`;
  const secret = crypto.randomUUID();
  const found = await admin.request('GET', `/realms/${encodeURIComponent(name)}`);
  if (found.status !== 200) return;
  const { id } = await admin.post('/realms/master/clients', {
    clientId,
    secret,
    serviceAccountsEnabled: true,
    standardFlowEnabled: false,
  });
  try {
    const user = await admin.get<{ id: string }>(`/realms/master/clients/${id}/service-account-user`);
    // The roles of this realm alone: with those of every realm the token grows until Keycloak answers 431.
    const query = `clientId=${encodeURIComponent(`${name}-realm`)}`;
    const [owner] = await admin.get<{ id: string }[]>(`/realms/master/clients?${query}`);
    const roles = await admin.get(`/realms/master/clients/${owner?.id}/roles`);
    await admin.post(`/realms/master/users/${user.id}/role-mappings/clients/${owner?.id}`, roles);
    const env = {
      KC_SERVER: admin.access.url,
      KC_REALM: name,
      KC_ADMIN_REALM: 'master',
      KC_CLIENT_ID: clientId,
      KC_CLIENT_SECRET: secret,
    };
    const exported = await runCli(['export'], { env });
    const code = /\(([A-Z_]+), exit status/.exec(exported.err)?.[1] ?? '';
    if (exported.exit !== 0 && NOT_EXPORTED.includes(code)) return;
    expect(exported.exit, `export of ${name}: ${exported.err}`).toBe(0);
    const files = { 'mcpkc.yaml': exported.out };
    const planned = await runCli(['plan'], { env, files });
    expect(
      planned.exit,
      `plan on the export of ${name}:\n${exported.out}\n${planned.out}${planned.err}`,
    ).toBe(0);
    const again = await runCli(['export'], { env });
    expect(again.out, `a second export of ${name}`).toBe(exported.out);
  } finally {
    await admin.del(`/realms/master/clients/${id}`);
  }
}
