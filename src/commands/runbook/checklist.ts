import { formatCommand, markdownText } from '../../text.ts';
import { BOXES } from './boxes.ts';
import type { Results, RunbookFacts } from './facts.ts';
import { code } from './markdown.ts';

/**
 * The state of a box: `open` with the reasons; `seen` where `status` finds nothing against it and no check was run;
 * `unknown` where not everything was looked at.
 */
export interface BoxState {
  id: string;
  title: string;
  state: 'done' | 'seen' | 'open' | 'unknown';
  reasons: string[];
}

/** The state of each box after the observation; the last one is the whole playbook. */
export function boxStates(results: Results): BoxState[] {
  const states = BOXES.map(({ id, title, findings, checks }) => {
    const against = [...brokenBy(results, findings), ...failed(results, checks)];
    return { id, title, state: stateOf(results, findings, checks, against), reasons: against };
  });
  return [...states, playbook(results)];
}

function brokenBy({ findings = [] }: Results, prefixes: readonly string[]): string[] {
  return findings
    .filter(
      ({ severity, code: of }) => severity !== 'info' && prefixes.some((prefix) => of.startsWith(prefix)),
    )
    .map(({ code: of, message }) => `${of}: ${message}`);
}

function failed({ checks = [] }: Results, ids: readonly string[]): string[] {
  return checks
    .filter(({ id, outcome }) => ids.includes(id) && (outcome === 'fail' || outcome === 'not-run'))
    .map(({ id, outcome, message }) => `${id} ${outcome === 'fail' ? 'failed' : 'was not run'}: ${message}`);
}

function stateOf(
  { findings, isWhole, checks }: Results,
  codes: readonly string[],
  ids: readonly string[],
  against: readonly string[],
): BoxState['state'] {
  if (against.length > 0) return 'open';
  const passed = ids.every((id) => checks?.some((check) => check.id === id && check.outcome === 'pass'));
  if (passed && (codes.length === 0 || findings !== undefined)) return 'done';
  const isSeen = codes.length > 0 && findings !== undefined && isWhole === true && checks === undefined;
  return isSeen ? 'seen' : 'unknown';
}

function playbook({ checks }: Results): BoxState {
  const title = 'Every check that must pass passes; only then are people asked to connect';
  const box = { id: 'validate', title };
  if (!checks) return { ...box, state: 'unknown', reasons: [] };
  const red = checks.filter(
    ({ severity, outcome }) => severity === 'must' && (outcome === 'fail' || outcome === 'not-run'),
  );
  const reasons = red.map(({ id, outcome }) => `${id} ${outcome === 'fail' ? 'failed' : 'was not run'}`);
  return { ...box, state: red.length > 0 || checks.length === 0 ? 'open' : 'done', reasons };
}

/** The deployment checklist with its boxes. */
export function checklistSection(facts: RunbookFacts): string {
  const lines = boxStates(facts.results).map(({ id, title, state, reasons }) => {
    const box = BOXES.find((one) => one.id === id);
    const how = box ? box.how(facts) : code(formatCommand(['validate', facts.mcpServer.resource]));
    const why = reasons.map((reason) => `\n  - ${markdownText(reason)}`).join('');
    const isTicked = state === 'done' || state === 'seen';
    const sure = { done: '', open: '', seen: ' *(as the realm is set up)*', unknown: ' *(not proven)*' }[
      state
    ];
    return `- [${isTicked ? 'x' : ' '}] ${title}${sure}: ${how}${why}`;
  });
  const { findings, checks } = facts.results;
  const seen = [findings && 'mcpkc status', checks && 'mcpkc validate'].filter(Boolean).join(' and ');
  const note =
    seen === ''
      ? 'Nothing was looked at: boxes are ticked where a service account is configured.'
      : `Ticked on ${facts.day} by what ${seen} found.${checks ? '' : ` ${code('--validate')} proves the rest.`}`;
  return `## Deployment checklist\n\n${note}\n\n${lines.join('\n')}`;
}
