import { REGISTRATION_GUIDE, SEEN } from '../explanation.ts';
import { judgeAdoption, listOwnMapperTypes } from '../products/adoptable.ts';
import { isProbe, isSelfRegistered, judgeOrigin, presetOf } from '../products/dynamic.ts';
import { signInClientId } from '../products/probe-mark.ts';
import { heldAs } from '../realm/lists.ts';
import { heldOf } from '../realm/mcp-scope.ts';
import type { PresentServer } from '../realm/mcp-server.ts';
import { adoptionOf } from '../realm/record.ts';
import type { Client } from '../realm/representations.ts';
import { formatCommand, typedList, typedName, visible } from '../text.ts';
import type { Fix, Found, Rule, RuleGroup } from './finding.ts';
import { atKeycloak, atMcpServer, fixByCommand, repair } from './fixes.ts';
import { listServers, requireShown, type Seen } from './seen.ts';

function listed(seen: Seen): Client[] {
  return requireShown(seen.parts.clients)?.clients ?? [];
}

/** A client as it calls itself and as Keycloak does. */
function called({ clientId, name }: Client): string {
  return name === undefined || name === '' ? clientId : `${clientId} (${name})`;
}

const withoutScope: Rule = {
  code: 'CLIENT_WITHOUT_SCOPE',
  severity: 'warning',
  needs: ['clients', 'scopes'],
  explanation: {
    what: 'A connector of a product registered itself and holds no audience scope: its user signs in and consents, then the MCP server answers 401.',
    cause:
      'It registered while nobody waited for it with mcpkc onboard (mode adopted), or before the scope was a realm default, or its registration named other scopes.',
    fix: 'If it is yours: mcpkc onboard <resource> <client id> adopts it (mode adopted), mcpkc create-scope --client <client id> assigns the scope to it (standing). Its user signs in again, or waits for the next refresh. If nobody uses it, mcpkc prune-clients removes it.',
    sources: [SEEN],
  },
  find(seen) {
    const servers = listServers(seen);
    if (servers.length === 0) return [];
    return listed(seen)
      .filter((client) => judgeAdoption(client, seen.presets).adoptable)
      .filter((client) => servers.every(({ carriers }) => heldOf(client, carriers) === 'none'))
      .map((client) => {
        const target = serverOf(seen, servers, client);
        const lacks = target?.mode === 'adopted' ? 'was not adopted' : 'holds no audience scope';
        return {
          subject: client.clientId,
          message: `The connector ${called(client)} ${lacks}: the MCP server answers 401 to its user.`,
          fix: target === undefined ? whichServer(client) : adopt(seen, target, client),
        };
      });
  },
};

/** The server that a client is for: the only one, the one that was asked about, or the one whose scope it names. */
function serverOf(seen: Seen, servers: readonly PresentServer[], client: Client): PresentServer | undefined {
  const [only, ...others] = servers;
  if (others.length === 0) return only;
  if (seen.only) return servers.find(({ resource }) => resource === seen.resource);
  const named = servers.filter(({ scope }) => heldAs(client, scope) !== 'none');
  return named.length === 1 ? named[0] : undefined;
}

/** With several servers, nothing tells which one a client is for: only a person can name it. */
function whichServer({ clientId }: Client): Fix {
  const line = formatCommand(['status', '--clients']);
  return atMcpServer(
    `Which MCP server is ${visible(clientId)} for? Ask its user; then ${line} with --resource and that server’s URL prints the command.`,
  );
}

/** The one command that lets a client have the audience. */
function adopt(seen: Seen, target: PresentServer, { clientId }: Client) {
  const { mode, resource } = target;
  if (mode !== 'adopted' || resource === undefined)
    return repair(seen, target, [['--client', typedList([clientId])]]);
  return fixByCommand(seen, ['onboard', resource], [typedName(clientId)]);
}

const foreign: Rule = {
  code: 'SCOPE_ON_FOREIGN_CLIENT',
  severity: 'warning',
  needs: ['clients', 'scopes'],
  explanation: {
    what: 'A client holds an MCP server’s audience scope though it is no connector of a product in question: its tokens are accepted by the MCP server. In standing mode that is an application which somebody made.',
    cause: 'Every client that is made while a scope is a realm default inherits it, and keeps it afterwards.',
    fix: 'mcpkc create-scope --detach <client id> removes it; OIDC_AUDIENCE names an application that is to keep it.',
    sources: [SEEN],
  },
  find: (seen) =>
    listServers(seen).flatMap((judged) =>
      listed(seen)
        .filter((client) => isForeign(seen, client, judged))
        .map(
          (client): Found => ({
            subject: client.clientId,
            message: `The client ${called(client)} can get the audience of '${judged.scope}', and is no product’s connector.`,
            fix: repair(seen, judged, [['--detach', typedList([client.clientId])]]),
          }),
        ),
    ),
};

/**
 * Whether a client holds a scope though nobody granted it, it is no product's client, and the mode isn't meant for it.
 */
export function isForeign(
  seen: Seen,
  client: Client,
  { scope, carriers, mode, resource }: PresentServer,
): boolean {
  if (heldOf(client, carriers) === 'none') return false;
  // Only the admin API attaches an audience scope: anybody who holds one was adopted.
  if (
    heldOf(
      client,
      carriers.filter((one) => one !== scope),
    ) !== 'none'
  )
    return false;
  const { record } = seen.parts;
  if (record.visible && resource !== undefined && adoptionOf(record.value, resource, client).state === 'same')
    return false;
  if (client.clientId === seen.account || seen.staticClients.includes(client.clientId)) return false;
  // A registrant can write the mark of a probe; the probes that hold a scope here are made by the admin API.
  if (isProbe(client) && !isSelfRegistered(client)) return false;
  // The client of a kept sign-in, which the admin API made: nobody who registers can have made it without the mark.
  if (resource !== undefined && client.clientId === signInClientId(resource) && !isSelfRegistered(client))
    return false;
  const { kind } = judgeOrigin(client);
  if (mode === 'standing') return kind === 'other';
  return kind === 'other' || presetOf(client, seen.presets) === undefined;
}

const ownMappers: Rule = {
  code: 'CLIENT_OWN_MAPPERS',
  severity: 'error',
  needs: ['clients'],
  explanation: {
    what: 'A client that registered itself has protocol mappers of its own: it decides what its tokens claim about a user. With `sub` mapped from an attribute that users change themselves, one user has tokens with another user’s `sub`, signed by the realm.',
    cause:
      "It registered while the policy 'Allowed Protocol Mapper Types' had the types of a new realm. (A client that an administrator made for users’ consent and without full scope looks the same.)",
    fix: 'If nobody made it on purpose, delete it; else delete its mappers. mcpkc create-scope keeps new registrations from bringing any.',
    sources: [REGISTRATION_GUIDE, SEEN],
  },
  find: (seen) =>
    listed(seen)
      .filter(isSelfRegistered)
      .flatMap((client): Found[] => {
        const types = listOwnMapperTypes(client);
        if (types.length === 0) return [];
        const message = `The client ${called(client)} registered itself with mappers of its own (${types.join(', ')}): its tokens may name another user in sub, or any audience.`;
        const fix = atKeycloak(
          'In the admin console, Clients: delete it, or its mappers (Client scopes, dedicated scope).',
        );
        return [{ subject: client.clientId, message, fix }];
      }),
};

/** The clients, where they were listed. */
export const clients: RuleGroup = {
  title: 'Clients and their scopes',
  applies: (seen) => requireShown(seen.parts.clients) !== undefined,
  rules: [ownMappers, withoutScope, foreign],
};
