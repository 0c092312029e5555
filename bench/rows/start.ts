import { mcpkc } from '../programs.ts';
import { inTurn } from '../rounds.ts';
import type { Line, Row } from '../row.ts';

const MORE_MS = 60;

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
    const line = (what: string, { ms }: typeof none): Line => {
      const value = ms.median - none.ms.median;
      const shown = `+${value.toFixed(0)} ms`;
      return {
        what,
        yardstick: '`node -e 0`',
        ours: ms,
        theirs: none.ms,
        unit: 'ms',
        value,
        shown,
        limit: { most: MORE_MS },
        target: `≤ ${MORE_MS} ms more`,
      };
    };
    return [line('`mcpkc --version`', version), line('`mcpkc --help`', help)];
  },
};
