import type { SarifLevel, SarifRule, SarifRun } from '../../cli/sarif.ts';
import type { FindingSeverity } from '../../findings/finding.ts';
import { GROUPS } from '../../findings/index.ts';
import type { StatusAnswer } from './answer.ts';
import type { News } from './baseline.ts';

const LEVEL: Readonly<Record<FindingSeverity, SarifLevel>> = {
  error: 'error',
  warning: 'warning',
  info: 'note',
};

/** The findings as SARIF; against a baseline, all of them, each marked as new or known. */
export function statusSarif(
  { server, realm, findings }: StatusAnswer,
  news: News | undefined,
  { exitStatus, file }: Pick<SarifRun, 'exitStatus' | 'file'>,
): SarifRun {
  return {
    command: 'status',
    about: [server, realm],
    exitStatus,
    file,
    rules: GROUPS.flatMap(({ title, rules }) =>
      rules.map(
        ({ code, severity, explanation }): SarifRule => ({
          id: code,
          title: `${title}: ${firstSentence(explanation.what)}`,
          level: LEVEL[severity],
          ...explanation,
        }),
      ),
    ),
    results: findings.map((finding) => ({
      rule: finding.code,
      level: LEVEL[finding.severity],
      subject: finding.subject,
      message: finding.message,
      fix: finding.fix.text,
      ...(news === undefined ? {} : { isNew: news.findings.includes(finding) }),
    })),
  };
}

function firstSentence(text: string): string {
  return /^.*?[.:](?=\s|$)/s.exec(text)?.[0] ?? text;
}
