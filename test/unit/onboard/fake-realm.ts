import type { Keycloak } from '../../../src/keycloak/connection/connect.ts';

interface FakeEvent {
  id?: string;
  time: number;
  type: string;
  clientId?: string;
  ipAddress: string;
  details?: Record<string, string>;
}

/** A realm with clients and stored events, as far as watching for newcomers asks for them; it counts what it is asked. */
export class FakeRealm {
  clients: string[] = ['account', 'admin-cli', 'broker'];
  events: FakeEvent[] = [];
  /** The server's clock. */
  now = Date.UTC(2026, 10, 24);
  stores = ['CLIENT_REGISTER', 'CLIENT_REGISTER_ERROR'];
  givesIds = true;
  /** Clients can't be read. */
  away = false;
  requests = 0;
  #number = 0;

  /** A registration; `time` is what its event says, where one is stored. */
  register(time = this.now): string {
    this.#number += 1;
    const clientId = `00000000-0000-4000-8000-${String(this.#number).padStart(12, '0')}`;
    this.clients = [...this.clients, clientId].sort();
    this.#store({ time, type: 'CLIENT_REGISTER', clientId, ipAddress: '203.0.113.7' });
    return clientId;
  }

  refuse(time = this.now): void {
    const details = { client_registration_policy: 'Trusted Hosts' };
    this.#store({ time, type: 'CLIENT_REGISTER_ERROR', ipAddress: '203.0.113.7', details });
  }

  remove(clientId: string): void {
    this.clients = this.clients.filter((one) => one !== clientId);
  }

  #store(event: FakeEvent): void {
    if (!this.stores.includes(event.type)) return;
    this.events.push(this.givesIds ? { id: crypto.randomUUID(), ...event } : event);
  }

  /** The connection to it. */
  get keycloak(): Keycloak {
    const admin = {
      clients: { find: (query: { first?: number; max?: number; clientId?: string }) => this.#find(query) },
      realms: {
        getConfigEvents: () => ({ eventsEnabled: true, enabledEventTypes: this.stores }),
        findEvents: (query: { dateFrom?: string; first: number; max: number; type: string[] }) =>
          this.#findEvents(query),
      },
    };
    const read = async (_attempt: unknown, send: (one: typeof admin) => unknown) => {
      this.requests += 1;
      return send(admin);
    };
    return { realm: 'fake', read } as unknown as Keycloak;
  }

  #find({ first = 0, max = 100, clientId }: { first?: number; max?: number; clientId?: string }) {
    if (this.away) throw new Error('away');
    const found = clientId === undefined ? this.clients.slice(first, first + max) : [clientId];
    return found.filter((one) => this.clients.includes(one)).map((one) => ({ id: one, clientId: one }));
  }

  #findEvents({
    dateFrom = '0',
    first,
    max,
    type,
  }: {
    dateFrom?: string;
    first: number;
    max: number;
    type: string[];
  }) {
    return this.events
      .filter((event) => event.time >= Number(dateFrom) && type.includes(event.type))
      .toSorted((a, b) => b.time - a.time)
      .slice(first, first + max);
  }
}
