/* `npm run suite -- export`: after each test, what `mcpkc export` writes of each of its realms is held to `expectExport`. */
import { afterEach } from 'vitest';
import { expectExports } from './exported.ts';

afterEach(() => expectExports(), 240_000);
