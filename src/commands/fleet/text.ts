import type { Style } from '../../cli/style.ts';
import type { McpkcError } from '../../errors.ts';
import type { AnyChange } from '../../plan/plan.ts';
import { changeName, planText } from '../../plan/text.ts';
import { count, listNames, markdownText, visible, wrap } from '../../text.ts';
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
  return `${style.bold(headline)}\n\n${sections.join('\n')}\n${verdict(realms, done, style)}\n`;
}

function realmText(shown: RealmPlanned, done: RealmApplied | undefined, style: Style): string {
  const one = addDone(shown, done);
  const line = (mark: string, text: string) => `  ${mark} ${wrap(text, style.width, '    ').trimStart()}\n`;
  const sum = countText(one.changes);
  const bad = (one.servers ?? []).filter((server) => server.error !== undefined).length;
  const outcome =
    one.error !== undefined
      ? style.red('✗ not planned')
      : done?.error !== undefined
        ? style.red(`✗ ${done.applied.length} of ${count(one.changes.length, 'change')} made`)
        : bad > 0
          ? style.red(`✗ ${count(bad, 'MCP server')} failed${sum === undefined ? '' : `; ${sum}`}`)
          : sum === undefined
            ? style.green('✓ as in the file')
            : done !== undefined
              ? style.green(`✓ ${sum}`)
              : style.yellow(`! ${sum}`);
  const error = done?.error ?? one.error;
  return [
    `${style.bold(realmName(one))}  ${outcome}\n`,
    ...groupsOf(one).map((group) => groupText(group, style)),
    ...(error === undefined ? [] : [failureText(error, style)]),
    ...one.reservations.map((text) => line(style.yellow('!'), `Needs --yes: ${text}`)),
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

function groupText({ resource, about, changes, error }: Group, style: Style): string {
  const title = resource === undefined ? about : `${visible(resource)} (${about})`;
  if (error) return `  ${style.red('✗')} ${visible(resource ?? '')}\n${failureText(error, style)}`;
  if (changes.length === 0) return `  ${style.green('✓')} ${title}\n`;
  const sorted = SORTS.flatMap((sort) => changes.filter((change) => sortOf(change) === sort));
  const text = planText(sorted, { ...style, width: style.width - 2 });
  return `  ${style.yellow('!')} ${title}\n${text.replaceAll(/^(?=.)/gm, '  ')}`;
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
  if (sum === undefined && failed.length === 0) return `${style.green('✓')} Everything is as in the file.`;
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
