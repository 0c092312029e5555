import type { Explanation } from '../explanation.ts';
import type { PartName } from '../keycloak/read/status-parts.ts';
import type { Seen } from './seen.ts';

/** `error`: a connector fails, or anybody gets in; `warning`: weaker than it should be, or soon a failure; `info`. */
export type Severity = 'error' | 'warning' | 'info';

/** What fixes a finding: a command line of mcpkc that clears it as printed, or a change at the server or the MCP server. */
export interface Fix {
  kind: 'command' | 'keycloak' | 'mcp-server';
  text: string;
}

/** One thing that `status` has to say; the code is a contract. */
export interface Finding {
  code: string;
  severity: Severity;
  /** What it is about, as an operator calls it: a scope, a policy, a product, a client id, an address. */
  subject: string;
  /** What is wrong, and what people see because of it. May hold what outsiders wrote: show it through `visible`. */
  message: string;
  fix: Fix;
  /** Of an error that stops some products alone: those (`--preset`); absent where it is not about single ones. */
  products?: readonly string[];
  /** Products that it stops in some cases alone, which the message names. */
  depends?: readonly string[];
}

/** A finding without what its rule knows anyway; `severity` where it is milder than the rule's. */
export interface Found {
  subject: string;
  message: string;
  fix: Fix;
  severity?: Severity;
  products?: readonly string[];
  depends?: readonly string[];
}

/** A rule: looks at what was read of a realm, and says what it finds. Pure. */
export interface Rule {
  code: string;
  severity: Severity;
  /** What has to be visible to judge; where it isn't, the rule is not run and its subject not called healthy. */
  needs: readonly PartName[];
  explanation: Explanation;
  find(seen: Seen): Found[];
}

/** Rules about one thing, in the order of their importance. */
export interface RuleGroup {
  /** What is OK when none of the rules finds anything. */
  title: string;
  /** Whether there is anything to call in order; where not, the group is not shown unless it finds something. */
  applies?(seen: Seen): boolean;
  rules: readonly Rule[];
}
