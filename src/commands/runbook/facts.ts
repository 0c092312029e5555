import type { ConfiguredServer } from '../../plan/configured-server.ts';
import type { Preset } from '../../products/preset.ts';

/** A finding of `status`, as far as a runbook shows it. */
export interface SeenFinding {
  code: string;
  severity: 'error' | 'warning' | 'info';
  message: string;
}

/** A check of `validate`, as far as a runbook shows it. */
export interface SeenCheck {
  id: string;
  severity: 'must' | 'should' | 'info';
  outcome: 'pass' | 'fail' | 'not-run' | 'skipped';
  message: string;
}

/** The observations for the deployment checklist; undefined where nobody looked. */
export interface Results {
  findings: readonly SeenFinding[] | undefined;
  /** Whether the account saw all that the findings are judged by. */
  isWhole?: boolean;
  checks: readonly SeenCheck[] | undefined;
}

/** The way in which Keycloak and the MCP server are run. */
export const RUNS_ON = ['docker', 'systemd', 'kubernetes'] as const;
export type RunsOn = (typeof RUNS_ON)[number];

/** Everything that a runbook is written from; the same facts give the same text. */
export interface RunbookFacts {
  /** mcpkc's version, and the day as yyyy-mm-dd. */
  version: string;
  day: string;
  mcpServer: ConfiguredServer;
  presets: readonly Preset[];
  server: string;
  /** The authority’s file, where one is configured. */
  caFile: string | undefined;
  adminRealm: string;
  hostname: string | undefined;
  hostnameAdmin: string | undefined;
  clientId: string | undefined;
  /** The place of the account's secret, in words; undefined where there is none. */
  secretOrigin: string | undefined;
  /** The secret itself, only where it should stand in the text. */
  secret: string | undefined;
  /** The way in which the servers are run: it decides the lines that read their logs. */
  runsOn: RunsOn;
  results: Results;
}
