import { type JSONVisitor, printParseErrorCode, visit } from 'jsonc-parser';
import type { Result } from '../result.ts';

/** The members of a JSON object, in their order; `twice` names those that stand there twice. */
export interface JsonObject {
  members: [key: string, value: unknown][];
  twice: string[];
}

/** The place and the reason of a fault in a text that is no JSON object; line and column from 1. */
export interface JsonFault {
  problem: string;
  line: number;
  column: number;
}

const DEEPEST = 64;
const NO_OBJECT = 'it must be an object in braces';
const TOO_EARLY = 'it ends too early';
const NO_KEY = 'a key in double quotes is expected here';
const NO_VALUE = 'a value is expected here';
const BAD_TEXT = 'this text is not closed, or has a line break or a wrong escape in it';

/** The meanings of jsonc-parser's codes of errors (its ParseErrorCode); any other one is a value that is none. */
const PROBLEMS: Readonly<Record<string, string>> = {
  PropertyNameExpected: NO_KEY,
  ColonExpected: 'a colon is expected here',
  CommaExpected: 'a comma or the closing bracket is expected here',
  CloseBraceExpected: TOO_EARLY,
  CloseBracketExpected: TOO_EARLY,
  EndOfFileExpected: 'something follows the closing brace',
  InvalidCommentToken: 'JSON has no comments: a key that begins with // takes their place',
  UnexpectedEndOfString: BAD_TEXT,
  InvalidUnicode: BAD_TEXT,
  InvalidEscapeCharacter: BAD_TEXT,
  InvalidCharacter: BAD_TEXT,
};

class Fault extends Error {
  readonly at: JsonFault;
  constructor(problem: string, line: number, column: number) {
    super(problem);
    this.at = { problem, line: line + 1, column: column + 1 };
  }
}

/**
 * Reads a JSON object. Shows where a fault is, which `JSON.parse` doesn't always do. Never quotes the text, which
 * `JSON.parse` does and which may hold a secret.
 */
export function readJsonObject(source: string): Result<JsonObject, JsonFault> {
  const text = source.replace(/^\u{feff}/u, '');
  const keys: string[] = [];
  try {
    visit(text, judging(text, keys), { disallowComments: true, allowTrailingComma: false });
  } catch (error) {
    if (error instanceof Fault) return error.at;
    throw error;
  }
  const members = Object.entries(JSON.parse(text) as Record<string, unknown>);
  const twice = keys.filter((key, index) => keys.indexOf(key) !== index);
  return { value: { members, twice: [...new Set(twice)] } };
}

/** Throws at the first fault; `keys` collects the names of the outermost object. */
function judging(text: string, keys: string[]): JSONVisitor {
  const end = text.trimEnd().length;
  const open: ('{' | '[')[] = [];
  let isAfterComma = false;
  let isKeyNext = false;
  const begin = (bracket: '{' | '[', line: number, column: number) => {
    if (open.length === 0 && bracket === '[') throw new Fault(NO_OBJECT, line, column);
    // The parser calls itself for each level: a file of brackets alone would exhaust the stack.
    if (open.length > DEEPEST) throw new Fault('it is nested too deeply', line, column);
    open.push(bracket);
    isAfterComma = false;
    isKeyNext = bracket === '{';
  };
  const finish = () => {
    open.pop();
    isAfterComma = false;
    isKeyNext = false;
  };
  let isBegun = false;
  const problemOf = (code: string, offset: number): string => {
    if (!isBegun) return NO_OBJECT;
    const problem = PROBLEMS[code] ?? NO_VALUE;
    if (offset >= end && problem !== BAD_TEXT) return TOO_EARLY;
    if (isAfterComma && /[}\]]/.test(text[offset] ?? '')) return 'the comma before this is one too many';
    return code === 'InvalidSymbol' && isKeyNext ? NO_KEY : problem;
  };
  return {
    onObjectBegin: (_offset, _length, line, column) => {
      begin('{', line, column);
      isBegun = true;
    },
    onArrayBegin: (_offset, _length, line, column) => begin('[', line, column),
    onObjectEnd: finish,
    onArrayEnd: finish,
    onObjectProperty: (key) => {
      if (open.length === 1) keys.push(key);
      isKeyNext = false;
    },
    onSeparator: (character) => {
      isAfterComma = character === ',';
      isKeyNext = isAfterComma && open.at(-1) === '{';
    },
    onLiteralValue: (_value, _offset, _length, line, column) => {
      if (open.length === 0) throw new Fault(NO_OBJECT, line, column);
      isAfterComma = false;
    },
    onError: (code, offset, _length, line, column) => {
      throw new Fault(problemOf(printParseErrorCode(code), offset), line, column);
    },
  };
}
