import { mcpkc } from '../programs.ts';
import { inTurn } from '../rounds.ts';
import { type Line, type Row, slowdown } from '../row.ts';

const MORE_MS = 60;
const SLOWER = 1.4;

/** How long mcpkc takes when it has nothing to do. */
export const start: Row = {
  name: 'start',
  async measure({ rounds }) {
    const nothing = { argv: [process.execPath, '-e', '0'] };
    const [none, version, help] = await inTurn(
      rounds * 2,
      () => nothing,
      () => mcpkc(['--version']),
      () => mcpkc(['--help']),
    );
    if (!none || !version || !help) throw new Error('Not everything was measured.');
    const yardstick = '`node -e 0`';
    const more = help.ms.median - none.ms.median;
    const lines: Line[] = [
      {
        what: '`mcpkc --version`',
        yardstick,
        ...slowdown(version.ms, none.ms, SLOWER),
      },
      {
        what: '`mcpkc --help`',
        yardstick,
        ours: help.ms,
        theirs: none.ms,
        unit: 'ms',
        value: more,
        shown: `+${more.toFixed(0)} ms`,
        limit: { most: MORE_MS },
        target: `≤ ${MORE_MS} ms more`,
      },
    ];
    return lines;
  },
};
