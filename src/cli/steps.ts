import { keepAsIs, visible, wrap } from '../text.ts';
import type { Style } from './style.ts';

/** The steps of a person in a product, a number each, with texts to copy on lines of their own. */
export function numberedSteps(steps: readonly string[], style: Pick<Style, 'bold' | 'width'>): string[] {
  return steps.map((step, index) => {
    const [first = '', ...rest] = stepLines(step, style);
    const head = `  ${index + 1}. ${first.trimStart()}`;
    return [step.startsWith('`') ? keepAsIs(head) : head, ...rest].join('\n');
  });
}

/** A step with its code on lines of their own, never wrapped: it is there to be copied. */
function stepLines(step: string, style: Pick<Style, 'bold' | 'width'>): string[] {
  return step.split('`').flatMap((part, index) => {
    if (index % 2 === 1) {
      const code = `     ${style.bold(visible(part))}`;
      // The first line of a step stands behind its number.
      return [step.startsWith('`') && index === 1 ? code : keepAsIs(code)];
    }
    const text = part.replace(/^[,.]?\s+|\s+$/g, '');
    return /^[.,]?$/.test(text) ? [] : [`     ${wrap(visible(text), style.width, '     ').trimStart()}`];
  });
}
