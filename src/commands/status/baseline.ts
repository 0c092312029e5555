import { z } from 'zod';
import type { Io } from '../../cli/io.ts';
import { readNamed } from '../../cli/named-files.ts';
import { inputError } from '../../errors.ts';
import type { Finding, FindingSeverity } from '../../findings/finding.ts';
import type { Unjudged } from '../../findings/judge.ts';
import { brief, formatCommand } from '../../text.ts';

/** A finding as a baseline has it. */
export interface KnownFinding {
  code: string;
  severity: FindingSeverity;
  subject: string;
}

/** The findings of an earlier `status --json`. */
export interface Baseline {
  file: string;
  findings: readonly KnownFinding[];
  notVisible: readonly Unjudged[];
}

/** The changes since a baseline. */
export interface News {
  file: string;
  /** New findings, in the order of all findings. */
  findings: readonly Finding[];
  /** Subjects that could be judged then and can't be now. */
  unjudged: readonly Unjudged[];
  /** The number of today's findings that the baseline has. */
  known: number;
  /** Findings that the baseline has and that are gone. */
  gone: readonly KnownFinding[];
}

const Saved = z.object({
  schema: z.literal('mcpkc/status/v1'),
  server: z.string(),
  realm: z.string(),
  resource: z.string().nullable(),
  findings: z.array(
    z.object({ code: z.string(), severity: z.enum(['error', 'warning', 'info']), subject: z.string() }),
  ),
  notVisible: z.array(z.object({ code: z.string(), role: z.string() })),
  baseline: z.undefined({ error: 'it holds only what was new' }).optional(),
});

/** The realm and MCP server that a baseline has to be about. */
export interface BaselineSubject {
  server: string;
  realm: string;
  resource: string | undefined;
}

/**
 * Reads the document that `status --json` wrote earlier. Throws INPUT_INVALID, with the command that makes one, for
 * anything else. It throws as well for one that was itself made with `--baseline`, or is about another realm or MCP
 * server.
 */
export async function readBaseline(
  io: Io,
  file: string,
): Promise<{ of(subject: BaselineSubject): Baseline }> {
  const make = `Make one: ${formatCommand(['status', '--json'])} > ${brief(file, 200)}`;
  const fault = (problem: string) => inputError('--baseline', `${brief(file, 200)} ${problem}`, make);
  const text = await readNamed(io, '--baseline', file);
  if (text === undefined) throw fault('is not there');
  const read = Saved.safeParse(parsed(text));
  if (!read.success) {
    const isNews = read.error.issues.some(({ path }) => path[0] === 'baseline');
    throw fault(
      isNews
        ? 'was itself written with --baseline, and holds only what was new then'
        : 'is no document of mcpkc status --json',
    );
  }
  const { server, realm, resource, findings, notVisible } = read.data;
  return {
    of: (subject) => {
      if (server !== subject.server || realm !== subject.realm)
        throw fault(`is about realm '${brief(realm, 80)}' at ${brief(server, 200)}`);
      if (resource !== (subject.resource ?? null))
        throw fault(`is about ${resource === null ? 'no MCP server' : brief(resource, 200)}`);
      return { file, findings, notVisible };
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\u{feff}/u, ''));
  } catch {
    return undefined;
  }
}

/**
 * The key by which two findings are the same: numbers in the message change from day to day; a severity that rose is
 * news.
 */
function keyOf({ code, severity, subject }: KnownFinding): string {
  return JSON.stringify([code, severity, subject]);
}

/** The findings that are new since a baseline. Of several findings alike, as many as the baseline has are known. */
export function newsSince(
  { file, findings: before, notVisible }: Baseline,
  findings: readonly Finding[],
  unjudged: readonly Unjudged[],
): News {
  const left = new Map<string, KnownFinding[]>();
  for (const one of before) left.set(keyOf(one), [...(left.get(keyOf(one)) ?? []), one]);
  const fresh = findings.filter((one) => left.get(keyOf(one))?.pop() === undefined);
  // Findings that can't be judged any more are not gone.
  const hidden = new Set(unjudged.map(({ code }) => code));
  return {
    file,
    findings: fresh,
    unjudged: unjudged.filter(
      ({ code, role }) => !notVisible.some((one) => one.code === code && one.role === role),
    ),
    known: findings.length - fresh.length,
    gone: [...left.values()].flat().filter(({ code }) => !hidden.has(code)),
  };
}
