import type { Style } from '../../cli/style.ts';
import { ageText } from '../../duration.ts';
import type { Finding, FindingSeverity, Fix } from '../../findings/finding.ts';
import type { Refusals } from '../../findings/refusals.ts';
import { connectionText } from '../../products/connection.ts';
import type { HolderLook } from '../../realm/record.ts';
import { brief, briefList, count, listNames, shellLines, visible, wrap } from '../../text.ts';
import type { StatusAnswer } from './answer.ts';
import type { News } from './baseline.ts';
import { clientTable } from './client-table.ts';
import { refusalLine } from './refusal-line.ts';

const MARK: Record<FindingSeverity, string> = { error: '✗', warning: '!', info: 'i' };

function paint(severity: FindingSeverity, style: Style): (text: string) => string {
  return { error: style.red, warning: style.yellow, info: style.cyan }[severity];
}

/**
 * The answer for a person: header, findings by severity, the parts that are OK, refusals, clients, the verdict.
 * `verbose` shows the cause of every finding, not of errors alone.
 */
export function statusText(answer: StatusAnswer, style: Style, verbose = false): string {
  const sections = [
    header(answer, style),
    findingsSection('Errors', 'error', answer, style, true),
    findingsSection('Warnings', 'warning', answer, style, verbose),
    productsSection(answer, style),
    groupsSection(answer, style),
    findingsSection('Good to know', 'info', answer, style, false),
    refusalsSection(answer, style),
    looksSection(answer, style),
    answer.rows === undefined ? '' : section('Clients', [clientTable(answer.rows, style)], style),
    nextText(answer),
    `${verdict(answer, style)}\n`,
  ];
  return sections.filter((one) => one !== '').join('\n');
}

/** The findings that are new since a baseline; nothing where there are none. */
export function newsText(answer: StatusAnswer, news: News, style: Style): string {
  const { findings, unjudged, gone, known, file } = news;
  if (findings.length === 0 && unjudged.length === 0) return '';
  const { realm, server } = answer;
  const title = `${count(findings.length, 'finding')} new since ${brief(file, 120)}`;
  const hidden = unjudged.map(({ code, role }) =>
    wrap(`  ${style.yellow('?')} ${code} can’t be judged any more: needs the role ${role}.`, style.width),
  );
  const went = gone.map(({ code, subject }) =>
    wrap(`${style.green('✓')} ${code} is gone: ${visible(subject)}`, style.width, '  '),
  );
  const sections = [
    `${style.bold(title)} (${known} known)\n${wrap(`realm ${visible(realm)} at ${server}`, style.width, '  ')}\n`,
    ...(['error', 'warning', 'info'] as const).map((severity) =>
      findingsSection(
        { error: 'Errors', warning: 'Warnings', info: 'Good to know' }[severity],
        severity,
        { ...answer, findings },
        style,
        true,
      ),
    ),
    section('Not judged', hidden, style),
    section('Gone', went, style),
  ];
  return sections.filter((one) => one !== '').join('\n');
}

/** The number of lines of the journal that are shown; `--json` has all. */
const DEEDS = 5;

/** Words of the journal that say little to a reader. */
const PLAIN_DEEDS: Readonly<Record<string, string>> = { hardened: 'made registration safer for' };

/** The latest deeds, and the holders of an audience as of the last look at all clients. */
function looksSection({ journal = [], lastLook, now }: StatusAnswer, style: Style): string {
  const since = (at: string) => `${ageText(Math.max(0, now - Date.parse(at)))} ago`;
  const deeds = journal
    .slice(0, DEEDS)
    .map(
      ({ at, did, to, by }) =>
        `${since(at)}: ${PLAIN_DEEDS[did] ?? did} ${briefList(to.split(', '), 120)} (${brief(by, 80)})`,
    );
  const held = Object.entries(lastLook?.holders ?? {}).map(
    ([scope, number]) => `${count(number, 'client')} with ${visible(scope)}`,
  );
  const looked =
    lastLook === undefined
      ? []
      : [
          `All clients were looked at ${since(lastLook.at)}: ${[count(lastLook.clients, 'client'), ...held].join(', ')}${excess(lastLook)}. Now: mcpkc status --clients`,
        ];
  const lines = [...deeds, ...looked].map((line) => wrap(line, style.width, '  '));
  return section('Lately', lines, style);
}

function excess({ findings }: HolderLook): string {
  const number = findings.HOLDER_EXCEEDS ?? 0;
  return number === 0 ? '' : `; ${number} of them may do more than a connector (HOLDER_EXCEEDS)`;
}

function header(answer: StatusAnswer, style: Style): string {
  const { server, realm, profile, resource, scopes, otherScopes } = answer;
  const title =
    resource === undefined ? `Realm ${visible(realm)}, no MCP server configured` : visible(resource);
  const names = scopes.map(({ name, resource: of, mode, roles }) => {
    const whose = of === resource || of === null ? '' : `, ${visible(of)}`;
    const who =
      roles === null ? '' : `, ${roles.length === 0 ? 'for nobody' : `for the role ${listNames(roles)}`}`;
    return wrap(`scope ${visible(name)} (${mode}${whose}${who})`, style.width, '  ');
  });
  const others =
    otherScopes.length === 0 ? [] : [`  ${count(otherScopes.length, 'audience scope')} of others`];
  const lines = [
    style.bold(title),
    wrap(
      `realm ${visible(realm)} at ${server}${profile === undefined ? '' : `, profile ${profile}`}`,
      style.width,
      '  ',
    ),
  ];
  return `${[...lines, ...names, ...others].join('\n')}\n`;
}

/** A line per product: its connection, whether the realm lets it through, and the findings against that. */
function productsSection({ products }: StatusAnswer, style: Style): string {
  const told = {
    ready: [style.green('✓'), 'nothing in the realm stops it'],
    stopped: [style.red('✗'), 'can’t connect'],
    depends: [style.yellow('!'), 'depends on the MCP server or the user'],
    unknown: [style.yellow('?'), 'not everything was visible'],
  } as const;
  const lines = products.map((product) => {
    const { title, verdict: state, codes, way } = product;
    const [mark, words] = told[state];
    const by = way === 'none' ? '' : `, ${connectionText(product)}`;
    const why = codes.length === 0 ? '' : ` (${codes.join(', ')})`;
    return `  ${mark} ${wrap(`${visible(title)}${by}: ${words}${why}`, style.width, '    ').trimStart()}`;
  });
  return section('Products', lines, style);
}

/** The next step where the realm has no scope for the MCP server: that of every command. */
function nextText({ findings, firstStep }: StatusAnswer): string {
  if (firstStep === undefined || !findings.some(({ code }) => code === 'SCOPE_MISSING')) return '';
  return `Next, ${firstStep.what}:\n  ${firstStep.line}\n`;
}

/** The one sentence that a person reads; broken where the terminal is narrow. */
function verdict({ findings, groups, products }: StatusAnswer, style: Style): string {
  const line = (colour: (text: string) => string, mark: string, words: string) =>
    colour(`${mark} ${wrap(words, style.width, '  ').trimStart()}`);
  const number = (severity: FindingSeverity) => findings.filter((one) => one.severity === severity).length;
  const [errors, warnings] = [number('error'), number('warning')];
  const unseen = groups.some(({ state, roles }) => state === 'unseen' || roles.length > 0);
  if (errors > 0) {
    const also = warnings === 0 ? '' : `, ${count(warnings, 'warning')}`;
    const stopped = products.some((one) => one.verdict === 'stopped');
    const means =
      stopped || products.length === 0
        ? 'not ready for connectors'
        : 'products get through, and others could, too';
    return line(style.red, '✗', `${count(errors, 'error')}${also}: ${means}`);
  }
  if (unseen) return line(style.yellow, '?', 'no errors seen, but not everything was visible');
  if (warnings > 0)
    return line(style.yellow, '!', `ready for connectors, with ${count(warnings, 'warning')}`);
  return line(style.green, '✓', 'ready for connectors');
}

function section(title: string, blocks: readonly string[], style: Style): string {
  return blocks.length === 0 ? '' : `${style.bold(title)}\n${blocks.join('\n')}\n`;
}

/** Findings of one severity; those that one fix clears stand together, with the fix once. */
function findingsSection(
  title: string,
  severity: FindingSeverity,
  answer: StatusAnswer,
  style: Style,
  withCauses: boolean,
): string {
  const found = answer.findings.filter((one) => one.severity === severity);
  const byFix = Map.groupBy(found, ({ fix }) => `${fix.kind} ${fix.text}`);
  const blocks = [...byFix.values()].map((together) => {
    const sentences = together.map((one) =>
      sentenceText(one, withCauses ? answer.causes.get(one.code) : undefined, style),
    );
    const [first] = together;
    return [...sentences, ...(first === undefined ? [] : fixLines(severity, first.fix, style))].join('\n');
  });
  return section(title, blocks, style);
}

function sentenceText({ code, severity, message }: Finding, cause: string | undefined, style: Style): string {
  const mark = paint(severity, style)(MARK[severity]);
  // A fact that is good to know has no code: nobody looks it up as a fault.
  const named = severity === 'info' ? '' : ` (${code})`;
  const sentence = wrap(`${visible(message)}${named}`, style.width, '    ').trimStart();
  const why = cause === undefined ? [] : [style.dim(wrap(`Cause: ${cause}`, style.width, '    '))];
  return [`  ${mark} ${sentence}`, ...why].join('\n');
}

const WHERE: Record<Fix['kind'], string> = {
  command: 'Fix',
  keycloak: 'Fix in Keycloak',
  'mcp-server': 'Fix at the MCP server',
};

function fixLines(severity: FindingSeverity, { kind, text }: Fix, style: Style): string[] {
  if (kind === 'command') return ['    Fix:', style.cyan(shellLines(visible(text), style.width, '      '))];
  const label = severity === 'info' ? '→' : `${WHERE[kind]}:`;
  return text === 'Nothing to fix.' ? [] : [wrap(`${label} ${visible(text)}`, style.width, '    ')];
}

function groupsSection({ groups }: StatusAnswer, style: Style): string {
  const lines = groups.flatMap(({ title, state, roles }) => {
    const hidden = roles.length === 0 ? '' : `not visible to this account (needs ${roles.join(', ')})`;
    if (state === 'good') return [`  ${style.green('✓')} ${wrap(title, style.width, '    ').trimStart()}`];
    if (hidden === '' || state === 'empty') return [];
    const text = wrap(`${title}: ${state === 'bad' ? 'partly ' : ''}${hidden}`, style.width, '    ');
    return [`  ${style.yellow('?')} ${text.trimStart()}`];
  });
  const title = groups.some(({ state }) => state === 'good') ? 'OK' : 'Not judged';
  return section(title, lines, style);
}

function refusalsSection({ refusals, eventsOn, now }: StatusAnswer, style: Style): string {
  const title = 'Refused in the last 24 hours';
  if (!Array.isArray(refusals)) {
    const text = `not visible to this account (needs ${refusals.role})`;
    return section(title, [`  ${style.yellow('?')} ${text}`], style);
  }
  if (refusals.length > 0) {
    const isOwn = ({ count: all, duringValidate }: Refusals) => duringValidate === all;
    const own = refusals.filter(isOwn).reduce((sum, one) => sum + one.count, 0);
    const lines = refusals
      .filter((one) => !isOwn(one))
      .slice(0, 10)
      .map((one) => refusalLine(one, now));
    const tests = `${count(own, 'refusal')} while mcpkc validate ran on this machine, which tries what must be refused (--json has each)`;
    return section(
      title,
      [...lines, ...(own > 0 ? [tests] : [])].map(
        (line) => `  ${style.yellow('-')} ${wrap(line, style.width, '    ').trimStart()}`,
      ),
      style,
    );
  }
  return eventsOn === true ? section(title, ['  nothing'], style) : '';
}
