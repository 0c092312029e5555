import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AdminAccess, adminOf } from '../../tools/keycloak/admin.ts';
import { freePort } from '../../tools/keycloak/ports.ts';
import { type RunningKeycloak, startKeycloak } from '../../tools/keycloak/server.ts';
import { until } from '../support/cli.ts';
import { type Realm, realmNamed } from '../support/keycloak/realm.ts';
import type { RealmSnapshot } from '../support/keycloak/snapshot.ts';
import { startNginx } from '../support/nginx.ts';
import { startPostgres } from '../support/postgres.ts';

const ADMIN_PASSWORD = 'of both nodes';

/** Two nodes on one database behind one address, whose requests go to the one and the other by turns. */
export interface Cluster {
  /** The address that both nodes call themselves by. */
  server: AdminAccess;
  /** The first is the one that dies; it started the cluster, and so it coordinates it. */
  nodes: readonly [RunningKeycloak, RunningKeycloak];
  /** How many requests went to each node since the last question; one that was passed on counts for both. */
  tally(): [number, number];
  /** What each node says of a realm when it is asked itself. */
  views(realm: Realm): Promise<[RealmSnapshot, RealmSnapshot]>;
  /** The first node dies with what it is at. */
  kill(): Promise<void>;
  /** The first node is back, and both know it. */
  revive(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts one. */
export async function startCluster(): Promise<Cluster> {
  const running: { stop(): Promise<unknown> }[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'mcpkc-cluster-'));
  const accesses = join(folder, 'accesses');
  const stop = async () => {
    for (const one of running.reverse()) await one.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const database = await startPostgres();
    running.push(database);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/auth`;
    const startNode = async () => {
      const node = await startKeycloak({
        mode: 'start',
        buildArgs: ['--db=postgres', '--cache=ispn'],
        keepBuild: true,
        adminPassword: ADMIN_PASSWORD,
        extraArgs: [
          ...database.keycloakArgs,
          '--http-enabled=true',
          `--hostname=${url}`,
          // The nodes find each other in the database (jdbc-ping, the default since 26.1).
          '--cache-embedded-network-bind-address=127.0.0.1',
          `--cache-embedded-network-bind-port=${await freePort()}`,
        ],
      });
      running.push(node);
      return node;
    };
    // One after the other: the first one makes the tables.
    const nodes = [await startNode(), await startNode()] as const;
    await together(nodes);
    const hosts = nodes.map((node) => new URL(node.url).host);
    running.push(
      await startNginx(
        () => `location / { proxy_pass http://nodes; proxy_set_header Host $http_host;
          proxy_read_timeout 300s; proxy_buffer_size 32k; proxy_buffers 8 32k; access_log ${accesses} nodes; }`,
        {
          port,
          // A node that failed is asked again at once: its return is not to be waited for.
          http: `log_format nodes '$upstream_addr';
            upstream nodes { ${hosts.map((host) => `server ${host} max_fails=0;`).join(' ')} }`,
        },
      ),
    );
    let told = 0;
    const [first] = nodes;
    return {
      server: { url, adminUser: first.adminUser, adminPassword: first.adminPassword },
      nodes,
      tally() {
        const text = readFileSync(accesses, 'utf8').slice(told);
        told += text.length;
        return [text.split(hosts[0] ?? '').length - 1, text.split(hosts[1] ?? '').length - 1];
      },
      async views(realm) {
        const view = (node: RunningKeycloak) => realmNamed(adminOf(node), realm.name).snapshot();
        return [await view(nodes[0]), await view(nodes[1])];
      },
      kill: () => first.kill('SIGKILL'),
      async revive() {
        await first.restart();
        await together(nodes);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Waits until the last that each node says of the cluster is that there are two; fails where they stay alone. */
async function together(nodes: readonly RunningKeycloak[]): Promise<void> {
  const views = (node: RunningKeycloak) =>
    [...readFileSync(node.logFile ?? '', 'utf8').matchAll(/ISPN00009[345]\D.*?\((\d+)\)/g)].map(
      ([, members]) => members,
    );
  await until('the nodes find each other', () => nodes.every((node) => views(node).at(-1) === '2'), 180_000);
}
