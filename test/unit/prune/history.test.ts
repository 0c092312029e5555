import { describe, expect, it } from 'vitest';
import {
  History,
  type HistoryEvent,
  type HistoryLimits,
} from '../../../src/commands/prune-clients/judge/history.ts';
import { DAY, NOW } from './evidence.ts';

const ME = 'me';
const event = (type: string, daysAgo: number, error?: string, clientId = ME): HistoryEvent => ({
  type,
  time: NOW - daysAgo * DAY,
  clientId,
  error,
});

function history(events: HistoryEvent[], limits: Partial<HistoryLimits> = {}): History {
  const none = { isOn: () => true, retentionMs: undefined, changed: undefined, on: {}, off: {} };
  const made = new History(new Set([ME]), { ...none, ...limits });
  for (const one of events) made.add(one);
  return made;
}

const from = (made: History, type: 'LOGIN' | 'CODE_TO_TOKEN' = 'LOGIN') => {
  const at = made.reach(NOW)[type].from;
  return at === undefined ? undefined : (NOW - at) / DAY;
};

describe('how far back history reaches', () => {
  const old = [event('CLIENT_LOGIN', 40), event('LOGIN', 30)];

  it('is as far as an event of the type proves', () => {
    expect(from(history(old))).toBe(30);
    expect(from(history(old), 'CODE_TO_TOKEN')).toBeUndefined();
  });

  it('is as far as an earlier run saw the type on, and not beyond the oldest stored event', () => {
    expect(from(history(old, { on: { LOGIN: NOW - 35 * DAY } }))).toBe(35);
    expect(from(history(old, { on: { LOGIN: NOW - 90 * DAY } }))).toBe(40);
    expect(from(history([], { on: { LOGIN: NOW - 90 * DAY } }))).toBeUndefined();
  });

  it('is nothing for a type that is off now', () => {
    expect(from(history(old, { isOn: (type) => type !== 'LOGIN' }))).toBeUndefined();
  });

  it('ends at retention', () => {
    expect(from(history(old, { retentionMs: 10 * DAY }))).toBe(10);
  });

  it('begins anew after the type was seen off', () => {
    expect(from(history(old, { off: { LOGIN: NOW - 20 * DAY } }))).toBeUndefined();
    expect(from(history([...old, event('LOGIN', 5)], { off: { LOGIN: NOW - 20 * DAY } }))).toBe(5);
    const seen = { off: { LOGIN: NOW - 20 * DAY }, on: { LOGIN: NOW - 15 * DAY } };
    expect(from(history(old, seen))).toBe(15);
    const stale = { off: { LOGIN: NOW - 20 * DAY }, on: { LOGIN: NOW - 25 * DAY } };
    expect(from(history(old, stale))).toBeUndefined();
  });

  it('begins anew after an administrator changed what is stored', () => {
    const changed = NOW - 3 * DAY;
    expect(from(history(old, { changed, on: { LOGIN: NOW - 35 * DAY } }))).toBeUndefined();
    expect(from(history([...old, event('LOGIN', 1)], { changed }))).toBe(1);
  });
});

describe('what events say of a client', () => {
  it('tells uses from tries', () => {
    const made = history([
      event('LOGIN_ERROR', 1, 'rejected_by_user'),
      event('REFRESH_TOKEN', 2),
      event('LOGIN', 3),
      event('LOGIN_ERROR', 4, 'client_disabled'),
      event('CLIENT_REGISTER', 5),
      event('LOGIN', 0, undefined, 'another'),
    ]);
    expect(made.of(ME)).toEqual({
      registered: NOW - 5 * DAY,
      uses: 2,
      lastUse: NOW - 2 * DAY,
      lastTry: NOW - DAY,
      missed: NOW - 4 * DAY,
    });
    expect(made.of('another').uses).toBe(0);
    expect(made.newest).toBe(NOW);
  });

  it('takes a change of its own registration for use', () => {
    expect(history([event('CLIENT_UPDATE', 1)]).of(ME).uses).toBe(1);
  });
});
