/* `npm run suite -- export`: after each test, `mcpkc plan` on what `mcpkc export` writes of each of its realms is empty. */
import { afterEach } from 'vitest';
import { expectExports } from './exported.ts';

afterEach(() => expectExports(), 120_000);
