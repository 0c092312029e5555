import { visible, wrap } from '../text.ts';
import type { Style } from './style.ts';

/** The steps of a person in a product, a number each, with texts to copy on lines of their own. */
export function numberedSteps(steps: readonly string[], style: Style): string[] {
  return steps.map((step, index) => {
    const [first = '', ...rest] = stepLines(step, style);
    return [`  ${index + 1}. ${first.trimStart()}`, ...rest].join('\n');
  });
}

/** A step with its code on lines of their own, never wrapped: it is there to be copied. */
function stepLines(step: string, style: Style): string[] {
  return step.split('`').flatMap((part, index) => {
    if (index % 2 === 1) return [`     ${style.bold(visible(part))}`];
    const text = part.replace(/^[,.]?\s+|\s+$/g, '');
    return /^[.,]?$/.test(text) ? [] : [`     ${wrap(visible(text), style.width, '     ').trimStart()}`];
  });
}
