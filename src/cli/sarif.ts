// biome-ignore lint/style/noRestrictedImports: hashing is pure.
import { createHash } from 'node:crypto';
import type { McpkcError } from '../errors.ts';
import { formatCommand, inertJson, visible, visibleLines } from '../text.ts';
import { VERSION } from '../version.ts';
import type { Io } from './io.ts';
import { writeNamed } from './named-files.ts';

/** SARIF's levels (2.1.0, §3.27.10). */
export type SarifLevel = 'error' | 'warning' | 'note';

/** A kind of result, with all that `mcpkc explain` has of it. */
export interface SarifRule {
  id: string;
  title: string;
  level: SarifLevel;
  what: string;
  cause: string;
  fix: string;
  /** Public pages and specifications; the first that is a URL is the rule's page. */
  sources: readonly string[];
}

/** One thing that is wrong. `subject` and `message` may hold what outsiders wrote. */
export interface SarifResult {
  rule: string;
  level: SarifLevel;
  subject: string;
  message: string;
  fix: string;
  isNew?: boolean;
}

/** The subject, the rules and the results of a run. */
export interface SarifRun {
  command: 'status' | 'validate';
  /** The realm or the MCP server, in an operator’s words. */
  about: readonly string[];
  exitStatus: number;
  /** The configuration that was read, the one file that a reviewer of code has; undefined where there is none. */
  file: string | undefined;
  rules: readonly SarifRule[];
  results: readonly SarifResult[];
}

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';
const DRIVER = { name: 'mcpkc', version: VERSION, semanticVersion: VERSION };
/** A file has to be named (GitHub shows no result without one): the one that names the realm, usually. */
const USUAL_FILE = 'config.local.json';

/**
 * The results as SARIF 2.1.0. A fingerprint is made of the command, what the run was about, the rule and the subject: it
 * stays the same from run to run, whatever numbers a message has. Of several alike the second has another one.
 */
export function sarifText({ command, about, exitStatus, file, rules, results }: SarifRun): string {
  const index = new Map(rules.map(({ id }, at) => [id, at]));
  const seen = new Map<string, number>();
  const fingerprint = ({ rule, subject }: SarifResult) => {
    const parts = JSON.stringify([command, ...about, rule, subject]);
    const nth = seen.get(parts) ?? 0;
    seen.set(parts, nth + 1);
    return createHash('sha256').update(`${parts}${nth}`).digest('hex');
  };
  const isCompared = results.some(({ isNew }) => isNew !== undefined);
  const log = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: { ...DRIVER, rules: rules.map(ruleOf) },
        },
        automationDetails: { id: `mcpkc/${command}/${about.map(encodeURIComponent).join('/')}/` },
        invocations: [{ executionSuccessful: true, exitCode: exitStatus }],
        results: results.map((result) => ({
          ruleId: result.rule,
          ruleIndex: index.get(result.rule) ?? -1,
          kind: 'fail',
          level: result.level,
          message: { text: plain(`${result.message}\nFix: ${result.fix}`) },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: fileUri(file) },
                region: { startLine: 1 },
              },
              logicalLocations: [
                {
                  name: visible(result.subject),
                  fullyQualifiedName: [...about, result.subject].map(visible).join(' › '),
                  kind: 'resource',
                },
              ],
            },
          ],
          partialFingerprints: { 'mcpkc/v1': fingerprint(result) },
          ...(isCompared ? { baselineState: result.isNew === true ? 'new' : 'unchanged' } : {}),
        })),
      },
    ],
  };
  return `${inertJson(JSON.stringify(log, undefined, 2))}\n`;
}

/** Square brackets make links in SARIF's plain text (§3.11.6); a backslash takes that away. */
function plain(text: string): string {
  return visibleLines(text).replace(/[\\[\]]/g, '\\$&');
}

function ruleOf({ id, title, level, what, cause, fix, sources }: SarifRule) {
  const helpUri = sources.find((source) => /^https:\/\/\S+$/.test(source));
  const parts = [what, cause === '' ? '' : `Cause: ${cause}`, `Fix: ${fix}`].filter((part) => part !== '');
  const more = sources.length === 0 ? '' : `\n\nSource: ${sources.join(', ')}`;
  return {
    id,
    name: id,
    shortDescription: { text: plain(title) },
    fullDescription: { text: plain(what) },
    help: { text: plain(`${parts.join('\n\n')}${more}\n\n${formatCommand(['explain', id])}`) },
    defaultConfiguration: { level },
    ...(helpUri === undefined ? {} : { helpUri }),
  };
}

/** A path of this machine means nothing to a reader: the file is named as it lies in a repository. */
function fileUri(file: string | undefined): string {
  const isAbsolute = /^(?:[/\\]|[A-Za-z]:)/.test(file ?? '');
  const path = file === undefined || isAbsolute ? USUAL_FILE : file.replaceAll('\\', '/');
  return path
    .replace(/^(?:\.\/)+/, '')
    .split('/')
    .map(encodeURIComponent)
    .join('/');
}

/**
 * A run that came to no answer: without results (none at all would mean that everything was fixed), so that nobody takes
 * an older run's for this one's.
 */
export function failedSarifText(command: SarifRun['command'], error: McpkcError): string {
  const notification = {
    level: 'error',
    descriptor: { id: error.code },
    message: { text: plain(`${error.message}\nFix: ${error.fix}`) },
  };
  const log = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: DRIVER },
        automationDetails: { id: `mcpkc/${command}/` },
        invocations: [
          {
            executionSuccessful: false,
            exitCode: error.exitStatus,
            toolExecutionNotifications: [notification],
          },
        ],
      },
    ],
  };
  return `${inertJson(JSON.stringify(log, undefined, 2))}\n`;
}

/** Writes the file of `--sarif`, whole or not at all. */
export async function writeSarif(io: Io, file: string, text: string): Promise<void> {
  await writeNamed('--sarif', file, () => io.files.write(file, text));
}
