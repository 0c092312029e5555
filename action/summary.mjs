// Writes the JSON document of mcpkc validate (or of its failure) as Markdown: what is red first, then the counts.
import { readFileSync } from 'node:fs';
import { cell } from './cell.mjs';

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
