import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../../src/commands/prune-clients/judge/evidence.ts';
import { judge, type Standing } from '../../../src/commands/prune-clients/judge/verdict.ts';
import { DAY, events, MADE, marks, NOW, orphan, RULES } from './evidence.ts';

const unread = (why: string) => ({ readable: false, why }) as const;

const CASES: [string, Partial<Evidence>, Standing, RegExp][] = [
  ['every proof', {}, 'orphan', /nobody consented to it/],
  [
    'somebody else’s client',
    { origin: { kind: 'other', why: 'a person chose its id' } },
    'foreign',
    /person chose/,
  ],
  ['another preset', { preset: 'claude' }, 'foreign', /preset claude/],
  ['no preset', { preset: undefined }, 'foreign', /no client preset/],
  ['kept', { shield: 'it is kept' }, 'shielded', /kept/],
  ['a young probe', { probe: true, events: events({ registered: NOW - 1000 }) }, 'shielded', /probe/],
  ['an old probe', { probe: true }, 'orphan', /nobody/],
  ['disabled by a person', { enabled: false }, 'foreign', /person disabled/],
  [
    'disabled by us',
    { enabled: false, marks: marks({ stage: { stage: 'disabled', at: NOW - DAY } }) },
    'orphan',
    /nobody/,
  ],
  [
    'enabled again by a person',
    { marks: marks({ stage: { stage: 'disabled', at: NOW - DAY } }) },
    'alive',
    /enabled it again/,
  ],
  ['an active session', { sessions: { readable: true, active: 1, offline: 0 } }, 'alive', /1 active/],
  ['an offline session', { sessions: { readable: true, active: 0, offline: 2 } }, 'alive', /2 offline/],
  ['a consent', { consents: { readable: true, users: 1, lastGiven: MADE } }, 'alive', /a user consented/],
  ['a use', { events: events({ uses: 1, lastUse: MADE }) }, 'alive', /was used/],
  [
    'a try while disabled',
    { events: events({ missed: MADE, lastTry: MADE }) },
    'alive',
    /while it was disabled/,
  ],
  ['a last-seen mark', { marks: marks({ lastSeen: MADE }) }, 'alive', /seen in use earlier/],
  ['a try lately', { events: events({ lastTry: NOW - DAY }) }, 'unsettled', /tried to sign in/],
  ['a try long ago', { events: events({ lastTry: MADE + 1000 }) }, 'orphan', /nobody/],
  [
    'a try after it was marked',
    {
      events: events({ lastTry: NOW - 8 * DAY }),
      marks: marks({ stage: { stage: 'marked', at: NOW - 9 * DAY } }),
    },
    'alive',
    /after it had been marked/,
  ],
  [
    'too young',
    { secretMade: undefined, events: events({ registered: NOW - DAY }) },
    'unsettled',
    /younger than 7d/,
  ],
  ['a new secret', { secretMade: NOW - DAY }, 'unsettled', /younger than 7d/],
  ['made in the future', { secretMade: NOW + DAY }, 'unsettled', /younger/],
  ['no sessions read', { sessions: unread('403') }, 'unknown', /sessions are unknown: 403/],
  ['no consents read', { consents: unread('too many users') }, 'unknown', /consents are unknown: too many/],
  ['no events read', { events: unread('off') }, 'unknown', /events are unknown: off/],
  [
    'no age',
    { secretMade: undefined, events: events({ registered: undefined }) },
    'unknown',
    /nothing tells its age; it is observed/,
  ],
  ['a secret’s time alone', { events: events({ registered: undefined }) }, 'unknown', /since when it exists/],
  [
    'first seen, but never missed before',
    {
      events: events({ registered: undefined }),
      marks: marks({ firstSeen: { at: MADE, after: undefined } }),
    },
    'unknown',
    /since when it exists/,
  ],
  [
    'first seen after a look without it, where registrations are not stored',
    {
      secretMade: undefined,
      events: events({ registered: undefined }, { CLIENT_REGISTER: undefined }),
      marks: marks({ firstSeen: { at: MADE, after: MADE - DAY / 2 } }),
    },
    'orphan',
    /nobody/,
  ],
  [
    'the same where registrations are stored, and this one is not among them',
    {
      events: events({ registered: undefined }),
      marks: marks({ firstSeen: { at: MADE, after: MADE - DAY / 2 } }),
    },
    'unknown',
    /its registration is not among the stored events though/,
  ],
  [
    'history from after that look',
    {
      events: events({ registered: undefined }, { CLIENT_REGISTER: undefined, LOGIN: MADE - DAY / 4 }),
      marks: marks({ firstSeen: { at: MADE, after: MADE - DAY / 2 } }),
    },
    'unknown',
    /type LOGIN do not cover/,
  ],
  ['no LOGIN events', { events: events({}, { LOGIN: undefined }) }, 'unknown', /type LOGIN do not cover/],
  ['LOGIN events since later', { events: events({}, { LOGIN: MADE + 1 }) }, 'unknown', /type LOGIN/],
  [
    'no CODE_TO_TOKEN events',
    { events: events({}, { CODE_TO_TOKEN: undefined }) },
    'unknown',
    /CODE_TO_TOKEN/,
  ],
];

describe('the verdict', () => {
  it.each(CASES)('for %s', (_name, changes, standing, reason) => {
    const verdict = judge(orphan(changes), RULES);
    expect(verdict.standing).toBe(standing);
    expect(verdict.reason).toMatch(reason);
  });

  it('prefers life to a missing proof', () => {
    const evidence = orphan({ consents: unread('403'), sessions: { readable: true, active: 1, offline: 0 } });
    expect(judge(evidence, RULES).standing).toBe('alive');
  });
});
