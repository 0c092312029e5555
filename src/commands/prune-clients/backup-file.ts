import type { Io } from '../../cli/io.ts';
import { readNamed, writeNamed } from '../../cli/named-files.ts';
import { McpkcError } from '../../errors.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { ensureBackupKey } from '../../keycloak/write/record.ts';
import { type BackupRecord, backupLine, tornLine } from '../../plan/pruned-backup.ts';

/** Appends records to the backup; they are on disk when it returns. */
export type BackupWriter = (
  clients: readonly { id: string; clientId: string; representation: object }[],
) => Promise<void>;

/** Opens a backup: its permissions are checked now, it is made (0600) with the first client. */
export async function openBackup(io: Io, keycloak: Keycloak, file: string): Promise<BackupWriter> {
  await requirePrivate(io, file);
  // A run that was killed may have left its last line unfinished.
  const before = (await readNamed(io, '--backup', file)) ?? '';
  const unfinished = before.slice(before.lastIndexOf('\n') + 1);
  const key = await ensureBackupKey(keycloak);
  let start = unfinished === '' ? '' : tornLine(unfinished, key);
  const { server, realm } = keycloak;
  return async (clients) => {
    const at = new Date(io.now()).toISOString();
    const lines = clients.map(({ id, clientId, representation }) =>
      backupLine(
        {
          at,
          by: io.user,
          server,
          realm,
          id,
          clientId,
          representation: representation as BackupRecord['representation'],
        },
        key,
      ),
    );
    await writeNamed('--backup', file, () => io.files.append(file, start + lines.join(''), { mode: 0o600 }));
    start = '';
  };
}

async function requirePrivate(io: Io, file: string): Promise<void> {
  const mode = await io.files.mode(file);
  if (mode === undefined || (mode & 0o077) === 0) return;
  throw new McpkcError(
    'CONSENT_NEEDED',
    `Others may read ${file}, and the backup holds clients’ secrets.`,
    `chmod 600 ${file}, or name another file with --backup.`,
  );
}
