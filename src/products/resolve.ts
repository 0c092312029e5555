import { inputError } from '../errors.ts';
import { findNearest as nearestOf } from '../names/nearest.ts';
import { visible } from '../text.ts';
import { PRESETS } from './index.ts';
import type { Preset } from './preset.ts';
import { describeLikeness, SELF_HOSTED } from './self-hosted.ts';

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
  const selfHosted = SELF_HOSTED.find((product) => product.name === name);
  if (selfHosted !== undefined) {
    return inputError(
      '--preset',
      `${selfHosted.title} runs on a host of your own, so its preset needs that host`,
      `Put it into config.local.json: ${describeLikeness(name)} and name that preset.`,
    );
  }
  const near = nearest(name, [...known, ...SELF_HOSTED.map((product) => product.name)]);
  const list = `Presets: ${known.join(', ')}.`;
  const own = `For another product put a preset of your own into config.local.json: {"presets": [{"name": "my-client", "redirectUris": ["http://127.0.0.1:<port>/callback"]}]}`;
  return inputError(
    '--preset',
    `there is no client preset '${visible(name)}'`,
    `${near === undefined ? '' : `Did you mean ${near}? `}${list} ${own}`,
  );
}

/** A longer name may be further off than a key of the configuration, whose limit is tighter. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const best = nearestOf(name, known);
  return best.distance <= Math.max(2, Math.floor(best.key.length / 3)) ? best.key : undefined;
}
