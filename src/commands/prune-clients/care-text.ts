import type { Report } from '../../cli/report.ts';
import type { Style } from '../../cli/style.ts';
import { brief, count, visible, wrap } from '../../text.ts';

/** What `--keep` and `--unkeep` did. */
export interface ProtectAnswer {
  server: string;
  realm: string;
  keep: boolean;
  clientIds: readonly string[];
  changed: readonly string[];
  dryRun: boolean;
}

/** The report of `--keep` and `--unkeep`. */
export function protectReport(answer: ProtectAnswer): Report {
  const { server, realm, keep, clientIds, changed, dryRun } = answer;
  const clients = clientIds.map((clientId) => ({
    clientId,
    kept: keep,
    changed: changed.includes(clientId),
  }));
  const what = keep ? 'kept: prune-clients never touches it' : 'no longer kept';
  return {
    command: 'prune-clients',
    exitStatus: dryRun && changed.length > 0 ? 1 : 0,
    server,
    realm,
    document: { mode: keep ? 'keep' : 'unkeep', clients, summary: { changed: changed.length }, backup: null },
    text: (style) =>
      clientIds
        .map((id) => {
          const already = changed.includes(id) ? (dryRun ? 'would be ' : '') : 'already ';
          return `${style.green('✓')} ${brief(id, 100)} is ${already}${what}\n`;
        })
        .join(''),
  };
}

/** A client of a backup and what became of it. `there`: its id or client id is taken. */
export interface Restored {
  clientId: string;
  name: string | null;
  outcome: 'done' | 'there' | 'planned';
  /** Scopes that it had and the realm has no more. */
  lostScopes: string[];
  /** Whether the backup holds Keycloak's mask in place of its secret: it has a new one, which the product doesn't know. */
  lostSecret: boolean;
}

/** What `--restore` did. */
export interface RestoreAnswer {
  server: string;
  realm: string;
  file: string;
  restored: readonly Restored[];
  unfinished: number;
  dryRun: boolean;
}

/** What a client that is made again lacks (seen on Keycloak 26.7.3). */
const LOST =
  'What can’t come back: users’ consents (they are asked again), sessions and refresh tokens (they sign in again), the registration access token (the product can’t change its own registration).';

/** The report of `--restore`. */
export function restoreReport(answer: RestoreAnswer): Report {
  const { server, realm, file, restored, unfinished, dryRun } = answer;
  const would = dryRun && restored.length > 0;
  return {
    command: 'prune-clients',
    exitStatus: would ? 1 : 0,
    server,
    realm,
    document: {
      mode: 'restore',
      clients: restored,
      summary: {
        restored: restored.filter(({ outcome }) => outcome === 'done').length,
        there: restored.filter(({ outcome }) => outcome === 'there').length,
        unfinished,
        lost: ['consents', 'sessions', 'registration access token'],
      },
      backup: file,
    },
    text: (style) => restoreText(answer, style),
  };
}

function restoreText({ realm, restored, unfinished }: RestoreAnswer, style: Style): string {
  const became = { done: 'restored', there: 'is there already; left as it is', planned: 'would be restored' };
  const lines = restored.map(({ clientId, name, outcome, lostScopes, lostSecret }) => {
    const title = name === null ? '' : ` (${brief(name, 60)})`;
    const lost =
      lostScopes.length === 0 ? '' : `; without scopes that are gone: ${visible(lostScopes.join(', '))}`;
    const secret = lostSecret
      ? '; with a new secret, since the backup holds none (Keycloak had masked it): whoever used the client connects anew'
      : '';
    const sign = outcome === 'done' ? style.green('✓') : style.yellow('!');
    return `${sign} ${brief(clientId, 100)}${title}: ${became[outcome]}${lost}${secret}\n`;
  });
  const torn =
    unfinished === 0
      ? ''
      : `${wrap(`${count(unfinished, 'line')} of the backup had been left unfinished by a run that was killed; those clients had not been deleted.`, style.width)}\n`;
  const none = restored.length === 0 ? `There is nothing to restore in realm ${visible(realm)}.\n` : '';
  return `${lines.join('')}${none}${torn}${restored.length > 0 ? `${wrap(LOST, style.width)}\n` : ''}`;
}
