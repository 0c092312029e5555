import type { Answer } from '../../checks/answer.ts';

/** The escapes of workflow commands (docs.github.com, "Workflow commands for GitHub Actions"): data, then properties. */
const data = (text: string) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string) => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/** A GitHub annotation per failed or blocked check: an error where it is red, a warning or notice otherwise. */
export function annotations({ checks, red }: Answer): string {
  return checks
    .filter(({ outcome, warning }) => outcome === 'fail' || outcome === 'blocked' || warning)
    .map(({ id, title, severity, message, cause, fix }) => {
      const level = red.includes(id) ? 'error' : severity === 'info' ? 'notice' : 'warning';
      const words = [message, cause, fix === null ? null : `Fix: ${fix}`]
        .filter((one) => one !== null)
        .join('\n');
      return `::${level} title=${property(`${id} ${title}`)}::${data(words)}\n`;
    })
    .join('');
}
