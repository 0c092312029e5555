import { type Figure, figureOf } from './figures.ts';
import { measure, type Program, type Sample } from './measure.ts';

/** Makes the program for a run, and whatever it has to find when it starts; that is not measured. */
export type Preparing = (round: number) => Promise<Program> | Program;

/** A program's runs. */
export interface Runs {
  ms: Figure;
  mb: Figure | undefined;
  samples: Sample[];
}

/**
 * Runs programs in turn, A B A B …, so that a machine whose speed drifts treats them alike; after a round that doesn't
 * count, which fills caches.
 */
export async function inTurn(rounds: number, ...programs: readonly Preparing[]): Promise<Runs[]> {
  const all: Sample[][] = programs.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, prepare] of programs.entries()) {
      const sample = await measure(await prepare(round));
      if (round > 0 || rounds === 0) all[index]?.push(sample);
    }
  }
  return all.map((samples) => {
    const peaks = samples.flatMap(({ mb }) => (mb === undefined ? [] : [mb]));
    return {
      ms: figureOf(samples.map(({ ms }) => ms)),
      mb: peaks.length > 0 ? figureOf(peaks) : undefined,
      samples,
    };
  });
}
