// Writes the JSON document of mcpkc validate (or of its failure) as Markdown: what is red first, then the counts.
import { readFileSync } from 'node:fs';

/**
 * Text from outside as one line in a cell of a table: neither markup nor HTML, no link, mention or reference of those that
 * GitHub makes of bare words, nothing invisible, and no command of the runner. As visible and markdownText of src/text.ts,
 * which this file can't import: the action runs from a checkout that was not built.
 */
function cell(text) {
  const escaped = (character) => `\\u{${character.codePointAt(0).toString(16)}}`;
  return String(text ?? '')
    .replace(/[ \t\r\n]+/g, ' ')
    .replace(/[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u{2800}]|(?! )\p{Zs}/gu, escaped)
    .replace(/(?<=^|\s):(?=:(?![\da-f:.]*(?:[\s,;)]|$))[a-z])|(?<=#)#(?=[a-z]*\[)/gimu, escaped)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/[\\`*{}[\]>|~!$]|(?<!\w)_|_(?!\w)/g, '\\$&')
    .replace(/^(\s*)([-+=]|\d+(?=[.)]))/g, '$1<!-- -->$2')
    .replace(/@|#(?=\w)|:(?=\/\/)|(?<=www)\.|(?<=GH)-(?=\d)/gi, '$&<!-- -->');
}

function summary(document) {
  if (document.schema === 'mcpkc/error/v1') {
    return `## ❌ mcpkc validate: ${document.code}\n\n${cell(document.message)}\n\n${cell(document.fix)}\n`;
  }
  const { checks, exitStatus } = document;
  const count = (outcome) => checks.filter((check) => check.outcome === outcome).length;
  const red = checks.filter(({ outcome }) => outcome === 'fail' || outcome === 'not-run');
  const counts = ['pass', 'fail', 'not-run', 'skipped'].map((outcome) => `${count(outcome)} ${outcome}`);
  const rows = red.map(
    ({ id, severity, outcome, title, fix }) =>
      `| ${id} | ${severity} | ${outcome} | ${cell(title)} | ${cell(fix)} |`,
  );
  const table = ['| check | severity | outcome | what | fix |', '| --- | --- | --- | --- | --- |', ...rows];
  const head = `## ${exitStatus === 0 ? '✅' : '❌'} mcpkc validate: ${counts.join(', ')}`;
  return `${head}\n${red.length === 0 ? '' : `\n${table.join('\n')}\n`}`;
}

const text = readFileSync(process.argv[2], 'utf8');
process.stdout.write(text === '' ? '## ❌ mcpkc validate wrote nothing\n' : summary(JSON.parse(text)));
