import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ShownCheck, ValidationAnswer } from '../../../src/checks/answer.ts';
import { failureText } from '../../../src/cli/failure.ts';
import { failureJson, reportJson } from '../../../src/cli/report.ts';
import { sarifText } from '../../../src/cli/sarif.ts';
import { styleFor } from '../../../src/cli/style.ts';
import { voiceFor } from '../../../src/cli/voice.ts';
import { type AccessAnswer, accessDocument, accessText } from '../../../src/commands/access/text.ts';
import type { Connected } from '../../../src/commands/connections/rows.ts';
import {
  type ConnectionsAnswer,
  connectionsDocument,
  connectionsText,
} from '../../../src/commands/connections/text.ts';
import { auditLine } from '../../../src/commands/prune-clients/judge/audit.ts';
import { pruneReport } from '../../../src/commands/prune-clients/text.ts';
import { code } from '../../../src/commands/runbook/markdown.ts';
import { answerOf, documentOf } from '../../../src/commands/status/answer.ts';
import { statusText } from '../../../src/commands/status/text.ts';
import { writeAnnotations } from '../../../src/commands/validate/annotations.ts';
import { validateHtml } from '../../../src/commands/validate/html.ts';
import { junitXml } from '../../../src/commands/validate/junit.ts';
import { validateSarif } from '../../../src/commands/validate/sarif.ts';
import { validateText } from '../../../src/commands/validate/text.ts';
import { McpkcError } from '../../../src/errors.ts';
import { planText } from '../../../src/plan/text.ts';
import { hasInvisible, markdownText, markupText, visible, visibleLines } from '../../../src/text.ts';
import { memoryIo } from '../../support/memory-io.ts';
import { orphan } from '../prune/evidence.ts';
import { connector, LIFETIMES, NOW, visible as part, seen, TRUSTED } from '../status/seen.ts';

/** What strangers call themselves: everything that some reader of an output obeys. */
const NAMES = {
  'all at once': '@everyone ![x](http://x) <script> ::set-output name=a:: ##[error]',
  'a command after a blank': 'a ::error::b ##vso[task.setvariable variable=x]y',
  'a command after a line end': 'a\n::stop-commands::t\r\n##[group]x',
  'a command after other blanks': 'a\u3000::add-path::/tmp\u00a0::warning::b',
  'what nobody sees': '\u001b]8;;http://x\u0007\u202e\u200b\u{e0041}\u00ad\u2800\u3164\ufe0f\u009b2J',
  'markup of all kinds': '"\'`|</b>&amp;]]><!-- --> [a]: x # h\n- l *b* _i_ ~~s~~ $x$ GH-1 #2 www.x.org',
};

/** The runner's own reading of a line (actions/runner, ActionCommand.cs, TryParseV2 and TryParse). */
function obeyed(output: string): string[] {
  return output.split(/\r\n|[\r\n\u0085\u2028\u2029]/).filter((line) => {
    const trimmed = line.replace(/^[\s\u0085]+/, '');
    if (trimmed.startsWith('::') && trimmed.indexOf('::', 2) >= 0) return true;
    return /##\[[^\]]*\]/.test(line) || /##vso\[[^\]]*\]/.test(line) || /##teamcity\[/.test(line);
  });
}

const WIDTHS = [40, 41, 43, 47, 53, 60, 72, 80, 99, 120];

function check(stranger: string, outcome: ShownCheck['outcome']): ShownCheck {
  // As `answerOf` has it: what was found went through the run's `Secrets`, whose net is `visibleLines`.
  const shown = visibleLines(stranger);
  return {
    id: 'PRM-RESOURCE',
    title: 'The metadata names the MCP server',
    severity: 'must',
    outcome,
    message: `It says ${shown}.`,
    warning: false,
    culprit: null,
    excused: false,
    evidence: { exchanges: [], facts: {} },
    cause: `It is ${shown}`,
    fix: `Write it as ${shown}`,
    spec: 'RFC 9728',
  };
}

function validateAnswer(stranger: string): ValidationAnswer {
  const checks = [check(stranger, 'fail'), check(stranger, 'not-run')];
  const outlook = [
    {
      preset: 'chatgpt',
      title: 'ChatGPT',
      verdict: 'fails',
      message: visibleLines(stranger),
      tried: [],
      read: [visibleLines(stranger)],
      untried: [],
      unreachable: [stranger],
    } as unknown as ValidationAnswer['outlook'][number],
  ];
  const document = { checks, outlook };
  return {
    mcp: 'https://svc.example.com/mcp',
    issuer: stranger,
    server: undefined,
    realm: stranger,
    mode: 'standing',
    scope: stranger,
    checks,
    outlook,
    red: ['PRM-RESOURCE'],
    silent: false,
    exitStatus: 1,
    requests: [],
    events: [],
    commands: {},
    swept: { removed: [], left: [visible(stranger)] },
    realmErrors: [{ code: 'X', message: stranger, fix: { kind: 'keycloak', text: stranger } }],
    document,
  };
}

function statusAnswer(stranger: string) {
  const clients = [connector(stranger, { name: stranger, redirectUris: [stranger] })];
  const event = { type: 'CLIENT_REGISTER_ERROR', time: NOW, error: stranger, details: {} };
  const one = seen({
    clients: part({ clients, sessions: part(new Map()) } as never),
    refusals: part([{ ...event, clientId: stranger, ipAddress: stranger }] as never),
    gone: part([stranger]),
    registrationPolicies: part([{ ...TRUSTED, name: stranger, config: {} }]),
  });
  return { one, answer: answerOf(one) };
}

function pruneAnswer(stranger: string) {
  const decision = { action: 'delete', reason: `called ${stranger}`, standing: 'orphan' } as const;
  const judged = {
    key: 'a.b',
    id: stranger,
    clientId: stranger,
    name: stranger,
    evidence: orphan(),
    decision,
    outcome: 'done',
  } as const;
  return { decision, judged };
}

function accessAnswer(stranger: string): AccessAnswer {
  const role = { client: stranger, name: stranger, id: 'r', composite: true };
  const gate = {
    role,
    isDefault: false,
    containers: [role],
    direct: 1,
    groups: [{ path: stranger, members: 1 }],
    users: new Set(['u']),
  };
  const people = new Map([['u', { id: 'u', username: stranger, enabled: true }]]);
  return {
    server: 'http://127.0.0.1',
    realm: stranger,
    resource: 'https://svc.example.com/mcp',
    scope: stranger,
    mode: 'standing',
    gates: [role],
    remembered: [stranger],
    reach: { gates: [gate], people, everybody: false, hidden: [] },
    isFailClosed: false,
    byHand: true,
    around: [stranger],
    plan: CHANGE(stranger),
    dryRun: false,
    isAsked: true,
  };
}

function connectionsAnswer(stranger: string): ConnectionsAnswer {
  const client = connector(stranger, { name: stranger });
  const row: Connected = {
    userId: 'u',
    username: stranger,
    client,
    product: undefined,
    presets: [],
    way: 'registration',
    servers: [stranger],
    since: NOW,
    lastUsed: { at: NOW, by: 'session' },
    sessions: [],
    consented: true,
  };
  return {
    server: 'http://127.0.0.1',
    realm: stranger,
    resource: stranger,
    rows: [row],
    plan: CHANGE(stranger),
    revoke: true,
    dryRun: false,
    now: NOW,
    lifetimes: LIFETIMES,
    hidden: [],
    partly: [stranger],
  };
}

function summaryOf(document: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), 'mcpkc-summary-'));
  try {
    const file = join(folder, 'document.json');
    writeFileSync(file, JSON.stringify(document));
    return execFileSync(process.execPath, ['action/summary.mjs', file], { encoding: 'utf8' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const failure = (stranger: string) =>
  new McpkcError('KEYCLOAK_ERROR', `Keycloak said: ${stranger}`, `Ask about ${stranger}`, {
    details: { said: stranger },
  });

function said(stranger: string, width: number): string {
  const io = memoryIo();
  const voice = voiceFor(io.stderr, { ...styleFor(false, width) }, false);
  voice.note(`Registered: ${visible(stranger)}`);
  voice.note(`${visible(stranger)}\nsecond line`);
  voice.warn(visible(stranger));
  voice.log(visible(stranger));
  return io.err();
}

const CHANGE = (stranger: string) =>
  [
    {
      kind: 'client-scope-assignment',
      action: 'attach',
      key: `${stranger}/x`,
      before: null,
      after: { client: stranger, list: 'default' },
      why: `of ${visible(stranger)}`,
    },
  ] as never;

/** Every output: how it shows what a stranger wrote. An output that comes gets its row here. */
const TEXTS: Record<string, (stranger: string, width: number) => string> = {
  'SARIF of validate': (stranger) => sarifText(validateSarif(validateAnswer(stranger), undefined)),
  'status, text': (stranger, width) => statusText(statusAnswer(stranger).answer, styleFor(false, width)),
  'prune-clients, text': (stranger, width) =>
    pruneReport({
      server: 'http://127.0.0.1',
      realm: stranger,
      mode: 'plan',
      judged: [pruneAnswer(stranger).judged],
      limit: { wanted: 1, allowed: 5, why: 'x', exceeded: false } as never,
      troubles: [failure(stranger)],
      hints: [`about ${stranger}`],
      backup: stranger,
      exitStatus: 0,
      short: false,
    }).text(styleFor(false, width)),
  'validate, text': (stranger, width) => validateText(validateAnswer(stranger), styleFor(false, width), true),
  'validate, a line per group': (stranger, width) =>
    validateText(validateAnswer(stranger), styleFor(false, width), false),
  'connections, text': (stranger, width) =>
    connectionsText(connectionsAnswer(stranger), styleFor(false, width)),
  'access, text': (stranger, width) => accessText(accessAnswer(stranger), styleFor(false, width)),
  'a plan': (stranger, width) => planText(CHANGE(stranger), styleFor(false, width)),
  'a failure': (stranger, width) => failureText(failure(stranger), styleFor(false, width), true),
  'the voice': said,
};

const DOCUMENTS: Record<string, (stranger: string) => string> = {
  status: (stranger) => {
    const { one, answer } = statusAnswer(stranger);
    return reportJson({
      command: 'status',
      exitStatus: 0,
      server: undefined,
      realm: stranger,
      document: documentOf(one, answer),
      text: () => '',
    });
  },
  connections: (stranger) =>
    reportJson({
      command: 'connections',
      exitStatus: 0,
      server: undefined,
      realm: stranger,
      document: connectionsDocument(connectionsAnswer(stranger)),
      text: () => '',
    }),
  access: (stranger) =>
    reportJson({
      command: 'access',
      exitStatus: 0,
      server: undefined,
      realm: stranger,
      document: accessDocument(accessAnswer(stranger)),
      text: () => '',
    }),
  'a failure': (stranger) => failureJson(failure(stranger), 3, {}),
  'the audit file': (stranger) => auditLine(pruneAnswer(stranger).judged, NOW, stranger, stranger),
};

const MARKDOWN: Record<string, (stranger: string) => string> = {
  'a word of a document': markdownText,
  'a code span': code,
  'the job’s summary': (stranger) => summaryOf(validateAnswer(stranger).document),
  'the summary of a failure': (stranger) => summaryOf(JSON.parse(failureJson(failure(stranger), 3, {}))),
};

const MARKUP: Record<string, (stranger: string) => string> = {
  'the page of validate': (stranger) =>
    validateHtml(validateAnswer(stranger), { at: '2026-01-01T00:00:00.000Z', ms: 1 }),
  'a text of a page': (stranger) => `<p title="${markupText(stranger)}">${markupText(stranger)}</p>`,
  JUnit: (stranger) => junitXml(validateAnswer(stranger), { at: '2026-01-01T00:00:00.000Z', ms: 1 }),
};

describe.each(Object.entries(NAMES))('%s', (_about, stranger) => {
  it.each(Object.entries(TEXTS))('does nothing in %s, wherever it is wrapped', (_output, render) => {
    for (const width of WIDTHS) {
      const text = render(stranger, width);
      expect(text.replaceAll(/[\p{L}\p{N}\s]/gu, '').length).toBeGreaterThan(0);
      expect(obeyed(text)).toEqual([]);
      for (const line of text.split('\n')) expect(hasInvisible(line)).toBe(false);
    }
  });

  it.each(Object.entries(DOCUMENTS))(
    'does nothing in the JSON of %s, and is the same to a parser',
    (_name, render) => {
      const text = render(stranger);
      expect(obeyed(text)).toEqual([]);
      for (const line of text.split('\n')) expect(hasInvisible(line)).toBe(false);
      expect(JSON.stringify(JSON.parse(text))).toContain(JSON.stringify(stranger).slice(1, -1));
    },
  );

  it.each(Object.entries(MARKDOWN))('does nothing in %s', (name, render) => {
    const text = render(stranger);
    expect(obeyed(text)).toEqual([]);
    for (const line of text.split('\n')) expect(hasInvisible(line)).toBe(false);
    if (name === 'a code span') return;
    expect(text.replaceAll('<!-- -->', '')).not.toContain('<');
    expect(text).not.toMatch(/@\w|(?<!\\)!\[|(?<!\\)\[|:\/\/|www\.(?!<)|(?<!\\)`/);
  });

  it.each(Object.entries(MARKUP))('is text in %s', (_name, render) => {
    const text = render(stranger);
    expect(obeyed(text)).toEqual([]);
    expect(text).not.toContain('<script');
    expect(text).not.toContain('</b>');
    // expat refuses what is not well-formed.
    execFileSync(
      'python3',
      ['-c', 'import sys,xml.dom.minidom;xml.dom.minidom.parseString(sys.stdin.buffer.read())'],
      {
        input: text,
      },
    );
  });

  it('starts one annotation, and that is mcpkc’s', () => {
    const text = writeAnnotations(validateAnswer(stranger));
    const lines = text.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(line).toMatch(/^::error title=[^:,]*::/);
      expect(line).not.toMatch(/##[a-z]*\[/i);
    }
  });
});

it('the addresses of IPv6 stay legible', () => {
  for (const address of ['::1', '::ffff:10.0.0.1', '[::1]:8080', 'from ::1, and ::ffff:a00:1'])
    expect(visible(address)).toBe(address);
});
