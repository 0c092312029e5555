import type { ValidationAnswer } from '../../checks/answer.ts';
import { workflowData, workflowProperty } from '../../text.ts';

/** The GitHub annotation of a run that failed before there were results. */
export function failureAnnotation({
  code,
  message,
  fix,
}: {
  code: string;
  message: string;
  fix: string;
}): string {
  return `::error title=${workflowProperty(`No result: ${code}`)}::${workflowData(`${message}\n${fix}`)}\n`;
}

/** A GitHub annotation per failed or not run check: an error where it is red, a warning or notice otherwise. */
export function writeAnnotations({ checks, red }: ValidationAnswer): string {
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
