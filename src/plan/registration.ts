import { inputError } from '../errors.ts';
import type { Keycloak } from '../keycloak/connection/connect.ts';
import { readRecord } from '../keycloak/read/record.ts';
import { type RealmRecord, type Wanted, wantedIn } from '../realm/record.ts';
import { hasNoTrustedHost } from '../realm/registration-policies.ts';
import type { RealmSnapshot } from '../realm/snapshot.ts';
import { formatCommand, visible } from '../text.ts';
import type { Desired } from './desired.ts';

/** Outcome for registration: left exactly as it is, or opened (and hardened) for the products. */
export type RegistrationChoice = 'keep' | 'open';

/** The flags about registration. */
export interface RegistrationWish {
  /** `--registration`, where it was named. */
  choice: RegistrationChoice | undefined;
  /** `--preset` was named. */
  namesProducts: boolean;
  /** A client was named: `--client`, `--detach`. The command is about that one. */
  namesClient: boolean;
}

/**
 * The choice whether a command opens registration. Products that are named open it. A command about a named client
 * leaves it alone. So does one in a realm whose registration is shut: nobody asked for it to be opened.
 */
export function registrationChoice(
  { choice, namesProducts, namesClient }: RegistrationWish,
  snapshot: RealmSnapshot,
): RegistrationChoice {
  if (choice !== undefined) return choice;
  if (namesProducts) return 'open';
  return namesClient || hasNoTrustedHost(snapshot.registrationPolicies) ? 'keep' : 'open';
}

/** Refuses (INPUT_INVALID) `--registration keep` beside products that should register. */
export function requireNoContradiction(choice: RegistrationChoice | undefined, namesProducts: boolean): void {
  if (choice !== 'keep' || !namesProducts) return;
  throw inputError(
    '--registration',
    'keep opens registration for nobody, and --preset names who should register',
    'Leave one of the two out.',
  );
}

/**
 * A wish without the parts about registration: hosts, scopes and mappers that a registration may name, its policies.
 */
export function withoutRegistration(desired: Desired): Desired {
  const {
    trustedHosts: _hosts,
    allowedScopes: _scopes,
    registrationOrigins: _origins,
    mapperTypes: _mappers,
    registrations: _registrations,
    userless: _userless,
    formerPolicies: _former,
    rehearsal: _rehearsal,
    ...rest
  } = desired;
  return rest;
}

/**
 * The record's entry for a server for which nobody should register: no product is wanted. Empty where the record knows
 * more.
 */
function keptWish(record: RealmRecord, resource: string, since: string): Wanted[] {
  if (wantedIn(record, resource) !== undefined) return [];
  return [{ kind: 'wanted', resource, products: [], since }];
}

/** `withoutRegistration`, and it is written down that this was meant where registration is shut. */
export async function keepRegistration(
  desired: Desired,
  keycloak: Keycloak,
  resource: string,
  snapshot: RealmSnapshot,
): Promise<Desired> {
  const kept = withoutRegistration(desired);
  if (!hasNoTrustedHost(snapshot.registrationPolicies)) return kept;
  const since = new Date(keycloak.serverNow()).toISOString();
  const wish = keptWish(await readRecord(keycloak), resource, since);
  return wish.length === 0 ? kept : { ...kept, remember: [...(kept.remember ?? []), ...wish] };
}

/**
 * Refuses (INPUT_INVALID) to wait for a product in a realm where none can register and none was named. Opening
 * registration is a decision about the realm.
 */
export function requireOpenRegistration(
  resource: string,
  namesProducts: boolean,
  snapshot: RealmSnapshot,
): void {
  if (namesProducts || !hasNoTrustedHost(snapshot.registrationPolicies)) return;
  const open = formatCommand(['onboard', resource, ['--preset', 'chatgpt']]);
  const client = `${formatCommand(['onboard', resource])} <client-id>`;
  throw inputError(
    '--preset',
    `registration is shut in realm '${visible(snapshot.realm)}' (Trusted Hosts lists no host), and no product is named for which it should be opened`,
    `To open it for a product:\n${open}\nTo grant the audience to a client that is there, with registration left shut:\n${client}`,
  );
}

/**
 * A sentence about registration that was left as it is, and how to open it; undefined where registration was opened.
 */
export function keptSentence(choice: RegistrationChoice, snapshot: RealmSnapshot): string | undefined {
  if (choice === 'open') return undefined;
  if (!hasNoTrustedHost(snapshot.registrationPolicies)) return 'Nothing of registration was changed.';
  return `Registration stays shut: no host is trusted. To let a product register: ${formatCommand(['trusted-hosts', ['--preset', 'chatgpt']])}`;
}
