import { describe, expect, it } from 'vitest';
import { SITUATIONS, type Situation } from './situations.ts';
import { cellsOf, contradiction } from './verdicts.ts';

/** The whole table is `npm run suite -- verdicts`. */
const SAMPLE = ['all is well, the server names its scope', 'a client policy demands DPoP of public clients'];
const PRODUCTS = ['chatgpt', 'codex', 'gemini-cli'];

describe('verdict against replay, a sample', () => {
  it.each(SITUATIONS.filter(({ title }) => SAMPLE.includes(title)))(
    '$title',
    async (situation: Situation) => {
      const cells = await cellsOf(situation, PRODUCTS);
      expect(cells.map((cell) => contradiction(cell)).filter((one) => one !== undefined)).toEqual([]);
      const verdicts = Object.fromEntries(cells.map(({ product, verdict }) => [product, verdict]));
      const isHeld = situation.title === SAMPLE[1];
      expect(verdicts).toEqual({
        chatgpt: 'expected',
        codex: isHeld ? 'fails' : expect.stringMatching(/^works/),
        'gemini-cli': isHeld ? 'fails' : expect.stringMatching(/^works/),
      });
    },
  );
});
