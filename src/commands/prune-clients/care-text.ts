import type { Report } from '../../cli/report.ts';
import type { Style } from '../../cli/style.ts';
import { brief, count, visible, wrap } from '../../text.ts';
import type { Revival } from './judge/revival.ts';

/** The outcome of `--keep` and `--unkeep`. */
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

/** A client of a backup and its outcome. `there`: it is back already; `taken`: another client has its id. */
export interface Restored extends Revival {
  outcome: 'done' | 'there' | 'taken' | 'planned';
}

/** The outcome of `--restore`. */
export interface RestoreAnswer {
  server: string;
  realm: string;
  file: string;
  restored: readonly Restored[];
  unfinished: number;
  dryRun: boolean;
}

/** The things that a client that is made again lacks (seen on Keycloak 26.7.3). */
const LOST =
  'What can’t come back: users’ consents (they are asked again), sessions and refresh tokens (they sign in again), the registration access token (the product can’t change its own registration).';

/** The report of `--restore`. */
export function restoreReport(answer: RestoreAnswer): Report {
  const { server, realm, file, restored } = answer;
  const number = (outcome: Restored['outcome']) => restored.filter((one) => one.outcome === outcome).length;
  // Only a person can tell whether the client that has the id goes.
  const exitStatus = number('taken') > 0 ? 5 : number('planned') > 0 ? 1 : 0;
  return {
    command: 'prune-clients',
    exitStatus,
    server,
    realm,
    document: {
      mode: 'restore',
      clients: restored.map(({ body: _body, ...shown }) => shown),
      summary: {
        restored: number('done'),
        there: number('there'),
        taken: number('taken'),
        unfinished: answer.unfinished,
        lost: ['consents', 'sessions', 'registration access token'],
      },
      backup: file,
    },
    text: (style) => restoreText(answer, style),
  };
}

const BECAME: Record<Restored['outcome'], string> = {
  done: 'restored',
  there: 'is there already; left as it is',
  taken: 'not restored: another client has its client id or internal id by now',
  planned: 'would be restored',
};

/** Every line shows the client's rights: a person who restores agrees to them. */
function revivalText(one: Restored, style: Style): string {
  const { clientId, name, outcome, authentic, from, scopes } = one;
  const title = name === null ? '' : ` (${brief(name, 60)})`;
  const sign = outcome === 'done' ? style.green('✓') : style.yellow('!');
  const of = authentic
    ? 'this realm, sealed'
    : `realm ${visible(from.realm)} at ${visible(from.server)}, according to the file`;
  const list = (names: readonly string[]) => (names.length === 0 ? 'none' : visible(names.join(', ')));
  const rows = [
    ['backup of', `${of}, ${visible(from.at)} by ${visible(from.by)}`],
    ['redirect URIs', list(one.redirectUris)],
    ['grants', list(one.grants)],
    ['scopes', `default: ${list(scopes.default)}; optional: ${list(scopes.optional)}`],
    ['mappers', list(one.mappers)],
    ...(one.lostScopes.length === 0 ? [] : [['not there', `scopes that are gone: ${list(one.lostScopes)}`]]),
    ...(one.leftOut.length === 0 ? [] : [['left out', list(one.leftOut)]]),
    ...(one.lostSecret ? [['secret', 'a new one: the backup holds a mask']] : []),
    ...one.reservations.map((reason) => ['judged', visible(reason)]),
  ];
  const lines = rows.map(([label = '', value = '']) => {
    const indent = ' '.repeat(18);
    return `    ${label.padEnd(14)}${wrap(value, style.width - 1, indent).trimStart()}\n`;
  });
  const taken =
    outcome === 'taken'
      ? `${wrap('A registrant may choose the id of a client that was deleted. Where the one that is there is a stranger’s, delete it (Clients), then restore again.', style.width - 4, '    ')}\n`
      : '';
  return `${sign} ${brief(clientId, 100)}${title}: ${BECAME[outcome]}\n${lines.join('')}${taken}`;
}

function restoreText({ realm, restored, unfinished }: RestoreAnswer, style: Style): string {
  const lines = restored.map((one) => revivalText(one, style));
  const torn =
    unfinished === 0
      ? ''
      : `${wrap(`${count(unfinished, 'line')} of the backup had been left unfinished by a run that was killed; those clients had not been deleted.`, style.width)}\n`;
  const none = restored.length === 0 ? `There is nothing to restore in realm ${visible(realm)}.\n` : '';
  return `${lines.join('')}${none}${torn}${restored.length > 0 ? `${wrap(LOST, style.width)}\n` : ''}`;
}
