import { afterAll, beforeAll, expect, it } from 'vitest';
import { type KnobName, knob, knobNames, startBrokenHost } from '../support/hosts/broken.ts';
import { expectFailures } from './expect.ts';
import { newStage, probesIn, retarget, type Stage, senders } from './stage.ts';

/** Self-registered clients get audience tokens without a user here: that is where the token for the MCP server is from. */
const ANYWAY = ['TOK-USERLESS'];
/** Hosts that answer nothing at all. */
const SILENT: readonly KnobName[] = ['hang', 'reset'];
/** Hosts whose answers never end: waiting for them is what the test takes. */
const ENDLESS: readonly KnobName[] = ['hang', 'slow-drip', 'endless-stream'];
/** Part of the right cause, or of the sentence, for each knob that breaks something. */
const WORDS: Partial<Record<KnobName, RegExp>> = {
  'issuer-as-metadata-url': /older instructions/,
  'issuer-slash': /slash at the end/,
  'issuer-second': /first entry/,
  'resource-slash': /slash at the end/,
  'resource-origin-only': /bare origin/,
  'resource-scheme': /ends TLS/,
  'prm-html': /page for people/,
  'prm-500': /fails/,
  'metadata-redirect-link-local': /none may be sent to/,
  'huge-body': /longer than a mebibyte/,
  'gzip-bomb': /longer than a mebibyte/,
  'challenge-200': /without a token/,
  'challenge-302': /page for people/,
  'challenge-404': /no endpoint for POST/,
  'challenge-to-nowhere': /look nowhere else/,
  'origin-after-token': /only after the token/,
  'accepts-garbage-token': /does not verify tokens/,
  'manifest-old': /older specification/,
  'cache-stale': /old copy/,
  'scopes-unknown': /no-such-scope/,
};

/** One fault for each check that faults of MCP servers break: the first that breaks it. */
export const oneOfEach: readonly KnobName[] = knobNames.filter((name, at) => {
  const before = knobNames.slice(0, at).flatMap((one) => knob(one).breaks);
  return SILENT.includes(name) || knob(name).breaks.some((check) => !before.includes(check));
});

/** The faults that break nothing else than those of `oneOfEach`. */
export const theOthers: readonly KnobName[] = knobNames.filter((name) => !oneOfEach.includes(name));

/** Tests that `validate` finds exactly what each fault breaks, in a realm of their own. */
export function testFaults(names: readonly KnobName[]): void {
  let stage: Stage;

  beforeAll(async () => {
    stage = await newStage('broken');
    await stage.provision('https://mcp.example.com/mcp');
  });
  afterAll(() => stage.remove());

  it.each(names)('%s breaks what it says', async (name) => {
    const { breaks } = knob(name);
    const host = await startBrokenHost(name, stage.setup);
    try {
      await retarget(stage, host.url);
      const run = await stage.validate(host.url, [
        '--request-timeout',
        ENDLESS.includes(name) ? '2s' : '30s',
      ]);
      expectFailures(run, breaks, ANYWAY);
      expect(run.exit === 3).toBe(SILENT.includes(name));
      const words = run.document.checks
        .filter(({ outcome }) => outcome === 'fail')
        .map(({ message, cause }) => `${message} ${cause}`);
      const expected = WORDS[name];
      if (expected) expect(words.join('\n')).toMatch(expected);
      expect(senders(host)).not.toContain('mcpkc');
    } finally {
      await host.stop();
    }
  });

  it('leaves no probe behind', async () => {
    expect(await probesIn(stage.realm)).toEqual([]);
  });
}
