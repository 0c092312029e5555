import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { McpkcError } from '../../src/errors.ts';
import { type Action, applyPlan, type Change, KINDS, planOf, requireConsent } from '../../src/plan/plan.ts';

const ACTIONS: readonly Action[] = ['create', 'update', 'delete', 'attach', 'detach'];
const change = (kind: Change['kind'], action: Action, key: string): Change => ({
  kind,
  action,
  key,
  before: null,
  after: null,
  why: '',
});
const anyChange = fc
  .tuple(fc.constantFrom(...KINDS), fc.constantFrom(...ACTIONS), fc.string({ maxLength: 4 }))
  .map(([kind, action, key]) => change(kind, action, key));
const takes = ({ action }: Change) => action === 'delete' || action === 'detach';
const rank = ({ kind }: Change) => KINDS.indexOf(kind);

describe('planOf', () => {
  it('gives first in the order of the kinds, then removes in reverse; nothing is lost, made up or swapped', () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 30 }), (changes) => {
        const plan = planOf(changes);
        expect(plan.toSorted(byText)).toEqual(changes.toSorted(byText));
        const firstTaken = plan.findIndex(takes);
        const [giving, taking] =
          firstTaken === -1 ? [plan, []] : [plan.slice(0, firstTaken), plan.slice(firstTaken)];
        expect(taking.every(takes)).toBe(true);
        expect(giving.map(rank)).toEqual(giving.map(rank).toSorted((a, b) => a - b));
        expect(taking.map(rank)).toEqual(taking.map(rank).toSorted((a, b) => b - a));
      }),
    );
  });

  it('keeps the order of changes of one kind', () => {
    const changes = ['c', 'a', 'b'].map((key) => change('client', 'update', key));
    expect(planOf(changes)).toEqual(changes);
  });

  it('marks a window before anything else and erases its mark after everything else', () => {
    const open = planOf([change('default-scope', 'attach', 's'), change('window-mark', 'create', 's')]);
    expect(open.map(({ kind }) => kind)).toEqual(['window-mark', 'default-scope']);
    const closed = planOf([change('window-mark', 'delete', 's'), change('default-scope', 'detach', 's')]);
    expect(closed.map(({ kind }) => kind)).toEqual(['default-scope', 'window-mark']);
  });

  it('deletes a policy before the scope that it names', () => {
    const plan = planOf([change('client-scope', 'delete', 's'), change('client-policy', 'delete', 'p')]);
    expect(plan.map(({ kind }) => kind)).toEqual(['client-policy', 'client-scope']);
  });
});

function byText(a: Change, b: Change): number {
  const [one, other] = [JSON.stringify(a), JSON.stringify(b)];
  return one < other ? -1 : one > other ? 1 : 0;
}

const attachment = (key: string) => change('client-scope-assignment', 'attach', key);
const never = new AbortController().signal;

describe('applyPlan', () => {
  it('writes in order, attachments four at a time, and tells of each', async () => {
    const plan = [change('client-scope', 'create', 's'), ...['1', '2', '3', '4', '5', '6'].map(attachment)];
    let [running, most] = [0, 0];
    const done: string[] = [];
    const write = async ({ kind }: Change) => {
      running += 1;
      if (kind === 'client-scope') expect(running).toBe(1);
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    };
    const applied = await applyPlan(plan, write, never, ({ key }) => done.push(key));
    expect(applied).toEqual(plan);
    expect(done).toEqual(['s', '1', '2', '3', '4', '5', '6']);
    expect(most).toBe(4);
  });

  it('never writes attachments and detachments at once', async () => {
    const plan = [attachment('1'), change('client-scope-assignment', 'detach', '2')];
    const events: string[] = [];
    await applyPlan(
      plan,
      async ({ key }) => {
        events.push(`begin ${key}`);
        await new Promise((resolve) => setImmediate(resolve));
        events.push(`end ${key}`);
      },
      never,
    );
    expect(events).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
  });

  it('edits different lists of the realm at once, and never one list twice', async () => {
    const plan = [
      change('audience-mapper', 'create', 'm'),
      change('trusted-hosts', 'update', 'h'),
      change('allowed-scopes', 'update', 'a'),
      change('client-policy', 'create', 'p'),
      change('client-policy', 'create', 'q'),
      change('default-scope', 'attach', 's'),
    ];
    const running: string[] = [];
    const beside: string[][] = [];
    await applyPlan(
      plan,
      async ({ key }) => {
        running.push(key);
        await new Promise((resolve) => setImmediate(resolve));
        beside.push([...running]);
        await new Promise((resolve) => setImmediate(resolve));
        running.splice(running.indexOf(key), 1);
      },
      never,
    );
    // A host is not trusted beside the policies that hold who registers there.
    expect(beside).toEqual([['m'], ['h', 'a'], ['h', 'a'], ['p'], ['q'], ['s']]);
  });

  it('stops at the first failure, waits for what was begun, and says what is done and what is not', async () => {
    const plan = [change('client-scope', 'create', 's'), ...['1', '2', '3', '4', '5'].map(attachment)];
    const failing = async ({ key }: Change) => {
      if (key === '2')
        throw new McpkcError('ROLE_MISSING', 'may not', 'Get the role.', { details: { role: 'x' } });
      await new Promise((resolve) => setTimeout(resolve, 5));
    };
    const error = await applyPlan(plan, failing, never).then(
      () => undefined,
      (thrown: unknown) => thrown as McpkcError,
    );
    expect(error).toMatchObject({ code: 'ROLE_MISSING', message: 'may not' });
    expect(error?.fix.split('\n')).toEqual([
      'Get the role.',
      'Done: create client-scope s; attach client-scope-assignment 1; attach client-scope-assignment 3; attach client-scope-assignment 4. Not done: attach client-scope-assignment 2; attach client-scope-assignment 5. Once that is right, the same command does the rest.',
    ]);
    expect(error?.details).toMatchObject({
      role: 'x',
      open: ['attach client-scope-assignment 2', 'attach client-scope-assignment 5'],
    });
  });

  it('says that nothing was written where the first change fails', async () => {
    const plan = [change('client-scope', 'create', 's'), change('client', 'create', 'c')];
    const write = async () => Promise.reject(new McpkcError('KEYCLOAK_ERROR', 'no', 'Look.'));
    await expect(applyPlan(plan, write, never)).rejects.toMatchObject({
      fix: expect.stringContaining('Nothing was written. Not done: create client-scope s; create client c.'),
    });
  });

  it('stops between two changes when interrupted', async () => {
    const stop = new AbortController();
    const plan = [change('client-scope', 'create', 's'), change('client', 'create', 'c')];
    const written: string[] = [];
    const write = async ({ key }: Change) => {
      written.push(key);
      stop.abort(new McpkcError('INTERRUPTED', 'Stopped (Ctrl-C).', 'Again.'));
    };
    await expect(applyPlan(plan, write, stop.signal)).rejects.toMatchObject({
      code: 'INTERRUPTED',
      details: { applied: ['create client-scope s'], open: ['create client c'] },
    });
    expect(written).toEqual(['s']);
  });

  it('a bug passes as it is', async () => {
    const bug = new TypeError('undefined is not a function');
    const plan = [change('client', 'create', 'a'), change('client', 'create', 'b')];
    await expect(applyPlan(plan, () => Promise.reject(bug), never)).rejects.toBe(bug);
  });
});

describe('requireConsent', () => {
  it('asks for nothing where there is nothing to ask, or --yes was said', () => {
    expect(() => requireConsent([], false)).not.toThrow();
    expect(() => requireConsent([{ message: 'x' }], true)).not.toThrow();
  });

  it('names every reason', () => {
    expect(() => requireConsent([{ message: 'one.' }, { message: 'two.' }], false)).toThrow('one.\ntwo.');
  });
});
