import { expect } from 'vitest';
import { readRecord } from '../../src/keycloak/read/record.ts';
import { adoptedIn, provisionalIn } from '../../src/realm/record.ts';
import { type Account, type MemoryResult, type RunOptions, runCli, until } from './cli.ts';
import { connected } from './keycloak/connection.ts';
import type { Realm } from './keycloak/realm.ts';
import type { Representation } from './keycloak/snapshot.ts';
import type { MemoryIo } from './memory-io.ts';
import { CHATGPT_BODY, clientIn, listOf, registerAnonymously, type Scope, scopeIn } from './realm-things.ts';

/** An `onboard` that runs in this process. Its own clock goes on only where it sleeps, so waiting takes little time. */
export interface Onboarding {
  io: MemoryIo;
  /** Resolves when the run waits for newcomers; fails where it ends before. */
  opened: Promise<void>;
  done: Promise<MemoryResult>;
}

/** Runs `mcpkc onboard …`; its clock is virtual unless told. */
export function startOnboard(args: readonly string[], options: RunOptions = {}): Onboarding {
  const kept: { io?: MemoryIo } = {};
  const done = runCli(['onboard', ...args], {
    clock: 'virtual',
    ...options,
    prepare: (made) => {
      kept.io = made;
      options.prepare?.(made);
    },
  });
  const { io } = kept;
  if (!io) throw new Error('The run did not begin.');
  let ended = false;
  void done.finally(() => {
    ended = true;
  });
  const isOpen = () => io.err().includes('Waiting for a connector of');
  const opened = until('the run waits', () => isOpen() || ended).then(() => {
    if (!isOpen()) expect.fail(`The run ended before it waited:\n${io.out()}\n${io.err()}`);
  });
  opened.catch(() => {});
  return { io, opened, done };
}

/** Makes the clock of a run in memory go as the real one does. */
export function inRealTime(io: MemoryIo): void {
  io.now = () => Date.now();
  io.sleep = (ms, signal) =>
    new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', stop);
        resolve();
      }, ms);
      if (signal?.aborted) stop();
      signal?.addEventListener('abort', stop, { once: true });
    });
}

/** Registers anonymously, as ChatGPT unless told otherwise; fails unless Keycloak takes it. Gives the client id. */
export async function register(realm: Realm, changes: Representation = {}): Promise<string> {
  const { status, body } = await registerAnonymously(realm, { ...CHATGPT_BODY, ...changes });
  if (status !== 201) expect.fail(`registration answered ${status}: ${JSON.stringify(body)}`);
  return String(body.client_id);
}

/** As what a client holds a scope; `gone` where there is no such client. */
export async function held(
  realm: Realm,
  clientId: string,
  scope: string,
): Promise<'default' | 'optional' | 'none' | 'gone'> {
  const client = await clientIn(realm, clientId);
  if (!client) return 'gone';
  if (client.defaultClientScopes.includes(scope)) return 'default';
  return client.optionalClientScopes.includes(scope) ? 'optional' : 'none';
}

/** The hidden scope of a resource of mode adopted, by the scope that clients name. */
export async function audienceScope(realm: Realm, name: string): Promise<Scope | undefined> {
  const all = await realm.admin.get<Scope[]>(realm.path('client-scopes'));
  return all.find(({ attributes }) => attributes?.['mcpkc.audience-of'] === name);
}

/** Whether a client holds a resource's audience: `adopted` by the hidden scope, `named` by the one that clients name. */
export async function audience(
  realm: Realm,
  clientId: string,
  name: string,
): Promise<'adopted' | 'named' | 'none' | 'gone'> {
  const hidden = await audienceScope(realm, name);
  const client = await clientIn(realm, clientId);
  if (!client) return 'gone';
  if (hidden && client.defaultClientScopes.includes(hidden.name)) return 'adopted';
  const named = await scopeIn(realm, name);
  const gives = (named?.protocolMappers ?? []).some(({ config }) => config['included.custom.audience']);
  return gives && [...client.defaultClientScopes, ...client.optionalClientScopes].includes(name)
    ? 'named'
    : 'none';
}

/** What the record says: clients that hold an audience for the time being, and those that were adopted. */
export async function remembered(account: Account): Promise<{ provisional: string[]; adopted: string[] }> {
  const record = await readRecord(await connected(account));
  return {
    provisional: provisionalIn(record).map(({ client }) => client.clientId),
    adopted: adoptedIn(record).map(({ client }) => client.clientId),
  };
}

/** Fails unless a resource of mode adopted is whole: anybody may name it, the audience is hidden, nothing is open. */
export async function expectAdoptedMode(realm: Realm, account: Account, name: string): Promise<void> {
  const hidden = await audienceScope(realm, name);
  const named = await scopeIn(realm, name);
  expect({
    list: await listOf(realm, name),
    mode: named?.attributes?.['mcpkc.mode'],
    window: named?.attributes?.['mcpkc.window'],
    gives: (named?.protocolMappers ?? []).length,
    hidden: hidden && (await listOf(realm, hidden.name)),
    shown: [
      hidden?.attributes?.['include.in.token.scope'],
      hidden?.attributes?.['display.on.consent.screen'],
      hidden?.attributes?.['include.in.openid.provider.metadata'],
    ],
    mappers: (hidden?.protocolMappers ?? []).length,
    provisional: (await remembered(account)).provisional,
  }).toEqual({
    list: 'optional',
    mode: 'adopted',
    window: undefined,
    gives: 0,
    hidden: 'none',
    shown: ['false', 'false', 'false'],
    mappers: 1,
    provisional: [],
  });
}

/** Puts a window's mark on a scope, as a run of 0.1.0 left it, and makes the scope a realm default. */
export async function leaveWindow(realm: Realm, scope: string, mark: object | string): Promise<void> {
  const found = await scopeIn(realm, scope);
  if (!found) throw new Error(`There is no scope ${scope}.`);
  const text = typeof mark === 'string' ? mark : JSON.stringify(mark);
  await realm.admin.put(realm.path(`client-scopes/${found.id}`), {
    name: scope,
    protocol: 'openid-connect',
    attributes: { 'mcpkc.window': text },
  });
  if ((await listOf(realm, scope)) === 'none')
    await realm.admin.put(realm.path(`default-default-client-scopes/${found.id}`));
}

/** Turns on the user events that tell of registrations. */
export async function storeEvents(
  realm: Realm,
  types: readonly string[] = ['CLIENT_REGISTER', 'CLIENT_REGISTER_ERROR', 'LOGIN'],
  enabled = true,
): Promise<void> {
  await realm.admin.put(realm.path('events/config'), {
    eventsEnabled: enabled,
    eventsListeners: ['jboss-logging'],
    enabledEventTypes: types,
  });
}
