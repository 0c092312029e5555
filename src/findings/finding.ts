import type { Explanation } from '../explanation.ts';
import type { PartName } from '../keycloak/read/status-parts.ts';
import type { Seen } from './seen.ts';

/** `error`: a connector fails, or anybody gets in; `warning`: weaker than it should be, or soon a failure; `info`. */
export type FindingSeverity = 'error' | 'warning' | 'info';

/**
 * The fix of a finding: a command line of mcpkc that clears it as printed, or a change at Keycloak or the MCP server.
 */
export interface Fix {
  kind: 'command' | 'keycloak' | 'mcp-server';
  text: string;
}

/** One finding that `status` reports; its code is a contract. */
export interface Finding {
  code: string;
  severity: FindingSeverity;
  /** Subject of the finding, as an operator calls it: a scope, a policy, a product, a client id, an address. */
  subject: string;
  /** The fault, and how people notice it. May hold text that outsiders wrote: show it through `visible`. */
  message: string;
  fix: Fix;
  /** Names (`--preset`) of the products that an error stops; absent where it isn't about single products. */
  products?: readonly string[];
  /** Products that are stopped in some cases only; the message names the cases. */
  depends?: readonly string[];
}

/** A finding without the fields that its rule already has; `severity` where it is milder than the rule's. */
export interface Found {
  subject: string;
  message: string;
  fix: Fix;
  severity?: FindingSeverity;
  products?: readonly string[];
  depends?: readonly string[];
}

/** A rule: judges the parts of a realm that were read, and returns its findings. Pure. */
export interface Rule {
  code: string;
  severity: FindingSeverity;
  /** Parts that must be visible to judge; where one isn't, the rule is not run and its subject isn't called healthy. */
  needs: readonly PartName[];
  explanation: Explanation;
  find(seen: Seen): Found[];
}

/** Rules about one thing, in the order of their importance. */
export interface RuleGroup {
  /** The subject that is OK when none of the rules finds anything. */
  title: string;
  /** Whether there is anything to call OK; where not, the group is shown only with a finding. */
  applies?(seen: Seen): boolean;
  rules: readonly Rule[];
}
