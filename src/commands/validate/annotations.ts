import type { Answer } from '../../checks/answer.ts';
import { workflowData, workflowProperty } from '../../text.ts';

/** A GitHub annotation per failed or not run check: an error where it is red, a warning or notice otherwise. */
export function annotations({ checks, red }: Answer): string {
  return checks
    .filter(
      ({ id, outcome, warning, culprit }) =>
        outcome === 'fail' || warning || (culprit === null && red.includes(id)),
    )
    .map(({ id, title, severity, message, cause, fix }) => {
      const level = red.includes(id) ? 'error' : severity === 'info' ? 'notice' : 'warning';
      const words = [message, cause, fix === null ? null : `Fix: ${fix}`]
        .filter((one) => one !== null)
        .join('\n');
      return `::${level} title=${workflowProperty(`${id} ${title}`)}::${workflowData(words)}\n`;
    })
    .join('');
}
