// Writes the JSON document of mcpkc plan, apply, status or validate over a file as Markdown: realm after realm.
import { readFileSync } from 'node:fs';
import { cell } from './cell.mjs';

function realmLines({
  profile,
  realm,
  error,
  added,
  changed,
  removed,
  changes = [],
  needsConsent = [],
  reports = [],
}) {
  const name = cell(
    [profile, realm && `realm ${realm}`].filter(Boolean).join(', ') || 'the configured realm',
  );
  if (error) return [`- ❌ **${name}**: ${cell(error.code)}: ${cell(error.message)}`];
  if (added === undefined) {
    const red = reports.filter(({ ok }) => !ok).length;
    return [
      `- ${red === 0 ? '✅' : '❌'} **${name}**: ${reports.length - red} of ${reports.length} as they must be`,
    ];
  }
  const sum = added + changed + removed;
  return [
    `- ${sum === 0 ? '✅' : '✏️'} **${name}**: ${added} added, ${changed} changed, ${removed} removed`,
    ...changes.map(({ action, kind, key }) => `  - ${cell(action)} ${cell(kind)} ${cell(key)}`),
    ...needsConsent.map((text) => `  - ⚠️ needs --yes: ${cell(text)}`),
  ];
}

function summary(command, document) {
  if (document.schema === 'mcpkc/error/v1')
    return `## ❌ mcpkc ${command}: ${cell(document.code)}\n\n${cell(document.message)}\n\n${cell(document.fix)}\n`;
  const lines = document.realms.flatMap(realmLines);
  return `## mcpkc ${command}: exit status ${document.exitStatus}\n\n${lines.join('\n')}\n`;
}

const [, , command, file] = process.argv;
const text = readFileSync(file, 'utf8');
process.stdout.write(
  text === '' ? `## ❌ mcpkc ${command} wrote nothing\n` : summary(command, JSON.parse(text)),
);
