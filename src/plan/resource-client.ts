import type { Keycloak } from '../keycloak/connection/connect.ts';
import { findClient, readAllClients } from '../keycloak/read/clients.ts';
import { readServerFacts } from '../keycloak/read/features.ts';
import { readRecord } from '../keycloak/read/record.ts';
import { isSelfRegistered } from '../products/dynamic.ts';
import type { RealmRecord, Wrote } from '../realm/record.ts';
import { isRegistrationRefused } from '../realm/registration-policies.ts';
import type { Client } from '../realm/representations.ts';
import {
  isOwnResourceClient,
  RESOURCE_URL,
  resourceClientDeviations,
  resourceClientEntry,
} from '../realm/resource-client.ts';
import type { RealmSnapshot } from '../realm/snapshot.ts';
import { formatCommand, visible } from '../text.ts';
import type { Desired } from './desired.ts';
import { describeClient } from './named.ts';
import type { Reservation } from './plan.ts';

/** Name of the feature, as the server reports it. */
export const RESOURCE_INDICATORS = 'resource-indicators';

/** A command's wish about the client that stands for its MCP server. */
export interface ResourceClientWish {
  keycloak: Keycloak;
  /** Clients that are found are added to it. */
  snapshot: RealmSnapshot;
  resource: string;
  command: string;
  /** `--resource-client`; otherwise it is made where Keycloak judges `resource`, or strangers could take its client id. */
  asked: boolean;
  /** Whether the command opens registration. */
  opens: boolean;
  /** Already read along with all clients of that id, which are in the snapshot; otherwise both are read. */
  record?: RealmRecord;
  /** `--yes`. */
  consent: boolean;
  onPage?(read: number): void;
}

/** The plan for the client that stands for an MCP server. */
export interface ResourceClientPlan {
  desired: Pick<Desired, 'resourceClients'>;
  remember: Wrote[];
  reservations: Reservation[];
  /** Parts that are left out without consent, each with its command. */
  warnings: string[];
}

/** No such client is made or deleted. */
export const NO_RESOURCE_CLIENT: ResourceClientPlan = {
  desired: {},
  remember: [],
  reservations: [],
  warnings: [],
};

/**
 * Plans the client that stands for an MCP server: where it was asked for, the server judges `resource` (feature
 * resource-indicators), or strangers may register. The holder of that client id gets the MCP server's URL into `aud` of
 * other applications' tokens, by client roles that every user has. Somebody else's client in its place needs a person's
 * word. Where nobody asked for it by name, it is then left out, and named. All clients are read once, where `resource`
 * counts.
 */
export async function planResourceClient(wish: ResourceClientWish): Promise<ResourceClientPlan> {
  const { keycloak, snapshot, resource, asked, opens, consent } = wish;
  const { features = [] } = asked ? {} : await readServerFacts(keycloak);
  const judges = asked || features.includes(RESOURCE_INDICATORS);
  const strangers = opens || !isRegistrationRefused(snapshot.registrationPolicies);
  if (!judges && !strangers) return NO_RESOURCE_CLIENT;
  const record = wish.record ?? (await readRecord(keycloak));
  const found = await standingClient(wish);
  const isOwn = found !== undefined && isOwnResourceClient(found, resource, record);
  const isRight = isOwn && resourceClientDeviations(found, resource).length === 0;
  if (isRight && !asked) return NO_RESOURCE_CLIENT;
  // An administrator's own keeps strangers off that id as well, and is nobody's to delete where `resource` doesn't count.
  if (found && !isOwn && !judges && !isSelfRegistered(found)) return NO_RESOURCE_CLIENT;
  const claiming = judges ? await claimants(wish) : [];
  const foreign = [...(found && !isRight ? [found] : []), ...claiming];
  if (foreign.length > 0 && !asked && !consent) {
    const line = formatCommand(['create-scope', ['--resource', resource], '--resource-client', '--yes']);
    const names = foreign.map((client) => describeClient(client)).join('; ');
    const harm = judges
      ? `Sign-ins that name ${visible(resource)} in resource fail: ${names} stands in the way.`
      : `Tokens of other applications can name ${visible(resource)} in aud: its URL is the client id of ${names}.`;
    return { ...NO_RESOURCE_CLIENT, warnings: [`${harm} To delete it and make mcpkc’s own:\n${line}`] };
  }
  const id = isRight ? found.id : crypto.randomUUID();
  const since = new Date(keycloak.serverNow()).toISOString();
  const why = `since it claims ${resource} as its own, and only one client can`;
  return {
    desired: {
      resourceClients: [
        { clientId: resource, resource, id },
        ...claiming.map((client) => ({ clientId: client.clientId, absent: client.id, why })),
      ],
    },
    remember: isRight ? [] : [resourceClientEntry(resource, id, since, `mcpkc ${wish.command}`)],
    reservations: foreign.map((client) => reservation(client, resource, isOwn && client === found)),
    warnings: [],
  };
}

/** The client whose id is the resource; put into the snapshot where it isn't there yet. */
async function standingClient({
  keycloak,
  snapshot,
  resource,
  record,
}: ResourceClientWish): Promise<Client | undefined> {
  const known = snapshot.clients.find(({ clientId }) => clientId === resource);
  const found = known ?? (record ? undefined : await findClient(keycloak, resource));
  if (found && !known) snapshot.clients.push(found);
  return found;
}

/** Other clients that name the resource as theirs: the attribute is one that a registrant can write. */
async function claimants({ keycloak, snapshot, resource, onPage }: ResourceClientWish): Promise<Client[]> {
  const claiming: Client[] = [];
  let read = 0;
  for await (const page of readAllClients(keycloak)) {
    read += page.length;
    onPage?.(read);
    claiming.push(
      ...page.filter(
        ({ clientId, attributes }) => clientId !== resource && attributes[RESOURCE_URL] === resource,
      ),
    );
  }
  for (const client of claiming) {
    if (!snapshot.clients.some(({ id }) => id === client.id)) snapshot.clients.push(client);
  }
  return claiming;
}

function reservation(client: Client, resource: string, isOwn: boolean): Reservation {
  const changed = resourceClientDeviations(client, resource);
  const what = isOwn
    ? `mcpkc made it, and it was changed since (${visible(changed.join('; '))})`
    : 'mcpkc did not make it';
  return {
    message: `The client '${visible(client.clientId)}' stands for ${visible(resource)}, and ${what}. It is deleted, and made anew by mcpkc.\n  ${describeClient(client)}`,
  };
}

/** A wish with the client that stands for the MCP server. */
export function withResourceClient(desired: Desired, plan: ResourceClientPlan): Desired {
  const remember = [...(desired.remember ?? []), ...plan.remember];
  const clients = [...(desired.resourceClients ?? []), ...(plan.desired.resourceClients ?? [])];
  return {
    ...desired,
    ...(clients.length > 0 ? { resourceClients: clients } : {}),
    ...(remember.length > 0 ? { remember } : {}),
  };
}
