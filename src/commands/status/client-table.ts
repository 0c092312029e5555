import type { Style } from '../../cli/style.ts';
import { ageText } from '../../duration.ts';
import { brief, visible, wrap } from '../../text.ts';
import type { ClientRow } from './client-rows.ts';

/** Clients, two lines each so that 80 columns hold them: the name, then the facts. */
export function clientTable(rows: readonly ClientRow[], style: Style): string {
  if (rows.length === 0) return '  none registered itself, and none holds an audience scope';
  const more = rows.length - PAGE;
  const rest = more > 0 ? [style.dim(`  … and ${more.toLocaleString('en')} more; --json lists all`)] : [];
  const first = [...rows].sort((a, b) => RANK.indexOf(a.verdict) - RANK.indexOf(b.verdict)).slice(0, PAGE);
  // Clients that fit on a page stay in Keycloak's order.
  const shown = more > 0 ? first : rows;
  return [...shown.map((row) => clientText(row, style)), ...rest].join('\n');
}

/** The most clients that are listed for a person: a page; the rest is counted. */
const PAGE = 100;
/** The clients that a person looks for first, where not all are shown. */
const RANK: readonly ClientRow['verdict'][] = [
  'foreign',
  'adopted',
  'holds',
  'account',
  'disabled',
  'no scope',
  'probe',
];

const MARK: Record<ClientRow['verdict'], string> = {
  adopted: '✓',
  holds: '✓',
  foreign: '!',
  'no scope': '·',
  disabled: '·',
  probe: '·',
  account: '·',
};

function clientText(row: ClientRow, style: Style): string {
  const { clientId, name, verdict, kind, scopes, sessions, consent, pkce, ageMs, product } = row;
  const paint = MARK[verdict] === '✓' ? style.green : MARK[verdict] === '!' ? style.yellow : style.dim;
  const title = name === null || name === '' ? '(no name)' : brief(name, 30);
  const room = style.width - 6 - title.length - verdict.length;
  const head = `  ${paint(MARK[verdict])} ${style.bold(title)} ${brief(clientId, Math.max(room, 36))} ${paint(verdict)}`;
  const held = scopes.map(
    (scope) => `${visible(scope.name)}${scope.list === 'optional' ? ' (optional)' : ''}`,
  );
  const facts = [
    kind === 'cimd'
      ? 'metadata document'
      : kind === 'other'
        ? 'made by somebody'
        : (product ?? 'unknown product'),
    `age ${ageMs === null ? 'unknown' : ageText(ageMs)}`,
    held.length === 0 ? 'no audience scope' : `scope ${held.join(', ')}`,
    sessions === null
      ? 'sessions not visible to this account (needs view-realm)'
      : `sessions ${sessions.active} active, ${sessions.offline} offline`,
    consent ? 'asks for consent' : 'asks no consent',
    pkce ? 'PKCE demanded' : 'PKCE not demanded',
  ];
  return `${head}\n${style.dim(wrap(facts.join('; '), style.width, '    '))}`;
}
