import { connectSteps } from '../../products/connect.ts';
import type { Run } from './run.ts';

/** The operator's next steps in the product, in plain words. */
export function instructions({ presets, resource }: Pick<Run, 'presets' | 'resource'>): string {
  const lines = presets.flatMap((preset, index) => [
    `${index === 0 ? 'Now' : 'Or'}, in ${preset.title}:`,
    ...connectSteps(preset, resource).map((step, at) => `  ${at + 1}. ${step}`),
  ]);
  return [...lines, 'Ctrl-C ends the waiting; nothing stays open.'].join('\n');
}
