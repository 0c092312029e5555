import * as all from './all.ts';
import type { Preset } from './preset.ts';

/** The product that is meant where a command names none. */
export const DEFAULT_PRODUCT = 'chatgpt';

/** The products that most people have: tables and help have them first, and the others by name. */
const FIRST = ['chatgpt', 'claude', 'claude-code', 'vscode', 'cursor', 'codex'];

const placeOf = ({ name }: Preset) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);

/** The client products that mcpkc knows. */
export const PRESETS: readonly Preset[] = Object.values<Preset>(all).sort(
  (a, b) => placeOf(a) - placeOf(b) || (a.name < b.name ? -1 : 1),
);
