import type { Result } from '../result.ts';

/** The members of a JSON object, in their order; `twice` names those that stand there twice. */
export interface JsonObject {
  members: [key: string, value: unknown][];
  twice: string[];
}

/** Where and why a text is no JSON object; line and column from 1. */
export interface JsonFault {
  problem: string;
  line: number;
  column: number;
}

const DEEPEST = 64;
const SPACE = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;

class Fault extends Error {
  readonly at: number;
  constructor(problem: string, at: number) {
    super(problem);
    this.at = at;
  }
}

/**
 * Reads a JSON object. Says where a fault is, which `JSON.parse` doesn't always do, and never quotes the text, which
 * `JSON.parse` does and which may hold a secret.
 */
export function readJsonObject(source: string): Result<JsonObject, JsonFault> {
  const text = source.replace(/^\u{feff}/u, '');
  const keys: string[] = [];
  try {
    const start = skip(text, 0);
    if (text[start] !== '{') throw new Fault('it must be an object in braces', start);
    const end = skip(text, checkValue(text, start, 0, keys));
    if (end < text.length) throw new Fault('something follows the closing brace', end);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const before = text.slice(0, error.at).split('\n');
    return { problem: error.message, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  }
  const members = Object.entries(JSON.parse(text) as Record<string, unknown>);
  const twice = keys.filter((key, index) => keys.indexOf(key) !== index);
  return { value: { members, twice: [...new Set(twice)] } };
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function skip(text: string, at: number): number {
  return at + (match(SPACE, text, at)?.length ?? 0);
}

/** Where the value that starts here ends; `keys` collects the names of the outermost object. */
function checkValue(text: string, at: number, depth: number, keys: string[]): number {
  if (depth > DEEPEST) throw new Fault('it is nested too deeply', at);
  const first = text[at];
  if (first === '{' || first === '[') return checkMany(text, at, depth, keys);
  if (first === '"') return at + checkString(text, at).length;
  const scalar = match(SCALAR, text, at);
  if (scalar === undefined)
    throw new Fault(at < text.length ? 'a value is expected here' : 'it ends too early', at);
  return at + scalar.length;
}

function checkString(text: string, at: number): string {
  const found = match(STRING, text, at);
  if (found === undefined)
    throw new Fault('this text is not closed, or has a line break or a wrong escape in it', at);
  return found;
}

function checkMany(text: string, start: number, depth: number, keys: string[]): number {
  const isObject = text[start] === '{';
  const close = isObject ? '}' : ']';
  let at = skip(text, start + 1);
  if (text[at] === close) return at + 1;
  for (;;) {
    if (isObject) at = checkKey(text, at, depth, keys);
    at = skip(text, checkValue(text, at, depth + 1, keys));
    if (text[at] === close) return at + 1;
    if (text[at] !== ',')
      throw new Fault(at < text.length ? `, or ${close} is expected here` : 'it ends too early', at);
    at = skip(text, at + 1);
    if (text[at] === close) throw new Fault('there is a comma before the closing bracket', at);
  }
}

function checkKey(text: string, at: number, depth: number, keys: string[]): number {
  if (text[at] !== '"')
    throw new Fault(at < text.length ? 'a key in double quotes is expected here' : 'it ends too early', at);
  const key = checkString(text, at);
  if (depth === 0) keys.push(JSON.parse(key) as string);
  const colon = skip(text, at + key.length);
  if (text[colon] !== ':') throw new Fault('a colon is expected here', colon);
  return skip(text, colon + 1);
}
