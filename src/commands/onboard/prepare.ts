import type { Context } from '../../cli/command.ts';
import type { Config } from '../../config/config.ts';
import { badInput, McpkcError } from '../../errors.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { findClientById } from '../../keycloak/read/clients.ts';
import { readRealm } from '../../keycloak/read/realm.ts';
import { scopeWish } from '../../plan/input.ts';
import { given, type Provisioning } from '../../plan/provisioned.ts';
import type { Preset } from '../../products/preset.ts';
import { requireOwnScope, scopeNameFor } from '../../realm/mcp-scope.ts';
import type { Client } from '../../realm/representations.ts';
import type { RealmSnapshot } from '../../realm/snapshot.ts';
import { visible } from '../../text.ts';
import { baseOf, modeAndList, ownAccount } from './base.ts';
import type { Run } from './run.ts';

/** What `onboard` was asked for. */
export interface OnboardInput {
  resource: string;
  /** A client that is there already, by client id or internal id. */
  client: string | undefined;
  staticClient: string | undefined;
  scope: string | undefined;
  alias: string | undefined;
  presets: readonly Preset[];
  harden: boolean;
}

/** A run that is ready to begin: the realm as it is, and what the resource's provisioning shall be. */
export interface Prepared {
  run: Run;
  snapshot: RealmSnapshot;
  base: Provisioning;
  /** The client that was named, where one was. */
  named: Client | undefined;
}

/** Reads the realm, chooses the scope and its mode, and finds the clients that were named; writes nothing. */
export async function prepare(
  context: Context,
  config: Config,
  keycloak: Keycloak,
  input: OnboardInput,
): Promise<Prepared> {
  const { resource, presets } = input;
  const account = config.clientId ?? '';
  const wanted = [input.client, input.staticClient].filter((id) => id !== undefined);
  const snapshot = await readRealm(keycloak, [...wanted, account]);
  const wish = scopeWish(config, resource, { scope: input.scope, alias: input.alias });
  const scope = scopeNameFor(wish, snapshot);
  requireOwnScope(scope, wish, snapshot);
  const named = await requireClient(keycloak, snapshot, input.client);
  const fixed = await requireClient(keycloak, snapshot, input.staticClient);
  requireForeign(config, keycloak, [named, fixed]);
  const { mode, list } = modeAndList(scope, snapshot);
  const { io, voice, signal } = context;
  const run: Run = {
    io,
    config,
    keycloak,
    voice,
    signal,
    presets,
    resource,
    scope,
    mode,
    list,
    harden: input.harden,
    changes: [],
    timeline: [],
  };
  const attached = [
    ...(named ? [given(named, named.clientId, scope, 'as named')] : []),
    ...(fixed ? [given(fixed, fixed.clientId, scope, 'as named with --static-client')] : []),
  ];
  const base = baseOf(run, snapshot, attached, ownAccount(config, keycloak, snapshot, scope));
  return { run, snapshot, base, named };
}

/** mcpkc's own account must not carry an MCP audience into its admin requests. */
function requireForeign(config: Config, keycloak: Keycloak, clients: readonly (Client | undefined)[]): void {
  const isOwn = (client: Client | undefined) => client?.clientId === config.clientId;
  if (keycloak.accountRealm !== keycloak.realm || !clients.some(isOwn)) return;
  throw badInput(
    `The client '${config.clientId}'`,
    'this is mcpkc’s own account, whose token must not carry an MCP audience',
    'Name the MCP client.',
  );
}

async function requireClient(
  keycloak: Keycloak,
  snapshot: RealmSnapshot,
  id: string | undefined,
): Promise<Client | undefined> {
  if (id === undefined) return undefined;
  const found =
    snapshot.clients.find(({ clientId }) => clientId === id) ?? (await findClientById(keycloak, id));
  if (!found) {
    const message = `There is no client '${visible(id)}' in realm '${snapshot.realm}'.`;
    throw new McpkcError(
      'CLIENT_NOT_IN_REALM',
      message,
      'Name its client id or its internal id; mcpkc status --clients lists those that registered.',
    );
  }
  if (!snapshot.clients.some((client) => client.id === found.id)) snapshot.clients.push(found);
  return found;
}
