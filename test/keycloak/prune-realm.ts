import type { RunningHost } from '../../examples/mcp-host/host.ts';
import type { Marks } from '../../src/commands/prune-clients/judge/evidence.ts';
import { marksOf, rememberedIn } from '../../src/commands/prune-clients/judge/marks.ts';
import { findClientById } from '../../src/keycloak/read/clients.ts';
import { readRecord } from '../../src/keycloak/read/record.ts';
import { main } from '../../src/main.ts';
import { clientKeyOf, RECORD_CLIENT } from '../../src/realm/record.ts';
import type { AdminAccess } from '../../tools/keycloak/admin.ts';
import { startMcpHost } from '../connectors/host.ts';
import { newRealm, provision, type TestRealm } from '../connectors/realm.ts';
import { Connector, type ConnectorOptions } from '../support/connectors/chatgpt.ts';
import { connected as connection } from '../support/keycloak/connection.ts';
import { switchEventsOn } from '../support/keycloak/events.ts';
import { createServiceAccount, type ServiceAccount } from '../support/keycloak/service-account.ts';
import { type MemoryIo, memoryIo } from '../support/memory-io.ts';

export const DAY = 86_400_000;
export const SCOPE = 'mcp-resource-prune';
const ROLES = ['manage-clients', 'manage-realm', 'view-events', 'view-users'];

/** A realm where connectors register, sign in and fail; events are on, and somebody has signed in already. */
export interface PruneRealm extends TestRealm {
  host: RunningHost;
  account: ServiceAccount;
  /** A connector that is connected. */
  alive: Connector;
  /** Registers a client and goes no further: what a failed setup leaves behind. Gives its client id. */
  orphan(options?: ConnectorOptions): Promise<string>;
  clientIds(): Promise<string[]>;
  client(id: string): Promise<Record<string, unknown> & { attributes: Record<string, string> }>;
  /** What mcpkc remembers of a client, by its internal id. */
  marks(id: string): Promise<Marks & { kept: boolean }>;
}

/** Makes one. The first sign-in is older than every other client: it proves since when sign-ins are stored. */
export async function pruneRealm(server?: AdminAccess): Promise<PruneRealm> {
  const realm = await newRealm(server);
  const host = await startMcpHost(realm.issuer, SCOPE);
  await provision(realm, {
    scope: SCOPE,
    resource: host.url,
    attach: 'default',
    trustedHosts: ['chatgpt.com', 'claude.ai'],
  });
  await allowManyClients(realm);
  await switchEventsOn(realm, { admin: false, user: true });
  const alive = new Connector(host.url);
  const connected = await alive.connect(realm.user);
  if (!connected.ok) throw new Error(JSON.stringify(connected));
  const account = await createServiceAccount(realm, 'mcpkc', ROLES);
  const orphan = async (options: ConnectorOptions = {}) => {
    const registered = await new Connector(host.url, options).register();
    if (!registered.ok) throw new Error(JSON.stringify(registered));
    return registered.clientId;
  };
  const all = async () => {
    const found: { clientId: string }[] = [];
    for (let first = 0; ; first += 100) {
      const page = await realm.admin.get<{ clientId: string }[]>(
        realm.path(`clients?first=${first}&max=100`),
      );
      found.push(...page);
      // The record is mcpkc's, and comes with the first run that writes.
      const ids = found.map(({ clientId }) => clientId).filter((id) => id !== RECORD_CLIENT);
      if (page.length < 100) return ids;
    }
  };
  return {
    ...realm,
    host,
    account,
    alive,
    orphan,
    clientIds: all,
    client: (id) => realm.admin.get(realm.path(`clients/${id}`)),
    marks: async (id) => {
      const { clientId, secret } = account;
      const env = {
        KC_SERVER: realm.admin.access.url,
        KC_REALM: realm.name,
        KC_CLIENT_ID: clientId,
        KC_CLIENT_SECRET: secret,
      };
      const keycloak = await connection({ env });
      const client = await findClientById(keycloak, id);
      if (!client) throw new Error(`there is no client ${id}`);
      const remembered = rememberedIn(await readRecord(keycloak));
      return { ...marksOf(client, remembered), kept: remembered.kept.has(clientKeyOf(client)) };
    },
    remove: async () => {
      await host.stop();
      await realm.remove();
    },
  };
}

async function allowManyClients(realm: TestRealm): Promise<void> {
  type Component = { id: string; providerId: string; config: Record<string, string[]> };
  const type = 'org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy';
  const components = await realm.admin.get<Component[]>(realm.path(`components?type=${type}`));
  for (const one of components.filter(({ providerId }) => providerId === 'max-clients')) {
    await realm.admin.put(realm.path(`components/${one.id}`), {
      ...one,
      config: { 'max-clients': ['20000'] },
    });
  }
}

/** A run of prune-clients in this process and what came of it. */
export interface Run {
  status: number;
  io: MemoryIo;
  document: {
    clients: {
      clientId: string;
      decision: string;
      standing: string;
      outcome: string;
      reason: string;
      evidence: Record<string, unknown>;
    }[];
    summary: Record<string, unknown>;
    backup: string | null;
    code?: string;
    message?: string;
    fix?: string;
    details?: Record<string, unknown>;
  };
}

/** How a run differs from the ordinary one. */
export interface RunOptions {
  /** How far the clock is moved, in days. */
  days?: number;
  account?: { clientId: string; secret: string };
  server?: string;
  /** An earlier run's io: its files are there. */
  disk?: MemoryIo;
  env?: Record<string, string>;
  files?: Record<string, string>;
  json?: boolean;
  /** Whether there is a terminal, and what somebody answers at it. */
  terminal?: boolean;
  answers?: string[];
  /** The disk is full: nothing can be appended. */
  failAppend?: boolean;
}

/** Runs `mcpkc prune-clients …` against a realm, by a clock that is some days ahead but goes at its own pace. */
export async function runPrune(
  realm: PruneRealm,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Run> {
  const { days = 0, account = realm.account, json = true } = options;
  const env = {
    KC_SERVER: options.server ?? realm.admin.access.url,
    KC_REALM: realm.name,
    KC_CLIENT_ID: account.clientId,
    KC_CLIENT_SECRET: account.secret,
    HOME: '/home/tester',
    ...options.env,
  };
  const { files, terminal = false, answers = [] } = options;
  const memory = memoryIo({ env, alive: [4711], terminal, answers, ...(files ? { files } : {}) });
  for (const [path, file] of options.disk?.disk ?? []) memory.disk.set(path, file);
  const io: MemoryIo = {
    ...memory,
    now: () => Date.now() + days * DAY,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, ms);
        signal?.addEventListener('abort', () => {
          clearTimeout(timer);
          reject(signal.reason);
        });
      }),
  };
  if (options.failAppend) {
    io.files = {
      ...io.files,
      append: () => Promise.reject(Object.assign(new Error('disk full'), { code: 'ENOSPC' })),
    };
  }
  const status = await main(['prune-clients', ...args, ...(json ? ['--json'] : [])], io);
  return { status, io, document: json ? JSON.parse(io.out()) : ({} as Run['document']) };
}

/** What was decided of a client. */
export function decisionOf(run: Run, clientId: string) {
  const found = run.document.clients.find((client) => client.clientId === clientId);
  if (!found) throw new Error(`no word on ${clientId}`);
  return found;
}
