import type { ShownCheck, ValidationAnswer } from '../../checks/answer.ts';
import { GROUP_TITLES, groupOf } from '../../checks/check.ts';
import type { Explained } from '../../checks/list.ts';
import type { Outlook } from '../../checks/outlook.ts';
import { unreachableText } from '../../checks/vendor-network.ts';
import type { Style } from '../../cli/style.ts';
import { connectionText } from '../../products/connection.ts';
import { count, formatCommand, isCommandLine, shellLines, visible, wrap } from '../../text.ts';

/**
 * A report with a line per group of checks. First come the red checks, each with cause and fix, and the realm’s own
 * errors. Then come products, the verdict, and after a red one the next command. `verbose` has a line per check
 * instead.
 */
export function validateText(answer: ValidationAnswer, style: Style, verbose: boolean): string {
  const isTold = ({ outcome, message, culprit, excused }: ShownCheck) =>
    culprit === null && !excused && (outcome !== 'skipped' || !message.startsWith('Not chosen'));
  const told = answer.checks.filter(isTold);
  const isRed = ({ id }: ShownCheck) => answer.red.includes(id);
  const inFull = (checks: readonly ShownCheck[]) =>
    checks.map((check) => `${checkText(check, style, verbose)}${notRunFor(check, answer, style)}`).join('');
  const isTrouble = ({ outcome, warning }: ShownCheck) =>
    outcome === 'fail' || outcome === 'not-run' || warning;
  const parts = [
    header(answer, style),
    inFull(told.filter(isRed)),
    realmText(answer, style),
    verbose ? inFull(told.filter((check) => !isRed(check))) : groupsText(answer, style),
    verbose ? '' : inFull(told.filter((check) => !isRed(check) && isTrouble(check))),
    excusedText(answer, style),
    outlookText(answer, style),
    verbose ? traces(answer, style) : '',
    `${verdict(answer, style)}${nextText(answer, style)}`,
  ];
  return parts.filter((part) => part !== '').join('\n');
}

/** Whether a check that failed is a fault; what is worth knowing alone is none. */
const isFault = ({ severity }: ShownCheck) => severity !== 'info';

/** A line per group that something was chosen of: the number that passed, and those that did not. */
function groupsText({ checks, red }: ValidationAnswer, style: Style): string {
  const groups = Map.groupBy(checks, groupOf);
  const lines = [...groups].flatMap(([group, all]) => {
    const chosen = all.filter(
      ({ outcome, message }) => outcome !== 'skipped' || !message.startsWith('Not chosen'),
    );
    if (chosen.length === 0) return [];
    const of = (outcome: ShownCheck['outcome']) => chosen.filter((one) => one.outcome === outcome);
    const [passed, notRun, left] = [of('pass'), of('not-run'), of('skipped')];
    const [failed, noted] = [of('fail').filter(isFault), of('fail').filter((one) => !isFault(one))];
    const parts = [
      passed.length === 0 ? '' : `${passed.length} passed`,
      failed.length === 0 ? '' : `failed: ${failed.map(({ id }) => id).join(', ')}`,
      noted.length === 0 ? '' : `noted: ${noted.map(({ id }) => id).join(', ')}`,
      notRun.length === 0 ? '' : `${notRun.length} not run`,
      left.length === 0 ? '' : `${left.length} skipped`,
    ].filter((part) => part !== '');
    const mark = groupMark(chosen, red, style);
    return [
      `${mark} ${wrap(`${group} ${GROUP_TITLES[group] ?? ''}: ${parts.join(', ')}`, style.width, '    ').trimStart()}\n`,
    ];
  });
  return lines.join('');
}

function groupMark(checks: readonly ShownCheck[], red: readonly string[], style: Style): string {
  const some = (is: (check: ShownCheck) => boolean) => checks.some(is);
  if (some(({ id, outcome }) => outcome === 'fail' && red.includes(id))) return style.red('✗');
  if (
    some(
      ({ id, culprit, excused, outcome }) =>
        outcome === 'not-run' && !excused && (culprit !== null || red.includes(id)),
    )
  )
    return style.red('■');
  if (some((one) => one.outcome === 'fail' && isFault(one))) return style.yellow('✗');
  if (some(({ outcome, excused }) => outcome === 'not-run' && !excused)) return style.yellow('■');
  if (some(({ warning, outcome }) => warning && outcome === 'pass')) return style.yellow('!');
  if (some(({ outcome }) => outcome === 'fail')) return style.cyan('i');
  return some(({ outcome }) => outcome === 'pass') ? style.green('✓') : style.dim('-');
}

/** The findings of `status` in the realm: both sides of the chain in one report. */
function realmText({ realmErrors }: ValidationAnswer, style: Style): string {
  if (realmErrors.length === 0) return '';
  const lines = realmErrors.map(({ code, message, fix }) => {
    const sentence = wrap(`${visible(message)} (${code})`, style.width, '    ').trimStart();
    const how =
      fix.kind === 'command'
        ? `    Fix:\n${shellLines(visible(fix.text), style.width, '      ')}`
        : wrap(`Fix: ${visible(fix.text)}`, style.width, '    ');
    return `${style.red('✗')} ${sentence}\n${how}\n`;
  });
  return `${style.bold('In the realm (mcpkc status)')}\n${lines.join('')}`;
}

/** A URL that is the same in every shell: a server’s answer is shown as a command line only where it is one. */
const PLAIN_URL = /^https?:\/\/[\w.:[\]-]+(?:\/[\w.~-]+)*\/?$/;

/** Checks that fail where the address is another server's, a typo, or a proxy's without a server behind it. */
const ELSEWHERE = ['CHAL-401', 'PRM-RESOURCE'];

/**
 * The one command to go on with after a red verdict: the first fix that is one, else one that explains the first cause.
 */
function nextText(answer: ValidationAnswer, style: Style): string {
  const { red, checks, realmErrors, silent, mcp, firstStep } = answer;
  const step = (words: string, line: string) =>
    `Next${words}:\n${shellLines(visible(line), style.width, '  ')}\n`;
  const isUnprovisioned = realmErrors.some(({ code }) => code === 'SCOPE_MISSING');
  if (silent)
    return step(
      isUnprovisioned ? ', once it runs; mcpkc env prints what it needs' : ', once it runs',
      formatCommand(['validate', mcp]),
    );
  if (red.length === 0) return '';
  const causes = checks.filter(({ id, culprit }) => red.includes(id) && culprit === null);
  const endpoint = causes.find(({ id }) => id === 'CHAL-401')?.evidence.facts.endpoint;
  if (typeof endpoint === 'string' && PLAIN_URL.test(endpoint))
    return step(', with the URL that the server’s metadata names', formatCommand(['validate', endpoint]));
  if (causes.some(({ fix }) => fix?.includes('--ca-file') === true))
    return step(
      ', with the authority’s certificate in a file',
      formatCommand(['validate', mcp, ['--ca-file', 'authority.pem']]),
    );
  if (isUnprovisioned && firstStep && !causes.some(({ id }) => ELSEWHERE.includes(id)))
    return step(`, ${firstStep.what}`, firstStep.line);
  // A realm is never made ready for an address at which there is no such MCP server.
  const isElsewhere = causes.some(({ id }) => ELSEWHERE.includes(id));
  const fixes = [
    ...(isElsewhere ? [] : realmErrors.flatMap(({ fix }) => (fix.kind === 'command' ? [fix.text] : []))),
    ...causes.flatMap(({ fix }) => (fix !== null && isCommandLine(fix) ? [fix] : [])),
  ];
  const next = fixes[0] ?? formatCommand(['explain', causes[0]?.id ?? red[0] ?? '']);
  return step('', next);
}

/** The checks that were not run because this check failed, in one line. */
function notRunFor({ id }: ShownCheck, { checks }: ValidationAnswer, style: Style): string {
  const ids = checks.filter(({ culprit }) => culprit === id).map((one) => one.id);
  return ids.length === 0
    ? ''
    : `${wrap(`Not run: ${ids.join(', ')} (needs ${id}).`, style.width, '    ')}\n`;
}

/** The checks that were not run and are no failure, a line for each reason. */
function excusedText({ checks }: ValidationAnswer, style: Style): string {
  const reasons = Map.groupBy(
    checks.filter(({ excused, outcome }) => excused && outcome === 'not-run'),
    ({ message, fix }) => (fix === null ? message : `${message} ${fix}`),
  );
  return [...reasons]
    .map(([reason, ones]) => {
      const ids = ones.map(({ id }) => id).join(', ');
      return `${style.dim('-')} ${wrap(`Not run: ${ids}. ${reason}`, style.width, '    ').trimStart()}\n`;
    })
    .join('');
}

function header({ mcp, issuer, mode, scope, realm }: ValidationAnswer, style: Style): string {
  const about = mode === null ? 'seen from outside' : `scope ${visible(scope ?? '')} (${mode})`;
  const where = realm === undefined ? '' : `, realm ${visible(realm)}`;
  const lines = [`issuer ${visible(issuer ?? 'unknown')}`, `${about}${where}`];
  return `${style.bold(visible(mcp))}\n${lines.map((line) => `${wrap(line, style.width, '  ')}\n`).join('')}`;
}

function markOf({ outcome, severity, warning }: ShownCheck, style: Style): string {
  if (outcome === 'pass') return warning ? style.yellow('!') : style.green('✓');
  if (outcome === 'skipped') return style.dim('-');
  if (severity === 'info') return style.cyan('i');
  if (outcome === 'not-run') return severity === 'must' ? style.red('■') : style.yellow('■');
  return severity === 'must' ? style.red('✗') : style.yellow('✗');
}

function checkText(check: ShownCheck, style: Style, verbose: boolean): string {
  const { id, title, outcome, message, cause, fix, severity } = check;
  const trouble = outcome === 'fail' || outcome === 'not-run';
  const label = trouble ? ` (${outcome === 'not-run' ? `${severity}, not run` : severity})` : '';
  const head = wrap(`${id} ${title}${label}`, style.width - 2, '    ').trimStart();
  const shownHead = trouble ? head.replace(id, style.bold(id)) : head;
  const line = (text: string) => `${wrap(text, style.width, '    ')}\n`;
  const more = [
    trouble || check.warning || verbose ? line(message) : '',
    trouble && cause !== null ? line(`Cause: ${cause}`) : '',
    trouble && fix !== null ? line(isCommandLine(fix) ? `Fix:\n  ${fix}` : `Fix: ${fix}`) : '',
    verbose ? exchangesText(check, style) : '',
  ];
  return `${markOf(check, style)} ${shownHead}\n${more.join('')}`;
}

function exchangesText({ evidence, spec }: ShownCheck, style: Style): string {
  const lines = evidence.exchanges.flatMap(({ request, status, ms, headers, problem, requestId }) => [
    `    ${request}`,
    `      ${problem ?? `${status ?? 'no answer'}`}, ${ms} ms, ${requestId}`,
    ...Object.entries(headers).map(([name, value]) => `      ${name}: ${value}`),
  ]);
  return `${[...lines, `    ${spec}`].map((line) => style.dim(line)).join('\n')}\n`;
}

function outlookText({ outlook }: ValidationAnswer, style: Style): string {
  const mark: Record<Outlook['verdict'], string> = {
    works: style.green('✓'),
    'works-with-warnings': style.yellow('!'),
    'works-once-adopted': style.yellow('!'),
    expected: style.green('✓'),
    'expected-once-adopted': style.yellow('!'),
    fails: style.red('✗'),
    unknown: style.yellow('?'),
  };
  const lines = outlook.map((one) => {
    const { title, verdict: how, way, message, tried, read, untried, unreachable } = one;
    const by = way === 'none' ? '' : `, ${connectionText(one)},`;
    const isStopped = unreachable.length > 0 && (how === 'works' || how === 'expected');
    const sign = isStopped ? style.yellow('!') : mark[how];
    const told = `${sign} ${wrap(`${title}${by} ${message}`, style.width, '  ').trimStart()}\n`;
    const network =
      unreachable.length === 0
        ? ''
        : `${wrap(`Its vendor’s servers ${unreachableText(unreachable)}.`, style.width, '    ')}\n`;
    const basis = [
      tried.length === 0 ? '' : `Tried: ${tried.join(', ')}.`,
      read.length === 0 ? '' : `Read: ${read.join(', ')}.`,
      untried.length === 0 ? '' : `Not tried: ${untried.join(', ')}.`,
    ].filter((part) => part !== '');
    return `${told}${network}${style.dim(wrap(basis.join(' '), style.width, '    '))}\n`;
  });
  return lines.join('');
}

function traces({ requests, events, commands }: ValidationAnswer, style: Style): string {
  const asked = requests.map(({ id, request, status, ms }) => `  ${id} ${request} ${status ?? '-'} ${ms} ms`);
  const seen = events.map(
    (event) =>
      `  ${Object.values(event as Record<string, unknown>)
        .map(String)
        .join(' ')}`,
  );
  const ways = Object.values(commands).map((command) => `  ${command}`);
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : [style.bold(title), ...lines.map(style.dim)];
  return `${[...section('Requests', asked), ...section('Keycloak’s events', seen), ...section('To find them in the logs', ways)].join('\n')}\n`;
}

function verdict({ checks, red, silent, swept, mcp }: ValidationAnswer, style: Style): string {
  const passed = checks.filter(({ outcome }) => outcome === 'pass').length;
  const failed = checks.filter((one) => one.outcome === 'fail' && isFault(one)).length;
  const noted = checks.filter((one) => one.outcome === 'fail' && !isFault(one)).length;
  const notRun = checks.filter(({ outcome }) => outcome === 'not-run').length;
  const rest = [
    failed === 0 ? '' : `${failed} failed`,
    notRun === 0 ? '' : `${notRun} not run`,
    noted === 0 ? '' : `${noted} noted`,
  ].filter((part) => part !== '');
  const counts = `${[`${count(passed, 'check')} passed`, ...rest].join(', ')}.`;
  const notes = [
    swept.removed.length > 0
      ? `Removed ${count(swept.removed.length, 'probe client')} that an earlier run left.\n`
      : '',
    swept.left.length > 0
      ? `${wrap(`An earlier run left probe clients that this account can’t remove: ${swept.left.join(', ')}`, style.width)}\n`
      : '',
  ].join('');
  if (silent) return `${notes}${style.red('✗')} ${visible(mcp)} never answered. ${counts}\n`;
  if (red.length === 0 && failed === 0) return `${notes}${style.green('✓')} ${counts}\n`;
  if (red.length === 0) return `${notes}${style.yellow('!')} ${counts} None of these must pass.\n`;
  const causes = checks.filter(({ id, culprit }) => red.includes(id) && culprit === null).map(({ id }) => id);
  const inTheWay = causes.length === 0 ? red : causes;
  return `${notes}${style.red('✗')} ${wrap(`${counts} In the way: ${inTheWay.join(', ')}`, style.width, '  ').trimStart()}\n`;
}

/** The catalogue of checks. */
export function catalogueText(checks: readonly Explained[], style: Style): string {
  return checks
    .map(({ id, title, severity, needs }) => {
      const after = needs.length === 0 ? '' : `; needs ${needs.join(', ')}`;
      return `${style.bold(id)} ${style.dim(`(${severity}${after})`)}\n${wrap(title, style.width, '    ')}\n`;
    })
    .join('');
}
