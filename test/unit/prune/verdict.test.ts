import { describe, expect, it } from 'vitest';
import type { OrphanEvidence } from '../../../src/commands/prune-clients/judge/evidence.ts';
import { judge, type Standing } from '../../../src/commands/prune-clients/judge/verdict.ts';
import { DAY, events, MADE, marks, NOW, orphan, RULES } from './evidence.ts';

const unread = (why: string) => ({ readable: false, why }) as const;

const CASES: [string, Partial<OrphanEvidence>, Standing, RegExp][] = [
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
  [
    'a young probe',
    { probeBegun: NOW - 1000, events: events({ registered: NOW - 1000 }) },
    'shielded',
    /probe/,
  ],
  ['an old probe', { probeBegun: NOW - 30 * DAY }, 'orphan', /nobody/],
  ['a probe from the future', { probeBegun: NOW + 30 * DAY }, 'orphan', /nobody/],
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
  [
    'an old use, of a product that registers for each sign-in',
    { isLeftBehind: true, events: events({ uses: 1, lastUse: MADE }) },
    'orphan',
    /registers anew for each sign-in/,
  ],
  [
    'a use seen earlier, of a product that registers for each sign-in',
    { isLeftBehind: true, marks: marks({ lastSeen: MADE }) },
    'orphan',
    /registers anew for each sign-in/,
  ],
  [
    'a late use, of a product that registers for each sign-in',
    { isLeftBehind: true, events: events({ uses: 1, lastUse: NOW - 1000 }) },
    'alive',
    /was used/,
  ],
  [
    'a consent, for a product that registers for each sign-in',
    { isLeftBehind: true, consents: { readable: true, users: 1, lastGiven: MADE } },
    'alive',
    /a user consented/,
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
  [
    'client credentials, where their use is stored',
    { traces: [{ grant: 'client credentials', event: 'CLIENT_LOGIN' }] },
    'orphan',
    /nobody/,
  ],
  [
    'client credentials, where their use is not stored',
    {
      traces: [{ grant: 'client credentials', event: 'CLIENT_LOGIN' }],
      events: events({}, { CLIENT_LOGIN: undefined }),
    },
    'unknown',
    /client credentials, which leaves no session, and events of type CLIENT_LOGIN do not cover/,
  ],
  [
    'client credentials, stored since later',
    {
      traces: [{ grant: 'client credentials', event: 'CLIENT_LOGIN' }],
      events: events({}, { CLIENT_LOGIN: MADE + 1 }),
    },
    'unknown',
    /CLIENT_LOGIN do not cover/,
  ],
  [
    'a grant of which no trace is known',
    { traces: [{ grant: 'x.grant.enabled', event: undefined }] },
    'unknown',
    /nothing shows whether it does/,
  ],
  ['a chosen client id that registered', { isChosen: true }, 'orphan', /nobody/],
  [
    'a chosen client id without its registration',
    {
      isChosen: true,
      events: events({ registered: undefined }),
      marks: marks({ firstSeen: { at: MADE, after: MADE - DAY / 2 } }),
    },
    'unknown',
    /an administrator may have made it/,
  ],
  [
    'a chosen client id that an administrator made anew after a registration',
    { isChosen: true, created: MADE + DAY },
    'unknown',
    /was another client/,
  ],
  [
    'the same, as an earlier look tells',
    { isChosen: true, marks: marks({ firstSeen: { at: MADE + 3 * DAY, after: MADE + 2 * DAY } }) },
    'unknown',
    /was another client/,
  ],
  [
    'a time that the server tells',
    {
      created: MADE,
      secretMade: NOW - DAY,
      events: events({ registered: undefined }, { CLIENT_REGISTER: undefined }),
    },
    'orphan',
    /nobody/,
  ],
  ['a young one by the time that the server tells', { created: NOW - DAY }, 'unsettled', /younger/],
  [
    'nothing but an operator’s word',
    {
      acceptedAge: NOW - 30 * DAY,
      secretMade: undefined,
      events: events(
        { registered: undefined },
        { LOGIN: undefined, CODE_TO_TOKEN: undefined, CLIENT_REGISTER: undefined },
      ),
    },
    'accepted',
    /an operator accepted its age .* Not proven: nothing tells since when it exists/,
  ],
  [
    'an operator’s word against a use',
    { acceptedAge: NOW - 30 * DAY, events: events({ registered: undefined, uses: 1, lastUse: NOW - DAY }) },
    'alive',
    /was used/,
  ],
  [
    'an operator’s word where sessions can’t be read',
    { acceptedAge: NOW - 30 * DAY, sessions: unread('403') },
    'unknown',
    /sessions are unknown/,
  ],
  [
    'an operator’s word on a day that is too near',
    { acceptedAge: NOW - DAY, secretMade: undefined, events: events({ registered: undefined }) },
    'unsettled',
    /younger/,
  ],
  ['an operator’s word of a client that is proven', { acceptedAge: NOW - 30 * DAY }, 'orphan', /nobody/],
];

describe('the verdict', () => {
  it.each(CASES)('for %s', (_name, changes, standing, reason) => {
    const verdict = judge(orphan(changes), RULES);
    expect(verdict.standing).toBe(standing);
    expect(verdict.reason).toMatch(reason);
  });

  it('takes clients of no product where that is asked for', () => {
    const rules = { ...RULES, presets: ['unrecognised'] };
    expect(judge(orphan({ preset: undefined }), rules).standing).toBe('orphan');
    expect(judge(orphan(), rules).standing).toBe('foreign');
  });

  it('prefers life to a missing proof', () => {
    const evidence = orphan({ consents: unread('403'), sessions: { readable: true, active: 1, offline: 0 } });
    expect(judge(evidence, RULES).standing).toBe('alive');
  });
});
