import type { Command } from '../../cli/command.ts';
import { inputError } from '../../errors.ts';
import type { ExplainedCode } from '../../explanation.ts';
import { EXPLAINED } from '../../explanations/index.ts';
import { findNearest } from '../../names/nearest.ts';
import { brief } from '../../text.ts';
import { codesText, explanationText } from './text.ts';

/** `mcpkc explain`: the long text of a code that status, validate or a failure named. */
export const explain: Command = {
  define(command) {
    command
      .description('Explain a finding, an error or a check: what it is, its cause, what fixes it, sources.')
      .argument('[code]', 'as it was printed; without it, all codes are listed');
  },
  examples: [
    ['what a finding means', 'mcpkc explain AUDIENCE_MISMATCH'],
    ['why a check failed', 'mcpkc explain PRM-RESOURCE'],
    ['which codes there are', 'mcpkc explain'],
  ],
  changes: 'Nothing; it does not talk to Keycloak.',
  exits: [[0, 'explained']],
  async run(_context, [code]) {
    const shown = code === undefined ? EXPLAINED : [find(code)];
    return {
      command: 'explain',
      exitStatus: 0,
      server: undefined,
      realm: undefined,
      document: { codes: shown.map(({ explanation, ...rest }) => ({ ...rest, ...explanation })) },
      text: (style) =>
        code === undefined
          ? codesText(shown, style)
          : shown.map((one) => explanationText(one, style)).join('\n'),
    };
  },
};

const plain = (code: string) => code.toUpperCase().replaceAll(/[-_ ]/g, '');

/** The most codes that are proposed. */
const PROPOSED = 6;

/** Codes that a word may have meant: those that hold it, else the one that is a slip away. */
function nearTo(wanted: string): string[] {
  const codes = EXPLAINED.map(({ code }) => code);
  const word = plain(wanted);
  const near = findNearest(wanted, codes);
  if (near.distance <= Math.max(2, Math.floor(near.key.length / 3))) return [near.key];
  if (word.length < 3) return [];
  const holding = codes.filter((code) => plain(code).includes(word));
  if (holding.length > 0) return holding.slice(0, PROPOSED);
  const parts = wanted
    .toUpperCase()
    .split(/[^A-Z\d]+/)
    .filter((part) => part.length > 2);
  const shared = (code: string) => parts.filter((part) => code.split(/[-_]/).includes(part)).length;
  const most = Math.max(0, ...codes.map(shared));
  return most === 0 ? [] : codes.filter((code) => shared(code) === most).slice(0, PROPOSED);
}

/** The code, whatever its case; `-`, `_` and blanks don't count. Throws INPUT_INVALID with those near it. */
function find(wanted: string): ExplainedCode {
  const found = EXPLAINED.find(({ code }) => plain(code) === plain(wanted));
  if (found !== undefined) return found;
  const near = nearTo(wanted);
  const meant = near.length > 1 ? `one of ${near.join(', ')}` : near[0];
  const fix = `${meant === undefined ? '' : `Did you mean ${meant}? `}mcpkc explain lists all codes.`;
  throw inputError('explain', `there is no code '${brief(wanted, 60)}'`, fix);
}
