import type { ShownCheck, ValidationAnswer } from '../../checks/answer.ts';
import { GROUP_TITLES, groupOf } from '../../checks/check.ts';
import type { Outlook } from '../../checks/outlook.ts';
import { unreachableText } from '../../checks/vendor-network.ts';
import { count, markupText } from '../../text.ts';
import { VERSION } from '../../version.ts';
import type { RunTime } from './junit.ts';

/** A step of a client’s way to the MCP server: its action, its partner, and the checks that judge it. */
const JOURNEY = [
  { group: 'CHAL', to: 'mcp-server', does: 'asks without a token' },
  { group: 'PRM', to: 'mcp-server', does: 'reads the resource metadata' },
  { group: 'ASM', to: 'keycloak', does: 'reads the issuer’s metadata' },
  { group: 'REG', to: 'keycloak', does: 'registers' },
  { group: 'AUTHZ', to: 'keycloak', does: 'sends the person to sign in' },
  { group: 'TOK', to: 'keycloak', does: 'gets a token' },
  { group: 'MCP', to: 'mcp-server', does: 'calls with the token' },
] as const;

type State = 'good' | 'bad' | 'unsure' | 'part' | 'dark' | 'left';

/** Words for every state: colour alone tells nothing to many, and nothing on paper. */
const SAID: Record<State, string> = {
  good: '✓ works',
  bad: '✗ broken here',
  unsure: '! works, with doubts',
  part: '■ partly not reached',
  dark: '■ not reached',
  left: '– not tried',
};

/**
 * Everything is in the page: no script, and nothing is asked for anywhere, which its policy (CSP) holds browsers to.
 */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--ground:#fff;--box:#f6f8fa;--good:#116329;--bad:#b3131f;--unsure:#7d4e00}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9da7b3;--line:#3d444d;--ground:#0d1117;--box:#161b22;--good:#56d364;--bad:#ff7b72;--unsure:#e3b341}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:1.5rem;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.3rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}h3{font-size:1rem;margin:0}
p{margin:.3rem 0}dl{display:grid;grid-template-columns:max-content 1fr;gap:0 1rem;margin:.5rem 0}dt{color:var(--soft)}dd{margin:0}
.verdict{font-weight:600;font-size:1.1rem;margin:.5rem 0}.good{color:var(--good)}.bad{color:var(--bad)}.unsure{color:var(--unsure)}.part,.dark,.left,.soft{color:var(--soft)}
.card{border:1px solid var(--line);border-left:.3rem solid var(--bad);border-radius:.3rem;padding:.6rem .9rem;margin:.6rem 0;background:var(--box)}.card.doubt{border-left-color:var(--unsure)}
pre,code{font:0.85rem/1.4 ui-monospace,monospace}pre{white-space:pre-wrap;margin:.3rem 0;padding:.5rem;background:var(--box);border:1px solid var(--line);border-radius:.3rem}
details{border-top:1px solid var(--line);padding:.35rem 0}summary{cursor:pointer}details details{margin-left:1rem}
.scroll{overflow-x:auto}svg{width:100%;height:auto;min-width:34rem;max-width:52rem}svg text{font:13px system-ui,sans-serif;fill:currentColor}svg .head{font-weight:600}
svg line,svg path{stroke:currentColor;fill:none;stroke-width:1.5}svg .lane{stroke:var(--line)}svg .dark line,svg .left line{stroke-dasharray:4 4}
table{border-collapse:collapse;width:100%;font-size:.85rem}td,th{text-align:left;padding:.15rem .5rem;border-top:1px solid var(--line);vertical-align:top}
@media print{body{max-width:none;padding:0;background:#fff;color:#000}.card,details,tr,svg{break-inside:avoid}details::details-content{content-visibility:visible;block-size:auto}}
`;

/**
 * A page for the colleague who runs the MCP server or the proxy: where the way broke, the cause, the fix, and every
 * exchange.
 */
export function validateHtml(answer: ValidationAnswer, time: RunTime): string {
  const { mcp, issuer, realm, scope, mode } = answer;
  const facts: [string, string | null | undefined][] = [
    ['issuer', issuer],
    ['realm', realm],
    ['scope', scope === null ? null : `${scope}${mode === null ? '' : ` (${mode})`}`],
    ['run', `${time.at}, ${(time.ms / 1000).toFixed(1)} s, mcpkc ${VERSION}`],
  ];
  const body = [
    `<h1>${markupText(mcp)}</h1>`,
    verdictHtml(answer),
    `<dl>${facts.map(([name, value]) => (value == null ? '' : `<dt>${name}</dt><dd>${markupText(value)}</dd>`)).join('')}</dl>`,
    section('The way of a client', journeySvg(answer)),
    section('In the way', causesHtml(answer)),
    section('In the realm', realmHtml(answer)),
    section('Worth knowing', doubtsHtml(answer)),
    section('Products', answer.outlook.map(outlookHtml).join('')),
    section('All checks', groupsHtml(answer)),
    section('Every request', requestsHtml(answer)),
    '<p class="soft">Tokens, codes and secrets are masked. This page asks for nothing from anywhere.</p>',
  ].join('\n');
  return page(`${mcp}: mcpkc validate`, body);
}

/** The page of a run that failed before there were results, in place of an older one’s. */
export function failedHtml(
  { code, message, fix }: { code: string; message: string; fix: string },
  { at }: RunTime,
): string {
  const body = `<h1>mcpkc validate</h1><p class="verdict bad">✗ No result: ${markupText(code)}</p><div class="card"><p>${markupText(message)}</p><pre>${markupText(fix)}</pre></div><p class="soft">${markupText(at)}, mcpkc ${VERSION}</p>`;
  return page('mcpkc validate: no result', body);
}

function page(title: string, body: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta http-equiv="Content-Security-Policy" content="${POLICY}"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="referrer" content="no-referrer"/>
<meta name="robots" content="noindex"/>
<title>${markupText(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}

function section(title: string, body: string): string {
  return body === '' ? '' : `<section><h2>${title}</h2>${body}</section>`;
}

function verdictHtml({ checks, red, silent }: ValidationAnswer): string {
  const number = (outcome: ShownCheck['outcome']) => checks.filter((one) => one.outcome === outcome).length;
  const counts = `${count(number('pass'), 'check')} passed, ${number('fail')} failed, ${number('not-run')} not run`;
  if (silent) return `<p class="verdict bad">✗ The MCP server never answered. ${counts}.</p>`;
  return red.length === 0
    ? `<p class="verdict good">✓ ${counts}.</p>`
    : `<p class="verdict bad">✗ ${counts}.</p>`;
}

/** The state of a step: broken where a check of it is red itself, dark where another’s failure left it not run. */
function stateOf(group: string, { checks, red }: ValidationAnswer): State {
  const own = checks.filter((check) => groupOf(check) === group && !isUnchosen(check));
  if (own.some(({ id, outcome, culprit }) => outcome === 'fail' && culprit === null && red.includes(id)))
    return 'bad';
  const passed = own.some(({ outcome }) => outcome === 'pass');
  if (own.some(({ outcome, excused }) => outcome === 'not-run' && !excused)) return passed ? 'part' : 'dark';
  if (own.some(({ outcome, warning, severity }) => warning || (outcome === 'fail' && severity !== 'info')))
    return 'unsure';
  return passed ? 'good' : 'left';
}

const LANES = { client: 70, 'mcp-server': 400, keycloak: 690 } as const;
const TOP = 46;
const STEP = 44;

/** The sequence diagram: an arrow per step, dashed from the place where the way broke. */
function journeySvg(answer: ValidationAnswer): string {
  const height = TOP + JOURNEY.length * STEP + 10;
  const lanes = Object.entries({ client: 'Client', 'mcp-server': 'MCP server', keycloak: 'Keycloak' }).map(
    ([lane, title]) => {
      const x = LANES[lane as keyof typeof LANES];
      return `<text class="head" x="${x}" y="18" text-anchor="middle">${title}</text><line class="lane" x1="${x}" y1="26" x2="${x}" y2="${height}"/>`;
    },
  );
  const arrows = JOURNEY.map(({ group, to, does }, index) => {
    const state = stateOf(group, answer);
    const y = TOP + index * STEP + 18;
    const [from, end] = [LANES.client, LANES[to]];
    return `<g class="${state}"><line x1="${from}" y1="${y}" x2="${end}" y2="${y}"/><path d="M${end - 8} ${y - 5}L${end} ${y}L${end - 8} ${y + 5}"/><text x="${from + 10}" y="${y - 6}">${index + 1}. ${does}: ${SAID[state]}</text></g>`;
  });
  const told = JOURNEY.map(({ group, does }) => `${does}: ${SAID[stateOf(group, answer)]}`).join('; ');
  return `<div class="scroll"><svg viewBox="0 0 780 ${height}" role="img" aria-label="${markupText(told)}">${lanes.join('')}${arrows.join('')}</svg></div>`;
}

function causesHtml(answer: ValidationAnswer): string {
  const { checks, red } = answer;
  return checks
    .filter(({ id, culprit }) => red.includes(id) && culprit === null)
    .map((check) => {
      const after = checks.filter(({ culprit }) => culprit === check.id).map(({ id }) => id);
      const hung =
        after.length === 0 ? '' : `<p class="soft">Not run for it: ${after.map(markupText).join(', ')}</p>`;
      return `<div class="card"><h3 class="bad">✗ ${markupText(check.id)} ${markupText(check.title)}</h3>${reasonHtml(check)}${hung}${exchangesHtml(check)}</div>`;
    })
    .join('');
}

/** Results that are no failure and deserve a look: those that only some clients break at, and warnings. */
function doubtsHtml({ checks, red }: ValidationAnswer): string {
  return checks
    .filter(
      ({ id, outcome, warning, culprit }) =>
        !red.includes(id) && culprit === null && (outcome === 'fail' || warning),
    )
    .map(
      (check) =>
        `<div class="card doubt"><h3 class="unsure">! ${markupText(check.id)} ${markupText(check.title)}</h3>${reasonHtml(check)}${exchangesHtml(check)}</div>`,
    )
    .join('');
}

function reasonHtml({ message, cause, fix }: ShownCheck): string {
  const why = cause === null ? '' : `<p>Cause: ${markupText(cause)}</p>`;
  const how = fix === null ? '' : `<p>Fix:</p><pre>${markupText(fix)}</pre>`;
  return `<p>${markupText(message)}</p>${why}${how}`;
}

function realmHtml({ realmErrors }: ValidationAnswer): string {
  return realmErrors
    .map(
      ({ code, message, fix }) =>
        `<div class="card"><h3 class="bad">✗ ${markupText(code)}</h3><p>${markupText(message)}</p><p>Fix:</p><pre>${markupText(fix.text)}</pre></div>`,
    )
    .join('');
}

function outlookHtml({ title, verdict, message, tried, read, untried, unreachable }: Outlook): string {
  const isGood = (verdict === 'works' || verdict === 'expected') && unreachable.length === 0;
  const state: State = verdict === 'fails' ? 'bad' : isGood ? 'good' : 'unsure';
  const mark = { good: '✓', bad: '✗', unsure: '!' }[state];
  const basis = Object.entries({ Tried: tried, Read: read, 'Not tried': untried })
    .filter(([, list]) => list.length > 0)
    .map(([name, list]) => `${name}: ${list.map(markupText).join(', ')}.`)
    .join(' ');
  const network =
    unreachable.length === 0 ? '' : ` ${markupText(`Its vendor’s servers ${unreachableText(unreachable)}.`)}`;
  return `<p><span class="${state}">${mark} ${markupText(title)}</span> ${markupText(message)}${network}<br/><span class="soft">${basis}</span></p>`;
}

function isUnchosen({ outcome, message }: ShownCheck): boolean {
  return outcome === 'skipped' && message.startsWith('Not chosen');
}

function groupsHtml(answer: ValidationAnswer): string {
  const { checks, red } = answer;
  const groups = Map.groupBy(
    checks.filter((check) => !isUnchosen(check)),
    groupOf,
  );
  return [...groups]
    .map(([group, own]) => {
      const state = stateOf(group, answer);
      const passed = own.filter(({ outcome }) => outcome === 'pass').length;
      const sum = `${passed} of ${own.length} passed`;
      const title = `<span class="${state}">${SAID[state].slice(0, 1)}</span> ${markupText(GROUP_TITLES[group] ?? group)} <span class="soft">(${sum})</span>`;
      return `<details><summary>${title}</summary>${own.map((check) => checkHtml(check, red)).join('')}</details>`;
    })
    .join('');
}

function checkHtml(check: ShownCheck, red: readonly string[]): string {
  const { id, title, outcome, warning, severity, spec } = check;
  const state: State =
    outcome === 'pass'
      ? warning
        ? 'unsure'
        : 'good'
      : red.includes(id)
        ? 'bad'
        : outcome === 'fail'
          ? 'unsure'
          : 'dark';
  const word = outcome === 'pass' ? 'passed' : outcome === 'fail' ? 'failed' : outcome.replace('-', ' ');
  return `<details><summary><span class="${state}">${word}</span> ${markupText(id)} ${markupText(title)} <span class="soft">(${severity})</span></summary>${reasonHtml(check)}<p class="soft">${markupText(spec)}</p>${exchangesHtml(check)}</details>`;
}

function exchangesHtml({ evidence }: ShownCheck): string {
  return evidence.exchanges
    .map(({ request, status, ms, requestId, headers, body, problem }) => {
      const lines = [
        `${problem ?? status ?? 'no answer'}, ${ms} ms, ${requestId}`,
        ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
        ...(body === '' ? [] : ['', body]),
      ];
      return `<details><summary><code>${markupText(request)}</code> <span class="soft">${markupText(String(problem ?? status ?? 'no answer'))}</span></summary><pre>${markupText(lines.join('\n'))}</pre></details>`;
    })
    .join('');
}

function requestsHtml({ requests }: ValidationAnswer): string {
  if (requests.length === 0) return '';
  const rows = requests.map(
    ({ id, request, to, status, ms }) =>
      `<tr><td>${to === 'keycloak' ? 'Keycloak' : 'MCP server'}</td><td><code>${markupText(request)}</code></td><td>${status ?? 'no answer'}</td><td>${ms} ms</td><td><code>${markupText(id)}</code></td></tr>`,
  );
  return `<details><summary>${count(requests.length, 'request')}, to be found in logs by their ids</summary><table><thead><tr><th>to</th><th>request</th><th>answer</th><th>time</th><th>X-Request-Id</th></tr></thead><tbody>${rows.join('')}</tbody></table></details>`;
}
