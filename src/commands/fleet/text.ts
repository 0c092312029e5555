import type { Style } from '../../cli/style.ts';
import type { McpkcError } from '../../errors.ts';
import type { FleetProduct } from '../../fleet/fleet.ts';
import type { AnyChange } from '../../plan/plan.ts';
import { changeName, planText } from '../../plan/text.ts';
import { count, formatCommand, listNames, markdownText, typedList, visible, wrap } from '../../text.ts';
import { addDone, countsOf, type Group, groupsOf, SORTS, sortOf } from './document.ts';
import type { RealmApplied, RealmPlanned } from './realm.ts';

/** A plan's answer, for people. */
export interface FleetAnswer {
  /** The number of servers and realms, and their files. */
  headline: string;
  realms: readonly RealmPlanned[];
  /** The outcome of each, in the same order; undefined where nothing was to be written. */
  done: readonly RealmApplied[] | undefined;
}

/** The realm by an operator's name for it. */
export function realmName({ wish, config }: Pick<RealmPlanned, 'wish' | 'config'>): string {
  const place = config === undefined ? '' : `realm ${visible(config.realm ?? '?')} at ${config.server}`;
  if (wish.profile === undefined) return place || 'the configured realm';
  return place === '' ? `profile ${wish.profile}` : `${wish.profile}: ${place}`;
}

/** The counts of changes, as "2 added, 1 changed"; undefined where nothing changes. */
export function countText(changes: readonly AnyChange[]): string | undefined {
  const counts = countsOf(changes);
  const parts = SORTS.filter((sort) => counts[sort] > 0).map((sort) => `${counts[sort]} ${sort}`);
  return parts.length === 0 ? undefined : parts.join(', ');
}

/** The text, realm after realm: the changes of each server, those that need consent, and things beside the file. */
export function fleetText({ headline, realms, done }: FleetAnswer, style: Style): string {
  const sections = realms.map((one, at) => realmText(one, done?.[at], style));
  const steps = done === undefined ? '' : stepsText(realms, done);
  return `${style.bold(headline)}\n\n${sections.join('\n')}\n${verdict(realms, done, style)}\n${steps}`;
}

/** The most next steps that are printed. */
const MOST_STEPS = 5;

/** The commands by which people connect to what was made: a client's id and secret, and the wait for one that registers. */
function stepsText(realms: readonly RealmPlanned[], done: readonly RealmApplied[]): string {
  const steps = realms.flatMap((shown, at) => {
    const { wish, servers = [] } = addDone(shown, done[at]);
    if (done[at]?.error) return [];
    const place = wish.profile === undefined ? [] : [['--profile', wish.profile] as const];
    return servers.flatMap((one) => {
      if (one.error) return [];
      const { resource, products } = one.wish;
      const isMade = (kind: AnyChange['kind']) =>
        one.changes.some((change) => change.kind === kind && change.action === 'create');
      const named = (way: FleetProduct['by']) =>
        typedList(products.flatMap(({ preset, by }) => (by === way && preset ? [preset] : [])));
      const [given, registering] = [named('client'), named('registration')];
      return [
        ...(given !== '' && isMade('allowed-client')
          ? [formatCommand(['allow', resource, ['--preset', given], ['--by', 'client'], ...place])]
          : []),
        ...(registering !== '' && one.server.mode === 'adopted' && isMade('client-scope')
          ? [formatCommand(['onboard', resource, ['--preset', registering], ...place])]
          : []),
      ];
    });
  });
  if (steps.length === 0) return '';
  const more = steps.length > MOST_STEPS ? `(and ${steps.length - MOST_STEPS} more of the kind)\n` : '';
  return `\nTo connect: allow shows a made client’s id, secret and steps; onboard adopts one that registers.\n${steps.slice(0, MOST_STEPS).join('\n')}\n${more}`;
}

function realmText(shown: RealmPlanned, done: RealmApplied | undefined, style: Style): string {
  const one = addDone(shown, done);
  const line = (mark: string, text: string) => `  ${mark} ${wrap(text, style.width, '    ').trimStart()}\n`;
  const sum = countText(one.changes);
  const bad = (one.servers ?? []).filter((server) => server.error !== undefined).length;
  const left = one.retired.filter(({ state }) => state === 'stays').length;
  const isDone = done !== undefined && done.error === undefined;
  const outcome =
    one.error !== undefined
      ? style.red('✗ not planned')
      : done?.error !== undefined
        ? style.red(`✗ ${done.applied.length} of ${count(one.changes.length, 'change')} made`)
        : bad > 0
          ? style.red(`✗ ${count(bad, 'MCP server')} failed${sum === undefined ? '' : `; ${sum}`}`)
          : sum === undefined
            ? left > 0
              ? style.yellow(`! ${leftText(left)}`)
              : style.green('✓ as in the file')
            : done !== undefined
              ? style.green(`✓ ${sum}`)
              : style.yellow(`! ${sum}`);
  const error = done?.error ?? one.error;
  return [
    `${style.bold(realmName(one))}  ${outcome}\n`,
    ...groupsOf(one).map((group) => groupText(group, isDone, style)),
    ...(error === undefined ? [] : [failureText(error, style)]),
    ...one.reservations.map((text) =>
      isDone ? line('i', `Agreed to: ${text}`) : line(style.yellow('!'), `Needs --yes: ${text}`),
    ),
    ...one.notes.map((text) => line('i', text)),
    ...(one.unlisted.length === 0
      ? []
      : [line('i', `In the realm and not in the file; nothing of it changes: ${listNames(one.unlisted)}.`)]),
    ...(one.foreign.length === 0
      ? []
      : [line('i', `Set up by others; mcpkc leaves it alone: ${listNames(one.foreign)}.`)]),
  ].join('');
}

function failureText({ code, message, fix }: McpkcError, style: Style): string {
  const lines = [`${code}: ${message}`, ...fix.split('\n')];
  return lines.map((one) => `${style.red(wrap(one, style.width, '    '))}\n`).join('');
}

/** The number of retired servers that a run without --prune leaves. */
const leftText = (left: number) => `${count(left, 'retired MCP server')} still there`;

function groupText(
  { resource, about, changes, error, isLeft }: Group,
  isDone: boolean,
  style: Style,
): string {
  const title = resource === undefined ? about : `${visible(resource)} (${about})`;
  if (error) return `  ${style.red('✗')} ${visible(resource ?? '')}\n${failureText(error, style)}`;
  const [good, open] = [style.green('✓'), style.yellow('!')];
  if (changes.length === 0) return `  ${isLeft ? open : good} ${title}\n`;
  const sorted = SORTS.flatMap((sort) => changes.filter((change) => sortOf(change) === sort));
  const text = planText(sorted, { ...style, width: style.width - 2 });
  return `  ${isDone ? good : open} ${title}\n${text.replaceAll(/^(?=.)/gm, '  ')}`;
}

function verdict(
  realms: readonly RealmPlanned[],
  done: readonly RealmApplied[] | undefined,
  style: Style,
): string {
  const failed = realms.filter((one, at) => hasFailed(one, done?.[at]));
  const changes = realms.flatMap((one) => one.changes);
  const sum = countText(changes);
  const bad =
    failed.length === 0
      ? ''
      : ` ${count(failed.length, 'realm')} failed: ${listNames(failed.map(realmName))}.`;
  if (done !== undefined) {
    const made = done.reduce((all, one) => all + one.applied.length, 0);
    const mark = failed.length === 0 ? style.green('✓') : style.red('✗');
    const rest = failed.length === 0 ? '' : ' Run it again once that is right: it does the rest.';
    return `${mark} ${made === 0 ? (failed.length === 0 ? 'Nothing was to be changed.' : 'Nothing was changed.') : `${count(made, 'change')} made.`}${bad}${rest}`;
  }
  const left = realms.flatMap(({ retired }) => retired.filter(({ state }) => state === 'stays')).length;
  if (sum === undefined && failed.length === 0)
    return left > 0
      ? `${style.yellow('!')} Nothing would change; ${leftText(left)}: --prune removes ${left === 1 ? 'it' : 'them'}.`
      : `${style.green('✓')} Everything is as in the file.`;
  return `${style.yellow('!')} ${sum === undefined ? 'Nothing would change.' : `${sum}; nothing was written.`}${bad}`;
}

/** Whether something of a realm went wrong: the realm itself, or one of its servers. */
export function hasFailed(one: RealmPlanned, done?: RealmApplied): boolean {
  const servers = addDone(one, done).servers ?? [];
  return (done?.error ?? one.error) !== undefined || servers.some(({ error }) => error !== undefined);
}

/** The same as Markdown, for the comment of a pull request: text from outside does nothing. */
export function fleetMarkdown({ headline, realms }: FleetAnswer): string {
  const parts = realms.map((one) => {
    const sum = one.error !== undefined ? 'not planned' : (countText(one.changes) ?? 'as in the file');
    const lines = groupsOf(one).flatMap(({ resource, about, changes, error }) => {
      if (changes.length === 0 && error === undefined) return [];
      const title = resource === undefined ? about : `${resource} (${about})`;
      if (error)
        return [`- **${markdownText(resource ?? '')}** ${markdownText(`${error.code}: ${error.message}`)}`];
      return [
        `- **${markdownText(title)}**`,
        ...SORTS.flatMap((sort) =>
          changes
            .filter((change) => sortOf(change) === sort)
            .map((change) => `  - ${sort}: ${markdownText(changeName(change))}, ${markdownText(change.why)}`),
        ),
      ];
    });
    const error =
      one.error === undefined ? [] : [`- ${markdownText(`${one.error.code}: ${one.error.message}`)}`];
    const more = [
      ...one.reservations.map((text) => `- **Needs --yes:** ${markdownText(text.replaceAll('\n', ' '))}`),
      ...one.notes.map((text) => `- ${markdownText(text.replaceAll('\n', ' '))}`),
      ...(one.unlisted.length === 0
        ? []
        : [`- In the realm and not in the file: ${markdownText(one.unlisted.join(', '))}`]),
      ...(one.foreign.length === 0 ? [] : [`- Set up by others: ${markdownText(one.foreign.join(', '))}`]),
    ];
    const body = [...lines, ...error, ...more];
    return `#### ${markdownText(realmName(one))}: ${sum}\n${body.length === 0 ? '' : `\n${body.join('\n')}\n`}`;
  });
  const changes = realms.flatMap((one) => one.changes);
  const sum = countText(changes) ?? 'nothing changes';
  return `### MCP servers: ${sum}\n\n${markdownText(headline)}\n\n${parts.join('\n')}`;
}
