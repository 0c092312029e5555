import { brief, fitToWidth, withoutRunnerCommands, wrap } from '../text.ts';
import type { Output } from './io.ts';
import type { Style } from './style.ts';

/** The lines on stderr while a command runs. `--quiet` silences all but warnings. */
export interface Voice {
  /** A line about what happened. */
  note(text: string): void;
  /** A line that is printed as it is, neither wrapped nor silenced: the request log. */
  log(line: string): void;
  /** Something the operator should know though the command goes on. */
  warn(text: string): void;
  /**
   * The work that is going on now: an animated line on a terminal, nothing else where there is none. `undefined` ends
   * it.
   */
  progress(text: string | undefined): void;
}

/** A voice for one output. ora is loaded at the first progress line on a terminal. */
export function voiceFor(output: Output, style: Style, quiet: boolean): Voice {
  let spinner: { text: string; stop(): unknown } | undefined;
  let wanted: string | undefined;
  const between = (text: string) => {
    spinner?.stop();
    spinner = undefined;
    output.write(withoutRunnerCommands(text));
    if (wanted !== undefined) show(wanted);
  };
  const show = (text: string) => {
    if (spinner) {
      spinner.text = text;
      return;
    }
    // biome-ignore lint/style/noRestrictedImports: this decides how a text looks.
    void import('ora').then(({ default: ora }) => {
      if (wanted !== text || spinner) return;
      spinner = ora({ text, stream: output.stream, discardStdin: false, hideCursor: false }).start();
    });
  };
  return {
    note: (text) => {
      if (!quiet) between(`${fitToWidth(text, style.width)}\n`);
    },
    log: (line) => between(`${style.dim(line)}\n`),
    warn: (text) =>
      between(fitToWidth(`${style.yellow('!')} ${wrap(text, style.width, '  ').trimStart()}\n`, style.width)),
    progress: (text) => {
      // ora 9.4 never ends clearing its line where the terminal has no width.
      const isShown = !quiet && output.isTerminal && output.columns !== undefined;
      // It stands behind the spinner, on one line: what is longer is cut.
      wanted = text !== undefined && isShown ? brief(text, style.width - 3) : undefined;
      if (wanted === undefined) {
        spinner?.stop();
        spinner = undefined;
      } else {
        show(wanted);
      }
    },
  };
}
