import type { Report } from '../../cli/report.ts';
import type { Style } from '../../cli/style.ts';
import type { McpkcError } from '../../errors.ts';
import { brief, count, visible, wrap } from '../../text.ts';
import { evidenceDocument, type Judged } from './judge/audit.ts';
import type { Limit } from './judge/limits.ts';
import type { StageAction } from './judge/stages.ts';

/** The findings and acts of `prune-clients`. */
export interface PruneAnswer {
  server: string;
  realm: string;
  mode: 'plan' | 'observe' | 'apply';
  judged: readonly Judged[];
  limit: Limit;
  troubles: readonly McpkcError[];
  /** The reasons why pruning can't work at all, with the fixes. */
  hints: readonly string[];
  /** The number of clients on which notes were made. */
  seen?: number;
  backup: string | null;
  exitStatus: number;
  /** Only the summary line. */
  short: boolean;
}

/** The most clients of a kind that are listed for a person: a page; the rest is counted. */
const PAGE = 100;

const ACTIONS: readonly StageAction[] = ['delete', 'disable', 'mark', 'revive', 'keep'];
const DONE: Record<StageAction, string> = {
  delete: 'deleted',
  disable: 'disabled',
  mark: 'marked',
  revive: 'revived',
  keep: 'kept',
};

function counted(judged: readonly Judged[]): Record<string, number> {
  const number = (test: (one: Judged) => boolean) => judged.filter(test).length;
  const actions = ACTIONS.map((action) => [action, number(({ decision }) => decision.action === action)]);
  return {
    clients: judged.length,
    dynamic: number(({ evidence }) => evidence.origin.kind !== 'other'),
    ...Object.fromEntries(actions),
    worked: number(({ decision }) => decision.standing === 'alive'),
    unknown: number(({ decision }) => decision.standing === 'unknown'),
    spared: number(({ outcome }) => outcome === 'spared'),
    gone: number(({ outcome }) => outcome === 'gone'),
  };
}

/** The report of a plan, an observation, or an applied run. */
export function pruneReport(answer: PruneAnswer): Report {
  const { server, realm, exitStatus } = answer;
  return {
    command: 'prune-clients',
    exitStatus,
    server,
    realm,
    // The text is made when it is asked for: with 10,000 clients it is larger than all else.
    get document() {
      return pruneDocument(answer);
    },
    text: (style) => pruneText(answer, style),
  };
}

function pruneDocument(answer: PruneAnswer): Record<string, unknown> {
  const { mode, judged, limit, troubles, hints, seen = 0, backup } = answer;
  const clients = judged.map(({ id, clientId, name, decision, outcome, evidence }) => ({
    clientId,
    id,
    name: name ?? null,
    decision: decision.action,
    standing: decision.standing,
    outcome,
    reason: decision.reason,
    evidence: evidenceDocument(evidence),
  }));
  const unreadable = troubles.map(({ code, message }) => ({ code, message }));
  return { mode, clients, summary: { ...counted(judged), observed: seen, limit, unreadable, hints }, backup };
}

function pruneText(answer: PruneAnswer, style: Style): string {
  const line = summaryLine(answer, style);
  if (answer.short) return line;
  const { realm, server, judged, mode } = answer;
  const head = `${style.bold(`Clients of realm ${visible(realm)}`)} at ${server}\n`;
  const blocks = ACTIONS.flatMap((action) => {
    const list = judged.filter(({ decision }) => decision.action === action);
    if (list.length === 0) return [];
    const title = mode === 'apply' ? DONE[action] : action;
    // Applications and Keycloak's own clients are never pruned: a number is enough.
    const isNamed = ({ evidence }: Judged) => action !== 'keep' || evidence.origin.kind !== 'other';
    const named = list.filter(isNamed);
    const others = list.length - named.length;
    return [
      `\n${style.bold(`${title} (${list.length.toLocaleString('en')})`)}\n`,
      ...named.slice(0, PAGE).map((one) => clientText(one, style)),
      named.length > PAGE ? moreText(named.length - PAGE, style) : '',
      others === 0 ? '' : `  ${style.dim(`${count(others, 'client')} that did not register themselves`)}\n`,
    ];
  });
  return `${head}${blocks.join('')}\n${notes(answer, style)}${line}`;
}

/** The clients that a run would delete, for the question before it. */
export function goingText(judged: readonly Judged[], style: Style): string {
  return judged.map((one) => clientText(one, style, `${one.decision.action} `)).join('');
}

function moreText(number: number, style: Style): string {
  const text = `… and ${number.toLocaleString('en')} more: --json lists all, and so does --audit-file.`;
  return `  ${style.dim(wrap(text, style.width - 2, '  ').trimStart())}\n`;
}

function clientText({ clientId, name, decision, outcome }: Judged, style: Style, before = ''): string {
  const paint = {
    delete: style.red,
    disable: style.red,
    mark: style.yellow,
    revive: style.green,
    keep: style.dim,
  };
  // Keycloak's own clients are called by keys of its messages (`${client_account}`), which mean nothing here.
  const title =
    name === undefined || name === '' || name.startsWith('${') ? '' : ` ${style.dim(`(${brief(name, 60)})`)}`;
  const became =
    outcome === 'gone' ? ' (somebody deleted it meanwhile)' : outcome === 'spared' ? ' (spared)' : '';
  const why = wrap(visible(decision.reason), style.width - 1, '      ');
  return `  ${before}${paint[decision.action](brief(clientId, 100))}${title}${became}\n${why}\n`;
}

/** Notes for the operator beside the clients. */
function notes({ judged, limit, troubles, hints, mode }: PruneAnswer, style: Style): string {
  const disabled = judged.filter(({ evidence }) => evidence.marks.stage?.stage === 'disabled').length;
  const found = [
    ...troubles.map(({ message }) => `Unknown, and so everything is kept: ${message}`),
    ...hints,
    ...(limit.exceeded && mode !== 'apply'
      ? [
          `--apply would refuse: ${limit.wanted} clients would be disabled or deleted, the limit is ${limit.allowed} (${limit.why}). --max <n> raises it.`,
        ]
      : []),
    ...(disabled > 0
      ? [
          'The grace after disabling proves something only where LOGIN_ERROR and REFRESH_TOKEN_ERROR events are stored: they tell who still needs a disabled client. Refresh events are off by default.',
        ]
      : []),
  ];
  return found
    .map((text) => `${style.yellow('!')} ${wrap(visible(text), style.width - 2, '  ').trimStart()}\n`)
    .join('');
}

function summaryLine({ judged, mode, seen, backup, realm }: PruneAnswer, style: Style): string {
  const numbers = counted(judged);
  const acts = ACTIONS.filter((action) => action !== 'keep' && (numbers[action] ?? 0) > 0);
  const words = acts.map(
    (action) =>
      `${(numbers[action] ?? 0).toLocaleString('en')} ${mode === 'apply' ? DONE[action] : `to ${action}`}`,
  );
  const what = words.length === 0 ? 'nothing to prune' : words.join(', ');
  const kept = `${(numbers.keep ?? 0).toLocaleString('en')} kept (${numbers.worked} used before, ${numbers.unknown} undecided)`;
  const also = [
    seen === undefined ? [] : [`${count(seen, 'mark')} written`],
    backup !== null && mode === 'apply' && (numbers.delete ?? 0) > 0 ? [`backup: ${visible(backup)}`] : [],
  ].flat();
  const sign = mode === 'apply' || words.length === 0 ? style.green('✓') : style.yellow('!');
  const all = [`${count(judged.length, 'client')}`, what, kept, ...also].join('; ');
  return `${sign} ${visible(realm)}: ${all}.${mode === 'plan' && words.length > 0 ? ' Nothing was written; --apply does it.' : ''}\n`;
}
