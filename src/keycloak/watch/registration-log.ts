import { type RefusedBy, refusedBy } from '../../realm/refused-registration.ts';
import type { UserEvent } from '../../realm/representations.ts';
import type { Keycloak } from '../connection/connect.ts';
import { readAllEvents } from '../read/events.ts';
import { readEventsConfig } from '../read/read.ts';

const REGISTER = 'CLIENT_REGISTER';
const REGISTER_ERROR = 'CLIENT_REGISTER_ERROR';
const TYPES = [REGISTER, REGISTER_ERROR];

/**
 * The reach of each read into the past, in milliseconds of the server's clock. An event gets its time before it is
 * stored, so one may appear after a later one. The clocks of a cluster’s nodes differ, too.
 */
const OVERLAP_MS = 30_000;

/** A registration that was refused: all that Keycloak keeps is the policy, or what it objected to, and the address. */
export interface Refusal extends RefusedBy {
  address: string;
}

/** The events that the realm stored since the read before. */
export interface LogPage {
  registered: { clientId: string; address: string | undefined }[];
  refusals: Refusal[];
  requests: number;
}

/** The kinds of registrations that the realm stores events of. */
export async function readStoredRegistrations(
  keycloak: Keycloak,
): Promise<{ registered: boolean; refused: boolean }> {
  const { enabled, types } = await readEventsConfig(keycloak);
  return {
    registered: enabled && types.includes(REGISTER),
    refused: enabled && types.includes(REGISTER_ERROR),
  };
}

/** Reads the registration events that are stored from now on; only the server's own clock counts. */
export class RegistrationLog {
  readonly #keycloak: Keycloak;
  #newest = 0;
  #seen = new Map<string, number>();

  private constructor(keycloak: Keycloak) {
    this.#keycloak = keycloak;
  }

  /** Begins after what is stored already. */
  static async begin(keycloak: Keycloak): Promise<RegistrationLog> {
    const log = new RegistrationLog(keycloak);
    const [latest] = await readAllEvents(keycloak, TYPES, 0, 1);
    log.#newest = latest?.time ?? 0;
    if (latest) await log.#fresh();
    return log;
  }

  async read(): Promise<LogPage> {
    const { fresh, requests } = await this.#fresh();
    return {
      registered: fresh
        .filter(({ type }) => type === REGISTER)
        .flatMap(({ clientId, ipAddress }) =>
          clientId === undefined ? [] : [{ clientId, address: ipAddress }],
        ),
      refusals: fresh
        .filter(({ type }) => type === REGISTER_ERROR)
        .flatMap((event) => {
          const by = refusedBy(event);
          return by ? [{ ...by, address: event.ipAddress ?? '' }] : [];
        }),
      requests,
    };
  }

  async #fresh(): Promise<{ fresh: UserEvent[]; requests: number }> {
    const from = Math.max(0, this.#newest - OVERLAP_MS);
    const events = await readAllEvents(this.#keycloak, TYPES, from);
    const fresh = events.filter((event) => !this.#seen.has(keyOf(event)));
    this.#newest = Math.max(this.#newest, ...events.slice(-1).map(({ time }) => time));
    for (const event of fresh) this.#seen.set(keyOf(event), event.time);
    for (const [key, time] of this.#seen) if (time < this.#newest - OVERLAP_MS) this.#seen.delete(key);
    return { fresh, requests: 1 + Math.floor(events.length / 100) };
  }
}

/** Servers that assign events no id (26.4.0) tell two of the same millisecond apart by client and address only. */
function keyOf({ id, time, type, clientId, ipAddress }: UserEvent): string {
  return id ?? `${time} ${type} ${clientId} ${ipAddress}`;
}
