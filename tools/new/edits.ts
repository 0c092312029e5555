import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Files that are made and lines that are added: nothing is written before everything fits. */
export class Edits {
  readonly #root: string;
  readonly #texts = new Map<string, string>();
  #problem: string | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  /** Paths of everything that is written, as people name them. */
  get paths(): string[] {
    return [...this.#texts.keys()];
  }

  /** Why nothing can be written; undefined where all fits. */
  problem(): string | undefined {
    return this.#problem;
  }

  /** Nothing is written, for this reason. */
  refuse(problem: string): void {
    this.#problem ??= problem;
  }

  /** The text of a file as it will be; undefined where it isn't there. */
  read(path: string): string | undefined {
    const file = join(this.#root, path);
    return this.#texts.get(path) ?? (existsSync(file) ? readFileSync(file, 'utf8') : undefined);
  }

  make(path: string, text: string): void {
    if (this.read(path) !== undefined) this.#problem ??= `${path} is there already.`;
    this.#texts.set(path, text);
  }

  /** Puts a text in front of (or behind) the first place in a file that fits the pattern. */
  insert(path: string, place: RegExp, text: string, where: 'before' | 'after' = 'before'): void {
    const old = this.read(path);
    const found = old === undefined ? null : place.exec(old);
    if (old === undefined || found === null) {
      this.#problem ??= `${path} has no place for it (${place.source}).`;
      return;
    }
    const at = where === 'before' ? found.index : found.index + found[0].length;
    this.#texts.set(path, old.slice(0, at) + text + old.slice(at));
  }

  /** Puts a text at the end of a file. */
  append(path: string, text: string): void {
    this.insert(path, /$/, text);
  }

  /** Adds an import in front of the others. */
  addImport(path: string, line: string): void {
    this.insert(path, /^import /m, `${line}\n`);
  }

  write(): void {
    for (const [path, text] of this.#texts) {
      const file = join(this.#root, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  }
}
