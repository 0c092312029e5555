import type { Refusals } from '../../findings/refusals.ts';
import { count, visible } from '../../text.ts';

const WHAT: Record<Refusals['kind'], readonly [one: string, many: string]> = {
  registration: ['registration', 'registrations'],
  'sign-in': ['sign-in', 'sign-ins'],
  token: ['code', 'codes'],
  renewal: ['renewal', 'renewals'],
};

/** Refusals that are alike in a sentence: how many, by what, of which client, from where, when last. */
export function refusalLine(
  { kind, count: number, by, clientId, address, first, last }: Refusals,
  now: number,
): string {
  const [one, many] = WHAT[kind];
  const client = clientId === undefined ? '' : ` of client ${visible(clientId)}`;
  const who = kind === 'registration' ? `by '${visible(by)}'` : `(${visible(by)})`;
  const since =
    number === 1
      ? `${ago(now - last)} ago`
      : `in the last ${ago(now - first)}, the newest ${ago(now - last)} ago`;
  const from = address === undefined ? '' : `, from ${visible(address)}`;
  return `${count(number, one, many)}${client} refused ${who} ${since}${from}`;
}

const MINUTE = 60_000;

/** A time span in its largest unit, rounded up: "1 minute", "3 hours", "12 days". */
export function ago(ms: number): string {
  const minutes = Math.max(1, Math.ceil(ms / MINUTE));
  if (minutes < 60) return count(minutes, 'minute');
  const hours = Math.ceil(minutes / 60);
  return hours < 48 ? count(hours, 'hour') : count(Math.ceil(hours / 24), 'day');
}
