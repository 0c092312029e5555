import { existsSync, readFileSync } from 'node:fs';
/** The tables and reference pages of the documents, made from the code's own lists. */

import { COMMANDS } from '../src/commands/index.ts';
import { table } from '../src/commands/runbook/markdown.ts';
import { CONFIG_KEYS } from '../src/config/schema.ts';
import { type ErrorCode, EXIT_STATUS } from '../src/errors.ts';
import { EXPLAINED } from '../src/explanations/index.ts';
import { RELEASE_FACTS, releaseText } from '../src/findings/releases.ts';
import { PRESETS } from '../src/products/index.ts';
import { SELF_HOSTED } from '../src/products/self-hosted.ts';
import { ATTACKS } from '../test/attacks/attacks.ts';
import { READINGS } from '../test/support/readings.ts';
import { referenceContents } from './reference.ts';

const ticks = (text: string) => (text === '' ? '' : `\`${text}\``);

/** What each exit status means; the contract of the command line. */
const STATUSES: readonly (readonly [status: string, meaning: string])[] = [
  ['0', 'done, or nothing to do'],
  [
    '1',
    'the answer is no: a check that must pass is red, a finding at or above `--fail-on`, a plan that would change something',
  ],
  ['2', 'usage or configuration'],
  ['3', 'Keycloak or the MCP server can’t be reached, or fails after retries'],
  ['4', 'not authorised: wrong secret, missing role (the message names role and command)'],
  ['5', 'refused for safety, or a choice that only a person can make'],
  ['6', 'timed out: nothing to adopt within `--timeout`'],
  ['70', 'a bug in mcpkc (the stack is on stderr)'],
  ['129, 130, 143', 'interrupted (SIGHUP, SIGINT, SIGTERM), after clean-up'],
];

function commands(): string {
  return table(
    ['command', 'what for'],
    COMMANDS.map(({ name, summary }) => [`\`mcpkc ${name}\``, summary]),
  );
}

function config(): string {
  const rows = CONFIG_KEYS.map(({ key, description, default: fallback, flag, requiredBy }) => [
    `\`${key}\``,
    description,
    fallback.includes('`') || fallback === '' ? fallback : ticks(fallback),
    ticks(flag ?? ''),
    requiredBy,
  ]);
  return table(['key', 'meaning', 'default', 'flag', 'required by'], rows);
}

/** What releases of Keycloak change, from the list that `status --for` judges by. */
function releases(): string {
  const how = { seen: 'seen by the tests', read: 'read and rehearsed, not run' };
  const rows = RELEASE_FACTS.map(({ from, change, means, certainty }) => [
    releaseText(from),
    change,
    means,
    how[certainty],
  ]);
  return table(['from', 'change', 'for mcpkc', 'how it is known'], rows);
}

/** The first sentence of an explanation. */
function firstSentence(text: string): string {
  return /^.*?[.!?](?= |$)/s.exec(text)?.[0] ?? text;
}

function errors(): string {
  const rows = (Object.entries(EXIT_STATUS) as [ErrorCode, number][]).map(([code, status]) => {
    const explained = EXPLAINED.find((one) => one.code === code);
    return [`\`${code}\``, String(status), firstSentence(explained?.explanation.what ?? '')];
  });
  return table(['code', 'exit status', 'what happened'], rows);
}

function presets(): string {
  const rows = PRESETS.map(({ name, title, sendsScope, trustedHosts }) => [
    `\`${name}\``,
    title,
    sendsScope,
    trustedHosts.map(ticks).join(', '),
  ]);
  return table(['preset', 'product', 'names scopes when it registers', 'hosts'], rows);
}

function products(): string {
  const known = {
    recorded: 'recorded',
    primary: 'its documentation or source',
    secondary: 'seen by others',
    inferred: 'concluded',
  };
  const rows = [...PRESETS, ...SELF_HOSTED].map(({ name, title, sources }) => {
    const best = (['recorded', 'primary', 'secondary', 'inferred'] as const).find((certainty) =>
      sources.some((source) => source.certainty === certainty),
    );
    const what = sources.find(({ certainty }) => certainty === best)?.what ?? '';
    const version = /version ([\d.]*\d)/.exec(what)?.[1] ?? '';
    return [`\`${name}\``, title, best === undefined ? '' : known[best], version];
  });
  return table(['preset', 'product', 'known from', 'version'], rows);
}

/** Which products connect without registering, and by which way. */
function ways(): string {
  const rows = PRESETS.map(({ name, cimdUrl, withClient }) => {
    const given =
      withClient === undefined
        ? 'not known'
        : withClient.secret === 'none'
          ? 'a client id'
          : 'a client id and a secret';
    return [`\`${name}\``, cimdUrl === undefined ? '' : `<${cimdUrl}>`, given];
  });
  return table(['preset', 'its document', 'what it can be given'], rows);
}

interface Verdicts {
  products: readonly string[];
  rows: readonly { situation: string; verdicts: Readonly<Record<string, string>> }[];
}

const VERDICTS_FILE = new URL('verdicts.json', import.meta.url);
const FAILS: Readonly<Record<string, string>> = {
  challenge: '✗ challenge',
  'resource-metadata': '✗ metadata',
  'server-metadata': '✗ issuer',
  registration: '✗ registration',
  authorization: '✗ sign-in',
  token: '✗ token',
  mcp: '✗ MCP server',
};

/** Verdict against replay, as `npm run suite -- verdicts` wrote it. */
function verdicts(): string {
  if (!existsSync(VERDICTS_FILE)) return '';
  const { products: names, rows } = JSON.parse(readFileSync(VERDICTS_FILE, 'utf8')) as Verdicts;
  const works = (verdict: string) => (verdict.endsWith('once-adopted') ? '✓ once adopted' : '✓');
  const cell = (verdict = '') => FAILS[verdict] ?? (verdict === 'unknown' ? '?' : works(verdict));
  const all = rows.flatMap(({ verdicts: of }) => names.map((name) => cell(of[name])));
  const number = (mark: string) => all.filter((one) => one.startsWith(mark)).length;
  const told = `${all.length} cells: ${number('✓')} work, ${number('✗')} fail, ${number('?')} not known.`;
  const cells = rows.map(({ situation, verdicts: of }) => [
    situation,
    ...names.map((name) => cell(of[name])),
  ]);
  return `${told}\n\n${table(['situation', ...names], cells)}`;
}

interface ClusterRow {
  command: string;
  node: string;
  exit: number;
  requests: readonly [number, number];
  lost: number;
  again: string;
}

const CLUSTER_FILE = new URL('cluster.json', import.meta.url);

/** Commands against a cluster, as `npm run suite -- cluster` wrote it. */
function cluster(): string {
  if (!existsSync(CLUSTER_FILE)) return '';
  const rows = JSON.parse(readFileSync(CLUSTER_FILE, 'utf8')) as ClusterRow[];
  return table(
    [
      'command',
      'first node',
      'exit status',
      'requests to each node',
      'answers of 502',
      'the same command again',
    ],
    rows.map(({ command, node, exit, requests, lost, again }) => [
      `\`${command}\``,
      node,
      String(exit),
      requests.join(' and '),
      String(lost),
      again,
    ]),
  );
}

function attacks(): string {
  const rows = ATTACKS.map(({ id, attack, holds, outcome }) => [id, attack, outcome, holds]);
  return table(['number', 'attack', 'outcome', 'what holds'], rows);
}

function readings(): string {
  const rows = READINGS.map(({ what, who, decides, worst }) => [what, who, decides, worst ? 'yes' : '']);
  return table(['what is read', 'who can write it', 'what it decides', 'tested at its worst'], rows);
}

/** What stands between `<!-- begin: name -->` and `<!-- end: name -->` in a document. */
export const BLOCKS: Readonly<Record<string, () => string>> = {
  commands,
  config,
  errors,
  presets,
  releases,
  products,
  ways,
  attacks,
  verdicts,
  cluster,
  readings,
  'exit-statuses': () => table(['status', 'meaning'], STATUSES),
  'reference-findings': () => referenceContents('Findings of `mcpkc status`'),
  'reference-checks': () => referenceContents('Checks of `mcpkc validate`'),
  'reference-errors': () => referenceContents('Errors'),
};

/** A screen as a block of the document. */
export function screenBlock(screen: string): string {
  return `\`\`\`console\n${screen.trimEnd()}\n\`\`\``;
}

/** Replaces the blocks of a document that `made` knows; throws for a marker that has no partner. */
export function withBlocks(document: string, made: (name: string) => string | undefined): string {
  return document.replaceAll(
    /<!-- begin: ([\w-]+) -->\n[\s\S]*?<!-- end: ([\w-]+) -->/g,
    (whole, name: string, end: string) => {
      if (name !== end) throw new Error(`the block ${name} ends as ${end}`);
      const text = made(name);
      return text === undefined ? whole : `<!-- begin: ${name} -->\n\n${text}\n\n<!-- end: ${name} -->`;
    },
  );
}
