import { ageText } from '../../duration.ts';
import type { Refusals } from '../../findings/refusals.ts';
import { count, visible } from '../../text.ts';

const WHAT: Record<Refusals['kind'], readonly [one: string, many: string]> = {
  registration: ['registration', 'registrations'],
  'sign-in': ['sign-in', 'sign-ins'],
  token: ['code', 'codes'],
  renewal: ['renewal', 'renewals'],
};

/** Refusals that are alike in a sentence: their number, policy, client, origin and last time. */
export function refusalLine(
  { kind, count: number, by, clientId, address, first, last, duringValidate }: Refusals,
  now: number,
): string {
  const [one, many] = WHAT[kind];
  const client = clientId === undefined ? '' : ` of client ${visible(clientId)}`;
  const who = kind === 'registration' ? `by '${visible(by)}'` : `(${visible(by)})`;
  const since =
    number === 1
      ? `${ageText(now - last)} ago`
      : `in the last ${ageText(now - first)}, the newest ${ageText(now - last)} ago`;
  const from = address === undefined ? '' : `, from ${visible(address)}`;
  return `${count(number, one, many)}${client} refused ${who} ${since}${from}${hint(kind, by)}${ownTests(duringValidate, number)}`;
}

/** The refusals that validate most likely asked for: it tries what must be refused. */
function ownTests(own: number, all: number): string {
  if (own === 0) return '';
  const which = own < all ? `${own} of them` : all === 1 ? 'this one' : 'all of them';
  return `; ${which} while mcpkc validate ran on this machine, which tries what must be refused`;
}

/**
 * The part of a refusal by Trusted Hosts that Keycloak doesn’t keep: which of the registration’s URIs it was (26.7).
 */
function hint(kind: Refusals['kind'], by: string): string {
  if (kind !== 'registration' || by !== 'Trusted Hosts') return '';
  return ': a redirect URI, client_uri or logo_uri is at a host that is not listed, or the sender is';
}
