import type { Config } from '../config/config.ts';
import type { Keycloak } from '../keycloak/connection/connect.ts';
import { resourceOf, standingScopes } from '../realm/mcp-scope.ts';
import type { NamedServer } from '../realm/mcp-server.ts';
import type { RealmRecord } from '../realm/record.ts';
import type { Client } from '../realm/representations.ts';
import type { RealmSnapshot } from '../realm/snapshot.ts';
import { visible } from '../text.ts';
import type { AccessFacts, AccessPlan } from './access.ts';
import { collectTakenReservations } from './allowed.ts';
import { knownPresets } from './input.ts';
import { collectNarrowingReservations } from './losing.ts';
import { type Moving, movingReservations } from './moving.ts';
import { namedReservations, userlessReservations } from './named.ts';
import type { Reservation } from './plan.ts';
import type { ResourceClientPlan } from './resource-client.ts';

/** Changes that need a person's word, whatever the command: those in `master`, and a first Trusted Hosts policy. */
export function commonReservations(
  realm: string,
  plan: readonly { kind: string; action: string }[],
): Reservation[] {
  if (plan.length === 0) return [];
  const reservations: Reservation[] = [];
  if (realm === 'master') {
    reservations.push({ message: 'This changes the realm master, which administers all others.' });
  }
  if (plan.some(({ kind, action }) => kind === 'trusted-hosts' && action === 'create')) {
    reservations.push({
      message:
        'This realm has no Trusted Hosts policy: anybody may register a client. Adding one refuses all hosts that it doesn’t list, which may cut off a product that registers today.',
    });
  }
  return reservations;
}

/** The plan for one MCP server, as far as a person is asked about it. */
export interface AskedServer {
  server: NamedServer;
  snapshot: RealmSnapshot;
  /** The people who may use it: as it is, and as it will be. */
  facts: AccessFacts;
  access: AccessPlan;
  standIn: Pick<ResourceClientPlan, 'reservations'>;
  /** Whether a second server that everybody may connect to is a question. */
  asksOfShared?: boolean;
  moving?: Moving;
  /** Clients that have the id of one that is to be made. */
  taken?: readonly Client[];
  /** Clients that were named to get the audience, with the record where one of them may be mcpkc's. */
  named?: { clients: readonly (Client | undefined)[]; record?: RealmRecord };
}

/** The parts of a plan for one MCP server that need a person's word: those of every command, in one order. */
export async function collectServerReservations(
  { keycloak, config }: { keycloak: Keycloak; config: Config },
  { server, snapshot, facts, access, standIn, ...more }: AskedServer,
): Promise<Reservation[]> {
  const { resource, carrier } = server;
  const { asksOfShared = false, moving, taken = [], named } = more;
  return [
    ...(asksOfShared ? sharedAudience(server, snapshot) : []),
    ...(moving ? movingReservations(moving, resource) : []),
    ...(await collectTakenReservations({ keycloak, config }, resource, taken)),
    ...standIn.reservations,
    ...(named ? namedReservations(named.clients, knownPresets(config), named.record) : []),
    ...(await collectNarrowingReservations(keycloak, { server, facts, gates: access.gates })),
    ...(named ? userlessReservations(named.clients, carrier, snapshot) : []),
  ];
}

/**
 * A reservation about a second server that everybody may connect to. Each connector's token then opens both, so that
 * either server can use it at the other. Only asked for when it becomes so.
 */
function sharedAudience(
  { scope, resource, mode, list }: NamedServer,
  snapshot: RealmSnapshot,
): Reservation[] {
  if (mode !== 'standing' || list === 'none') return [];
  const standing = standingScopes(snapshot);
  const others = standing.filter((one) => one.name !== scope);
  if (others.length === 0 || standing.some((one) => one.name === scope)) return [];
  const servers = others.map((one) => visible(resourceOf(one) ?? one.name)).join(', ');
  return [
    {
      message: `Every client of the realm then gets tokens for ${visible(resource)} and for ${servers} alike: each of these servers can use at the others what it is sent. Instead: --attach none (adopted clients only), or roles (mcpkc access), or resource indicators.`,
    },
  ];
}
