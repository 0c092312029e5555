import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  DEMANDED,
  type OrphanEvidence,
  REACHED,
  type ReachedType,
} from '../../../src/commands/prune-clients/judge/evidence.ts';
import { decide } from '../../../src/commands/prune-clients/judge/stages.ts';
import { judge } from '../../../src/commands/prune-clients/judge/verdict.ts';
import { DAY, NOW, RULES } from './evidence.ts';

const time = fc.integer({ min: NOW - 60 * DAY, max: NOW + 2 * DAY });
const maybeTime = fc.option(time, { nil: undefined });
/** Mostly none, so that orphans are among what is generated. */
const seldom = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 1 });
const few = fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(3) });
const unread = fc.record({ readable: fc.constant(false as const), why: fc.constant('no') });
const source = <T>(read: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 8, arbitrary: read }, { weight: 1, arbitrary: unread as fc.Arbitrary<never> });

const from = fc.oneof(
  { weight: 8, arbitrary: fc.constant(NOW - 61 * DAY) },
  { weight: 1, arbitrary: maybeTime },
);
const reach = fc.record({ from, why: fc.constant('') });

const evidence: fc.Arbitrary<OrphanEvidence> = fc.record({
  origin: fc.constantFrom(
    { kind: 'dynamic', why: '' },
    { kind: 'dynamic', why: '' },
    { kind: 'cimd', why: '' },
    { kind: 'other', why: '' },
  ) as fc.Arbitrary<OrphanEvidence['origin']>,
  preset: fc.constantFrom('chatgpt', 'chatgpt', 'claude', undefined),
  enabled: fc.boolean(),
  shield: fc.constantFrom(undefined, undefined, undefined, 'kept'),
  probeBegun: fc.constantFrom(undefined, undefined, undefined, NOW - 1000, NOW - 2 * DAY),
  secretMade: maybeTime,
  isChosen: fc.constantFrom(false, false, true),
  created: seldom(time),
  acceptedAge: seldom(time),
  traces: fc.constantFrom<OrphanEvidence['traces'][]>(
    [],
    [],
    [{ grant: 'x', event: 'CLIENT_LOGIN' }],
    [{ grant: 'y', event: undefined }],
  ),
  marks: fc.record({
    firstSeen: fc.option(fc.record({ at: time, after: maybeTime }), { nil: undefined }),
    lastSeen: fc.constantFrom(undefined, undefined, undefined, NOW - 50 * DAY),
    stage: fc.option(
      fc.record({ stage: fc.constantFrom('marked' as const, 'disabled' as const), at: time }),
      {
        nil: undefined,
      },
    ),
  }),
  sessions: source(fc.record({ readable: fc.constant(true as const), active: few, offline: few })),
  consents: source(fc.record({ readable: fc.constant(true as const), users: few, lastGiven: maybeTime })),
  events: source(
    fc.record({
      readable: fc.constant(true as const),
      registered: maybeTime,
      uses: few,
      lastUse: maybeTime,
      lastTry: seldom(time),
      missed: seldom(time),
      reach: fc.record(
        Object.fromEntries(REACHED.map((type) => [type, reach])) as Record<ReachedType, typeof reach>,
      ),
    }),
  ),
});

/** Said anew, not by the code under test: why this client must not be cut off; undefined where nothing speaks for it. */
function objection(e: OrphanEvidence): string | undefined {
  if (e.origin.kind === 'other' || e.preset !== 'chatgpt' || e.shield !== undefined) return 'not ours';
  if (!e.enabled && e.marks.stage?.stage !== 'disabled') return 'a person disabled it';
  if (e.enabled && e.marks.stage?.stage === 'disabled') return 'a person enabled it';
  if (!e.sessions.readable || e.sessions.active > 0 || e.sessions.offline > 0) return 'sessions';
  if (!e.consents.readable || e.consents.users > 0) return 'consents';
  if (!e.events.readable || e.events.uses > 0 || e.events.missed !== undefined) return 'events';
  if (e.marks.lastSeen !== undefined) return 'marks';
  const { registered, lastTry } = e.events;
  if (lastTry !== undefined && lastTry > NOW - 7 * DAY) return 'tried lately';
  if (lastTry !== undefined && e.marks.stage && lastTry >= e.marks.stage.at) return 'tried since';
  const ages =
    e.created !== undefined ? [e.created] : [registered, e.secretMade].filter((one) => one !== undefined);
  const seen = [e.marks.firstSeen?.at, e.acceptedAge].filter((one) => one !== undefined);
  const youngest = ages.length > 0 ? Math.max(...ages) : seen.length > 0 ? Math.min(...seen) : undefined;
  if (youngest === undefined || youngest > NOW - 7 * DAY) return 'young, or of unknown age';
  if (e.acceptedAge !== undefined) return undefined;
  if (e.isChosen && registered === undefined) return 'perhaps an administrator’s';
  if (e.isChosen && e.created !== undefined && Math.abs(e.created - (registered ?? 0)) > 60_000)
    return 'another’s';
  const begin = e.created ?? registered ?? e.marks.firstSeen?.after;
  if (begin === undefined) return 'nobody knows since when it exists';
  for (const type of [...DEMANDED.slice(1), ...e.traces.map(({ event }) => event)]) {
    if (type === undefined) return 'a grant without a trace';
    const { from: since } = e.events.reach[type];
    if (since === undefined || since > begin) return `${type} too short`;
  }
  return undefined;
}

const pace = fc.record({ now: fc.constant(NOW), graceMs: fc.nat(10 * DAY), atOnce: fc.boolean() });

it('never cuts off a client that something speaks for', () => {
  let cut = 0;
  fc.assert(
    fc.property(evidence, pace, (one, how) => {
      const { action } = decide(judge(one, RULES), one, how);
      if (action === 'disable' || action === 'delete') {
        cut++;
        expect(objection(one)).toBeUndefined();
        // What an operator stands for is disabled before it is deleted, and only where its users would be heard.
        const { acceptedAge, marks, events } = one;
        const word = objection({ ...one, acceptedAge: undefined }) !== undefined && acceptedAge !== undefined;
        if (action === 'delete' && word) {
          expect(marks.stage?.stage).toBe('disabled');
          const from = events.readable ? events.reach.LOGIN_ERROR.from : undefined;
          const heard = Math.max(Number(marks.stage?.at), from ?? Number.NaN);
          expect(NOW - heard).toBeGreaterThanOrEqual(how.graceMs);
        }
      }
    }),
    { numRuns: 40_000, seed: 20260601 },
  );
  // The property must have met clients that do go.
  expect(cut).toBeGreaterThan(20);
});

it('never cuts off any client once one source can’t be read', () => {
  const without = fc.tuple(
    evidence,
    fc.constantFrom('sessions' as const, 'consents' as const, 'events' as const),
  );
  fc.assert(
    fc.property(without, pace, ([one, name], how) => {
      const blind = { ...one, [name]: { readable: false, why: 'no' } } as OrphanEvidence;
      expect(['keep', 'revive']).toContain(decide(judge(blind, RULES), blind, how).action);
    }),
    { numRuns: 5_000 },
  );
});
