import { type Check, groupOf } from './check.ts';

/** A check as `--list-checks` and `mcpkc explain` show it. */
export interface Explained {
  id: string;
  group: string;
  title: string;
  severity: string;
  needs: readonly string[];
  mayNeed: readonly string[];
  spec: string;
  cause: string;
  fix: string;
}

/** The catalogue as data. */
export function describeChecks(checks: readonly Check[]): Explained[] {
  return checks.map((check) => {
    const { id, title, severity, needs, mayNeed = [], spec, cause, fix } = check;
    return { id, group: groupOf(check), title, severity, needs, mayNeed, spec, cause, fix };
  });
}
