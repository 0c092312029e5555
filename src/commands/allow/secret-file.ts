import type { Io } from '../../cli/io.ts';
import { writeNamed } from '../../cli/named-files.ts';
import { realmInFileName, requireStateFolder, stateFolder } from '../../cli/state-files.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';

/** The place of a client's secret unless `--secret-file` names a file: beside the backups of `prune-clients`. */
export function defaultSecretFile(
  io: Io,
  keycloak: Pick<Keycloak, 'server' | 'realm'>,
  { clientId, secret }: { clientId: string; secret: 'text' | 'json' },
): string {
  const folder = requireStateFolder(io, '--secret-file');
  const name = `${realmInFileName(keycloak)}-${encodeURIComponent(clientId)}`;
  return `${folder}/clients/${name}${secret === 'json' ? '.json' : '.secret'}`;
}

/** Writes a secret for the product that reads it, 0600: the bare secret, or client id and secret as JSON (RFC 7591 names). */
export async function writeSecret(
  io: Io,
  file: string,
  { clientId, secret }: { clientId: string; secret: 'text' | 'json' },
  value: string,
): Promise<void> {
  const text = secret === 'json' ? JSON.stringify({ client_id: clientId, client_secret: value }) : value;
  await writeNamed('--secret-file', file, () => io.files.write(file, `${text}\n`, { mode: 0o600 }));
}

/** Removes the secret of a client that is gone from its default place; returns the files that were there. */
export async function removeSecret(
  io: Io,
  keycloak: Pick<Keycloak, 'server' | 'realm'>,
  clientId: string,
): Promise<string[]> {
  if (stateFolder(io) === undefined) return [];
  const files = (['text', 'json'] as const).map((secret) =>
    defaultSecretFile(io, keycloak, { clientId, secret }),
  );
  const gone: string[] = [];
  for (const file of files) {
    if (!(await io.files.exists(file))) continue;
    await writeNamed('--secret-file', file, () => io.files.remove(file));
    gone.push(file);
  }
  return gone;
}
