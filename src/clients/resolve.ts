import { badInput } from '../errors.ts';
import { PRESETS } from './index.ts';
import type { Preset } from './preset.ts';

/** The presets of these names, each once, in the order in which they were named; the user's own among them. */
export function resolvePresets(names: readonly string[], custom: readonly Preset[] = []): Preset[] {
  const known = new Map([...PRESETS, ...custom].map((preset) => [preset.name, preset]));
  return [...new Set(names)].map((name) => {
    const preset = known.get(name);
    if (preset === undefined) throw unknownPreset(name, [...known.keys()]);
    return preset;
  });
}

function unknownPreset(name: string, known: readonly string[]) {
  const near = nearest(name, known);
  const list = `Presets: ${known.join(', ')}.`;
  return badInput(
    '--preset',
    `there is no client preset “${name}”`,
    near === undefined ? list : `Did you mean ${near}? ${list}`,
  );
}

function nearest(name: string, known: readonly string[]): string | undefined {
  const wanted = name.slice(0, 60).toLowerCase();
  const ranked = known.map((candidate) => ({ candidate, edits: edits(wanted, candidate) }));
  const best = ranked.sort((a, b) => a.edits - b.edits)[0];
  return best !== undefined && best.edits <= Math.max(2, Math.floor(best.candidate.length / 3))
    ? best.candidate
    : undefined;
}

/** Letters to insert, delete or replace to make one word the other (Levenshtein). */
function edits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(from).entries()) {
    const next = [i + 1];
    for (const [j, other] of Array.from(to).entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
