import { expect } from 'vitest';
import { type MemoryResult, type RunOptions, runCli, until } from './cli.ts';
import type { Realm } from './keycloak/realm.ts';
import type { Representation } from './keycloak/snapshot.ts';
import type { MemoryIo } from './memory-io.ts';
import { CHATGPT_BODY, clientIn, listOf, registerAnonymously, scopeIn } from './realm-things.ts';

/** An `onboard` that runs in this process. Its own clock goes on only where it sleeps, so waiting takes little time. */
export interface Onboarding {
  io: MemoryIo;
  /** Resolves when the window is open; fails where the run ends before. */
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
  const isOpen = () => io.err().includes('is open until');
  const opened = until('the window opens', () => isOpen() || ended).then(() => {
    if (!isOpen()) expect.fail(`The run ended before its window was open:\n${io.out()}\n${io.err()}`);
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

/** The scopes that a client is marked as having been given. */
export async function adoptedMark(realm: Realm, clientId: string): Promise<string | undefined> {
  return (await clientIn(realm, clientId))?.attributes?.['mcpkc.adopted'];
}

/** Whether a scope carries the mark of a window. */
export async function isMarked(realm: Realm, scope: string): Promise<boolean> {
  return Boolean((await scopeIn(realm, scope))?.attributes?.['mcpkc.window']);
}

/** Fails unless the scope's window is closed: no mark, and the realm's list as it shall be. */
export async function expectClosed(
  realm: Realm,
  scope: string,
  list: 'default' | 'optional' | 'none' = 'none',
): Promise<void> {
  expect({ marked: await isMarked(realm, scope), list: await listOf(realm, scope) }).toEqual({
    marked: false,
    list,
  });
}

/** Puts a window's mark on a scope, as an earlier run left it, and makes the scope a realm default. */
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
