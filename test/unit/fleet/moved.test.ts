import { describe, expect, it } from 'vitest';
import { requireSame } from '../../../src/commands/fleet/realm.ts';
import { McpkcError } from '../../../src/errors.ts';

function messageOf(shown: string[], now: string[], exactly = true): string {
  try {
    requireSame(shown, now, exactly);
    return '';
  } catch (error) {
    return error instanceof McpkcError ? `${error.code} ${error.message}` : String(error);
  }
}

describe('a realm that moved since its plan', () => {
  it('is told by what came, what went, and what is the same from another state, each once', () => {
    const message = messageOf(
      ['scope-access detach "a" {"roles":["x"]}', 'client-scope create "b" {}'],
      ['scope-access detach "a" {"roles":["y"]}', 'realm-role create "c" {}'],
    );
    expect(message).toBe(
      'PLAN_MOVED The realm is not as it was when the plan was made: now it would also be: realm-role create "c". no longer needed: client-scope create "b". the same things, from another state or to another: scope-access detach "a". Nothing was written to it.',
    );
  });

  it('may be nearer to the file, unless the plan is to be exactly the one that was saved', () => {
    expect(messageOf(['a create "x" 1'], [], false)).toBe('');
    expect(messageOf(['a create "x" 1'], [])).toContain('no longer needed: a create "x"');
  });
});
