import { REGISTRATION_GUIDE, SEEN } from '../explanation.ts';
import { adoptedScopes } from '../plan/provisioned.ts';
import { adoptable, ownMapperTypes } from '../products/adoptable.ts';
import { cameByRegistration, isProbe, presetOf, registration } from '../products/dynamic.ts';
import { heldAs } from '../realm/lists.ts';
import type { Client } from '../realm/representations.ts';
import { typedList } from '../text.ts';
import type { Found, Rule, RuleGroup } from './finding.ts';
import { atServer, repair } from './fixes.ts';
import { type JudgedScope, judgedScopes, type Seen, shown } from './seen.ts';

function listed(seen: Seen): Client[] {
  return shown(seen.parts.clients)?.clients ?? [];
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
      'It registered before the scope was a realm default, or outside a window, or its registration named other scopes.',
    mend: 'mcpkc create-scope --client <client id> gives it the scope; mcpkc onboard <resource> <client id> does the same in windowed mode. If nobody uses it, mcpkc prune-clients takes it away.',
    sources: [SEEN],
  },
  find(seen) {
    const scopes = judgedScopes(seen);
    const target = scopes.find(({ resource }) => resource === seen.resource) ?? scopes[0];
    if (target === undefined) return [];
    return listed(seen)
      .filter((client) => adoptable(client, seen.presets).adoptable)
      .filter((client) => scopes.every(({ name }) => heldAs(client, name) === 'none'))
      .map((client) => ({
        subject: client.clientId,
        message: `The connector ${called(client)} holds no audience scope: the MCP server answers 401 to its user.`,
        fix: repair(seen, target, [['--client', typedList([client.clientId])]]),
      }));
  },
};

const foreign: Rule = {
  code: 'SCOPE_ON_FOREIGN_CLIENT',
  severity: 'warning',
  needs: ['clients', 'scopes'],
  explanation: {
    what: 'A client holds an MCP server’s audience scope that nobody gave it on purpose: its tokens are accepted by the MCP server. In standing mode that is an application which somebody made; in windowed mode any client that wasn’t adopted.',
    cause: 'Every client that is made while a scope is a realm default inherits it, and keeps it afterwards.',
    mend: 'mcpkc create-scope --detach <client id> takes it away. If the client shall have it, say so: --client <client id> marks it.',
    sources: [SEEN],
  },
  find: (seen) =>
    judgedScopes(seen).flatMap((judged) =>
      listed(seen)
        .filter((client) => isForeign(seen, client, judged))
        .map(
          (client): Found => ({
            subject: client.clientId,
            message: `The client ${called(client)} holds '${judged.name}', and nobody gave it on purpose.`,
            fix: repair(seen, judged, [['--detach', typedList([client.clientId])]]),
          }),
        ),
    ),
};

/** Whether a client holds a scope without having been given it, being a product's, or what the mode is for. */
export function isForeign(seen: Seen, client: Client, { name, mode }: JudgedScope): boolean {
  if (heldAs(client, name) === 'none' || adoptedScopes(client).includes(name)) return false;
  if (client.clientId === seen.account || seen.staticClients.includes(client.clientId)) return false;
  if (isProbe(client)) return false;
  const { kind } = registration(client);
  if (mode === 'standing') return kind === 'other';
  return kind === 'other' || presetOf(client, seen.presets) === undefined;
}

const ownMappers: Rule = {
  code: 'CLIENT_OWN_MAPPERS',
  severity: 'error',
  needs: ['clients'],
  explanation: {
    what: 'A client that registered itself has protocol mappers of its own: it decides what its tokens say of a user. With `sub` mapped from an attribute that users change themselves, one user has tokens with another user’s `sub`, signed by the realm.',
    cause:
      'It registered while the policy ‘Allowed Protocol Mapper Types’ had the types of a new realm. (A client that an administrator made for users’ consent and without full scope looks the same.)',
    mend: 'If nobody made it on purpose, delete it; else delete its mappers. mcpkc create-scope keeps new registrations from bringing any.',
    sources: [REGISTRATION_GUIDE, SEEN],
  },
  find: (seen) =>
    listed(seen)
      .filter(cameByRegistration)
      .flatMap((client): Found[] => {
        const types = ownMapperTypes(client);
        if (types.length === 0) return [];
        const message = `The client ${called(client)} registered itself with mappers of its own (${types.join(', ')}): its tokens may name another user in sub, or any audience.`;
        const fix = atServer(
          'In the admin console, Clients: delete it, or its mappers (Client scopes, dedicated scope).',
        );
        return [{ subject: client.clientId, message, fix }];
      }),
};

/** The clients, where they were listed. */
export const clients: RuleGroup = {
  title: 'Clients and their scopes',
  applies: (seen) => shown(seen.parts.clients) !== undefined,
  rules: [ownMappers, withoutScope, foreign],
};
