import { badInput } from '../errors.ts';
import { nearest as nearestOf } from '../names/nearest.ts';
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

/** A longer name may be further off than a key of the configuration, whose limit is tighter. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const best = nearestOf(name, known);
  return best.distance <= Math.max(2, Math.floor(best.key.length / 3)) ? best.key : undefined;
}
