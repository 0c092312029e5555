// biome-ignore lint/style/noRestrictedImports: this decides how a text looks.
import { Chalk } from 'chalk';

/** The look of a text at its destination; without colour every function returns its text as it is. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
  /** Width to keep to, in columns. */
  width: number;
  /** Whether its reader saw the plan and agreed to it: then what was done is told without the details. */
  isPlanKnown?: boolean;
}

/** Whether to colour: the flag, NO_COLOR (no-color.org), FORCE_COLOR, then whether it is a terminal. */
export function isColorWanted(
  env: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
  flag: boolean | undefined,
): boolean {
  if (flag === false) return false;
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '') return env.FORCE_COLOR !== '0';
  return isTerminal && env.TERM !== 'dumb';
}

/**
 * A style for one destination. Its functions take one text, so that `map` can have them: chalk's would join the index and the
 * whole list to each line. Width is kept between 40 and 120 columns; 80 where there is no terminal.
 */
export function styleFor(color: boolean, columns: number | undefined): Style {
  const chalk = new Chalk({ level: color ? 1 : 0 });
  return {
    bold: (text) => chalk.bold(text),
    dim: (text) => chalk.dim(text),
    red: (text) => chalk.red(text),
    green: (text) => chalk.green(text),
    yellow: (text) => chalk.yellow(text),
    cyan: (text) => chalk.cyan(text),
    width: Math.min(Math.max(columns ?? 80, 40), 120),
  };
}
