import type { Io } from '../../cli/io.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { mapSome } from '../../keycloak/connection/lists.ts';
import { removeProbe } from '../../keycloak/write/probe-clients.ts';
import { isLeftProbe, type RunMark } from '../../products/probe-mark.ts';
import type { Client } from '../../realm/representations.ts';
import { type Exchange, listStrings, toObject } from '../exchange.ts';
import type { Recorder } from '../recorder.ts';

/** A client that was registered to try the realm out. */
export interface ProbeClient {
  clientId: string;
  secret: string | undefined;
  redirectUris: string[];
  /** The scopes that the answer names (RFC 7591 §3.2.1). */
  scopes: string[];
  /** The way to authenticate at the token endpoint that the answer names. */
  authMethod: string | undefined;
}

/** A registration and its outcome. */
export interface Registered {
  exchange: Exchange;
  /** The client; undefined where it was refused. */
  client: ProbeClient | undefined;
}

/** A client that the admin API made for this run. */
export interface MadeClient {
  id: string;
  clientId: string;
}

interface Kept extends ProbeClient {
  url: string;
  token: string;
}

const ATTEMPTS = 3;

/**
 * Registers clients anonymously, as a product does, and removes every one of them by its registration token (RFC 7592).
 * Keeps the clients that the admin API made beside, for it to remove. A registration that is under way when the run is
 * aborted is waited for: its client would stay behind otherwise.
 */
export class Probes {
  readonly mark: RunMark;
  readonly #recorder: Recorder;
  readonly #kept: Kept[] = [];
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #made: MadeClient[] = [];
  #closed = false;

  constructor(recorder: Recorder, mark: RunMark) {
    this.#recorder = recorder;
    this.mark = mark;
  }

  /** The client ids of all that were registered or made. */
  get clientIds(): string[] {
    return [...this.#kept, ...this.#made].map(({ clientId }) => clientId);
  }

  /** Those that were made by the admin API, which alone can remove them; whole only after `removeAll`. */
  get made(): readonly MadeClient[] {
    return this.#made;
  }

  /**
   * Makes one by the admin API; `making` resolves to undefined where the account may not. It runs on when the run is
   * aborted.
   */
  async make(making: Promise<MadeClient | undefined>): Promise<MadeClient | undefined> {
    const attempt = making.then((client) => {
      if (client) this.#made.push(client);
      return client;
    });
    this.#underWay.add(attempt);
    try {
      return await attempt;
    } finally {
      this.#underWay.delete(attempt);
    }
  }

  /** Registers one; its mark is added to the body. */
  async register(
    endpoint: string,
    body: Readonly<Record<string, unknown>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Registered> {
    this.#recorder.throwIfAborted();
    if (this.#closed) throw new Error('The probes were removed already.');
    const attempt = this.#register(endpoint, body, headers);
    this.#underWay.add(attempt);
    try {
      return await attempt;
    } finally {
      this.#underWay.delete(attempt);
    }
  }

  async #register(
    endpoint: string,
    body: Readonly<Record<string, unknown>>,
    headers: Readonly<Record<string, string>>,
  ): Promise<Registered> {
    const exchange = await this.#recorder.send(endpoint, {
      method: 'POST',
      to: 'keycloak',
      detached: true,
      headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
      body: JSON.stringify({ ...body, tos_uri: this.mark.tosUri }),
    });
    const answer = toObject(exchange.json);
    if (exchange.status !== 201 || typeof answer.client_id !== 'string')
      return { exchange, client: undefined };
    const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
    const client: ProbeClient = {
      clientId: answer.client_id,
      secret: text(answer.client_secret),
      redirectUris: listStrings(answer.redirect_uris),
      scopes: (text(answer.scope) ?? '').split(' ').filter((name) => name !== ''),
      authMethod: text(answer.token_endpoint_auth_method),
    };
    const token = text(answer.registration_access_token) ?? '';
    this.#recorder.secrets.keep(client.secret);
    this.#recorder.secrets.keep(token);
    // Keycloak's registration_client_uri may name another host than the one that was asked; the token goes nowhere else.
    this.#kept.push({ ...client, token, url: `${endpoint}/${encodeURIComponent(client.clientId)}` });
    return { exchange, client };
  }

  /** Accepts no more, and waits for registrations under way. Never throws. */
  async settle(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#underWay);
  }

  /** Removes all; returns the client ids of those that could not be. Never throws. */
  async removeAll(): Promise<string[]> {
    await this.settle();
    const removed = await Promise.all(
      this.#kept.map(async (kept) => ((await this.#remove(kept)) ? [] : [kept.clientId])),
    );
    return removed.flat();
  }

  async #remove({ url, token }: Kept): Promise<boolean> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const { status = 0 } = await this.#recorder.send(url, {
        method: 'DELETE',
        to: 'keycloak',
        detached: true,
        headers: { authorization: `Bearer ${token}` },
      });
      if (status === 204) return true;
      if (status > 0 && status < 500 && status !== 429) return false;
    }
    return false;
  }
}

/** Probes that killed runs left behind. */
export function listLeftovers(clients: readonly Client[], own: RunMark, io: Io): Client[] {
  return clients.filter((client) => isLeftProbe(client, own, io));
}

/** Removes clients by the admin API; returns the client ids of those that this account can't remove. */
export async function removeClients(
  keycloak: Keycloak,
  clients: readonly Pick<Client, 'id' | 'clientId'>[],
): Promise<string[]> {
  const kept = await mapSome(clients, async (client) =>
    (await removeProbe(keycloak, client)) ? [] : [client.clientId],
  );
  return kept.flat();
}
