import type { PartName } from '../keycloak/read/status-parts.ts';
import type { Finding, FindingSeverity, RuleGroup } from './finding.ts';
import type { Seen } from './seen.ts';

/** A rule that could not be judged, and the role that judging needs. */
export interface Unjudged {
  code: string;
  role: string;
}

/** The outcome of one group of rules. */
export interface GroupVerdict {
  title: string;
  /**
   * State of the group. `bad`: an error or a warning; `unseen`: nothing found, but not everything visible; `empty`:
   * nothing to judge.
   */
  state: 'good' | 'bad' | 'unseen' | 'empty';
  /** Roles that are missing to judge all of it. */
  roles: string[];
}

/** The findings of all rules about the realm. */
export interface RealmJudgement {
  /** The most important first. */
  findings: Finding[];
  unjudged: Unjudged[];
  groups: GroupVerdict[];
}

const RANK: Record<FindingSeverity, number> = { error: 0, warning: 1, info: 2 };

/** Runs the rules that can be run. Errors come first, then warnings; within these, the order of the groups. */
export function judge(groups: readonly RuleGroup[], seen: Seen): RealmJudgement {
  const findings: Finding[] = [];
  const unjudged: Unjudged[] = [];
  const verdicts = groups.map(({ title, applies = () => true, rules }): GroupVerdict => {
    const own: Finding[] = [];
    const roles = new Set<string>();
    for (const { code, severity, needs, find } of rules) {
      const hidden = hiddenFrom(seen, needs);
      for (const role of hidden) {
        unjudged.push({ code, role });
        roles.add(role);
      }
      if (hidden.length === 0) own.push(...find(seen).map((found) => ({ code, severity, ...found })));
    }
    findings.push(...own);
    const bad = own.some(({ severity }) => severity !== 'info');
    const state = bad ? 'bad' : roles.size > 0 ? 'unseen' : applies(seen) ? 'good' : 'empty';
    return { title, roles: [...roles], state };
  });
  findings.sort((a, b) => RANK[a.severity] - RANK[b.severity]);
  return { findings, unjudged, groups: verdicts };
}

function hiddenFrom({ parts }: Seen, needs: readonly PartName[]): string[] {
  const roles = needs.flatMap((name) => {
    const part = parts[name];
    return part.visible ? [] : [part.role as string];
  });
  return [...new Set(roles)];
}

/** Whether a finding is at or above the severity that makes the answer "no". */
export function isFailing(
  findings: readonly Pick<Finding, 'severity'>[],
  failOn: 'error' | 'warning',
): boolean {
  return findings.some(({ severity }) => RANK[severity] <= RANK[failOn]);
}
