import { ADMIN_GUIDE, SEEN } from '../explanation.ts';
import { asksFor, isScopeNamed, type Naming } from '../products/foresee.ts';
import type { Preset } from '../products/preset.ts';
import { distinctRoles, gatesOf, isNobodyRole, isSameRole, type Role, roleLabel } from '../realm/access.ts';
import { audiencesOf } from '../realm/audiences.ts';
import type { PresentServer } from '../realm/mcp-server.ts';
import { accessIn, entriesOf } from '../realm/record.ts';
import { listNames, typedList } from '../text.ts';
import { doorsOf } from './asked-scopes.ts';
import type { Fix, Found, Rule, RuleGroup } from './finding.ts';
import { atKeycloak, atMcpServer, createScope, fixByCommand } from './fixes.ts';
import { listServers, realmOf, requireShown, type Seen } from './seen.ts';
import { listRegistering } from './ways.ts';

/** A server and the roles that its scopes map. */
interface Restricted {
  judged: PresentServer;
  resource: string;
  /** Role names, of all of the server's scopes. */
  roles: Role[];
  gates: Role[];
  /** The roles that mcpkc restricted the server to; undefined where the record shows no restriction. */
  remembered: readonly string[] | undefined;
}

function servers(seen: Seen): Restricted[] {
  const { record } = seen.parts;
  return listServers(seen).flatMap((judged): Restricted[] => {
    const { resource, roles: { mapped } = { mapped: [] } } = judged;
    if (resource === undefined) return [];
    const remembered = record.visible ? accessIn(record.value, resource)?.roles : undefined;
    return [{ judged, resource, roles: mapped, gates: gatesOf(mapped), remembered }];
  });
}

/** The servers that are restricted now. */
const restricted = (seen: Seen) => servers(seen).filter(({ roles }) => roles.length > 0);

/** `mcpkc access` with roles; the scope is named where the command would choose another one. */
function access(
  seen: Seen,
  { judged, resource }: Restricted,
  option: '--role' | '--revoke',
  names: readonly string[],
): Fix {
  const scope = judged.scope;
  const named = createScope(seen, resource, scope).text.includes(' --scope ')
    ? [['--scope', scope] as const]
    : [];
  return fixByCommand(seen, ['access', resource, ...named, [option, typedList(names)]]);
}

/**
 * Shuts a role's holders out, those who are connected too: the hole is closed before anybody decides what comes after.
 */
function shut(seen: Seen, server: Restricted, gate: Role): Fix {
  const { kind, text } = access(seen, server, '--revoke', [roleLabel(gate)]);
  return { kind, text: `${text} --yes` };
}

/** Binds the server to its roles again, and to one that nobody holds. */
function restore(seen: Seen, server: Restricted): Fix {
  const own = server.gates.filter(({ client }) => client === null).map(({ name }) => name);
  const names = own.length > 0 ? own : (server.remembered ?? []);
  return names.length > 0
    ? access(seen, server, '--role', names)
    : createScope(seen, server.resource, server.judged.scope);
}

const open: Rule = {
  code: 'ACCESS_OPEN',
  severity: 'error',
  needs: ['scopes', 'access', 'record'],
  explanation: {
    what: 'An MCP server that only some may use is open to everybody in the realm: a scope that carries its audience maps no role.',
    cause:
      'Somebody took the roles off the scope, deleted all of them, or made the scope anew; or another scope carries the same audience. Keycloak puts an audience into everybody’s tokens where its scope maps no role.',
    fix: 'mcpkc access <resource> --role <role> binds it to its roles again. mcpkc access <resource> --anybody opens it to everybody.',
    sources: [ADMIN_GUIDE, SEEN],
  },
  find: (seen) => [...opened(seen), ...around(seen)],
};

function opened(seen: Seen): Found[] {
  return servers(seen)
    .filter(
      ({ judged, remembered, roles }) =>
        judged.carriers.length > 0 &&
        judged.roles?.gates === undefined &&
        (remembered !== undefined || roles.length > 0),
    )
    .map((server) => {
      const { judged, resource, remembered, gates } = server;
      const roles = remembered ?? gates.map(roleLabel);
      const message = `Only who has the role ${listNames(roles) || '(none)'} may use ${resource}, but '${judged.scope}' maps no role: everybody in the realm gets its audience.`;
      return { subject: judged.scope, message, fix: restore(seen, server) };
    });
}

/** Scopes that carry the server's audience though they are not the server's. */
function around(seen: Seen): Found[] {
  const { mapped } = requireShown(seen.parts.access);
  return restricted(seen).flatMap(({ judged, resource, gates }) =>
    realmOf(seen)
      .scopes.filter((scope) => scope.name !== judged.scope && !judged.carriers.includes(scope.name))
      .filter((scope) => audiencesOf(scope).includes(resource))
      .filter(({ name }) => (mapped.find((one) => one.scope === name)?.roles ?? []).length === 0)
      .map(({ name }): Found => {
        const message = `Only who has the role ${listNames(gates.map(roleLabel)) || '(none)'} may use ${resource}, but the scope '${name}' gives the same audience, and maps no role.`;
        const fix = atKeycloak(
          `In the admin console, Client scopes, ${name}: remove the audience mapper, or assign the same roles under Scope.`,
        );
        return { subject: name, message, fix };
      }),
  );
}

const notClosed: Rule = {
  code: 'ACCESS_FAILS_OPEN',
  severity: 'error',
  needs: ['scopes', 'access', 'record'],
  explanation: {
    what: 'An MCP server that only some may use would be open to everybody once its role is deleted: deleting a role takes it off every scope, and a scope without roles lets everybody in. mcpkc maps a second role that nobody holds (mcpkc-nobody), which keeps the server shut then; that one is gone.',
    cause:
      'Somebody deleted mcpkc-nobody or took it off the scope. Where the roles were mapped by hand it was never there.',
    fix: 'mcpkc access <resource> --role <role> maps it again, and changes nothing else.',
    sources: [SEEN],
  },
  find: (seen) =>
    restricted(seen)
      .filter(({ roles }) => !roles.some(isNobodyRole))
      .map((server): Found => {
        const { judged, resource, remembered, gates } = server;
        const roles = listNames(gates.map(roleLabel));
        const message = `${resource} is bound to the role ${roles} alone: were it deleted, everybody in the realm would get the audience.`;
        const byHand = gates.every(({ client }) => client !== null);
        const fix = byHand
          ? atKeycloak(
              'Bind it to a realm role, beside those of clients: then mcpkc access maps a role that nobody has, too.',
            )
          : restore(seen, server);
        return {
          subject: judged.scope,
          message,
          fix,
          ...(remembered === undefined ? { severity: 'info' as const } : {}),
        };
      }),
};

const nobodyHeld: Rule = {
  code: 'ACCESS_NOBODY_HELD',
  severity: 'error',
  needs: ['scopes', 'access', 'roleHolders'],
  explanation: {
    what: 'The role that nobody may have lets somebody in: a user or a group has it, a composite or default role contains it, or it contains other roles itself.',
    cause: 'Somebody granted it in the admin console, or put it into another role.',
    fix: 'mcpkc access <resource> --role <role> maps a fresh one in its place and deletes the old one, if no other server needs it.',
    sources: [SEEN],
  },
  find: (seen) =>
    restricted(seen).flatMap((server): Found[] => {
      const { held } = requireShown(seen.parts.roleHolders);
      const bad = server.roles
        .filter(isNobodyRole)
        .find(({ id, composite }) => composite || held.includes(id));
      if (!bad) return [];
      const why = bad.composite
        ? 'it contains other roles, so anybody who has one of those gets in'
        : 'somebody has it, and gets in by it';
      const message = `The role '${bad.name}', which nobody may have, opens ${server.resource}: ${why}.`;
      const fix =
        server.gates.some(({ client }) => client === null) || (server.remembered ?? []).length > 0
          ? restore(seen, server)
          : atKeycloak(
              `Take the role '${bad.name}' from anybody who has it (Realm roles, ${bad.name}, Users in role), and other roles out of it.`,
            );
      return [{ subject: server.judged.scope, message, fix }];
    }),
};

const composite: Rule = {
  code: 'ACCESS_ROLE_COMPOSITE',
  severity: 'error',
  needs: ['scopes', 'access'],
  explanation: {
    what: 'A role that lets people use an MCP server contains other roles. Keycloak reads it downwards: anybody who has one of the roles in it gets in, too. With offline_access in it that is everybody.',
    cause:
      'Somebody put other roles into it after it was mapped (Associated roles), or mapped a composite role by hand.',
    fix: 'mcpkc access <resource> --revoke <role> shuts its holders out at once. Then bind the server to a role that contains none, and put that one into the composite: anybody who has the composite has it.',
    sources: [SEEN],
  },
  find: (seen) =>
    restricted(seen).flatMap((server) =>
      server.gates
        .filter((gate) => gate.composite)
        .map((gate): Found => {
          const message = `The role '${roleLabel(gate)}' opens ${server.resource} and contains other roles: anybody who has one of those gets in. The fix shuts its own holders out too, until another role lets them in.`;
          return {
            subject: roleLabel(gate),
            message,
            fix: shut(seen, server, gate),
          };
        }),
    ),
};

const gone: Rule = {
  code: 'ACCESS_ROLE_GONE',
  severity: 'error',
  needs: ['scopes', 'access', 'record'],
  explanation: {
    what: 'A role that let people use an MCP server is gone from the realm. Its holders get no audience any more: they sign in as before, and the MCP server answers 401.',
    cause: 'Somebody deleted the role, with all its grants. Keycloak keeps no memory of who had it.',
    fix: 'mcpkc access <resource> --role <role> makes it anew; whom it is granted to has to be said again. Where the role is not needed any more: mcpkc access <resource> --revoke takes off the others, --role names what counts.',
    sources: [SEEN],
  },
  find: (seen) =>
    servers(seen).flatMap((server): Found[] => {
      const { roles } = requireShown(seen.parts.access);
      const lost = (server.remembered ?? []).filter(
        (name) => !roles.some((role) => isSameRole(role, { client: null, name })),
      );
      if (lost.length === 0 || server.roles.length === 0) return [];
      const message = `The role ${listNames(lost)} is gone, which let people use ${server.resource}: anybody who had it is shut out.`;
      return [{ subject: server.judged.scope, message, fix: access(seen, server, '--role', lost) }];
    }),
};

const everybodys: Rule = {
  code: 'ACCESS_ROLE_DEFAULT',
  severity: 'warning',
  needs: ['scopes', 'access', 'roleHolders'],
  explanation: {
    what: 'A role that lets people use an MCP server is a default role of the realm, or in one. Everybody has it, so everybody may use the server.',
    cause:
      'Somebody put it into the default roles (Realm settings, User registration), or the server was bound to a role that everybody has.',
    fix: 'If everybody may use it: mcpkc access <resource> --anybody. If not: take the role out of the default roles, or bind the server to another.',
    sources: [ADMIN_GUIDE, SEEN],
  },
  find: (seen) =>
    ofGates(
      seen,
      ({ defaults }) => defaults,
      (role, { resource }) => ({
        message: `Everybody has the role '${role}' (a default role), so everybody may use ${resource}.`,
        fix: atKeycloak(
          `In the admin console, Realm settings, User registration, Default roles: remove ${role}. Or bind the server to another role.`,
        ),
      }),
    ),
};

const unused: Rule = {
  code: 'ACCESS_ROLE_UNUSED',
  severity: 'warning',
  needs: ['scopes', 'access', 'roleHolders'],
  explanation: {
    what: 'Nobody has a role that lets people use an MCP server. Anybody who signs in gets a token without the audience, and the MCP server answers 401.',
    cause: 'The role was made and not granted yet, or its last holder lost it.',
    fix: 'Grant it to a group or to people: Groups or Users, Role mapping, Assign role. mcpkc access <resource> prints the kcadm lines.',
    sources: [ADMIN_GUIDE, SEEN],
  },
  find: (seen) =>
    ofGates(
      seen,
      (holders) => holders.unused,
      (role, { resource }) => ({
        message: `Nobody has the role '${role}', which lets people use ${resource}.`,
        fix: atKeycloak(
          `Grant ${role} to a group or to people (admin console, Groups or Users, Role mapping, Assign role).`,
        ),
      }),
    ),
};

function ofGates(
  seen: Seen,
  ids: (holders: { defaults: readonly string[]; unused: readonly string[] }) => readonly string[],
  say: (role: string, server: Restricted) => Pick<Found, 'message' | 'fix'>,
): Found[] {
  const some = ids(requireShown(seen.parts.roleHolders));
  return restricted(seen).flatMap((server) =>
    server.gates
      .filter(({ id }) => some.includes(id))
      .map((gate) => ({ subject: roleLabel(gate), ...say(roleLabel(gate), server) })),
  );
}

const shared: Rule = {
  code: 'ACCESS_ROLE_SHARED',
  severity: 'info',
  needs: ['scopes', 'access'],
  explanation: {
    what: 'One role opens several MCP servers: who has it may use all of them, and a token that names them all works at each.',
    cause: 'The servers were bound to the same role.',
    fix: 'Nothing, where the same people may use them. Otherwise a role for each: mcpkc access <resource> --role <another> --revoke <this one>.',
    sources: [SEEN],
  },
  find(seen) {
    const all = restricted(seen);
    return distinctRoles(all.flatMap(({ gates }) => gates)).flatMap((gate): Found[] => {
      const some = all.filter(({ gates }) => gates.some((one) => isSameRole(one, gate)));
      if (some.length < 2) return [];
      const names = some.map(({ resource }) => resource).join(', ');
      const label = roleLabel(gate);
      return [
        {
          subject: label,
          message: `The role '${label}' opens ${some.length} MCP servers: ${names}.`,
          fix: atKeycloak(
            'Nothing, where the same people may use them; otherwise bind each to a role of its own.',
          ),
        },
      ];
    });
  },
};

const withoutRoles: Rule = {
  code: 'TOKENS_WITHOUT_ROLES',
  severity: 'info',
  needs: ['scopes', 'access', 'registrationPolicies'],
  explanation: {
    what: "Keycloak leaves the MCP server’s audience out of the token of a user who lacks the role, so the audience alone tells who may use it. The token itself names no role: its client holds the client scope 'roles' only where it registered without naming scopes and 'roles' is a default of the realm, or where it asks for all that the issuer advertises. An MCP server that reads realm_access.roles turns everybody away.",
    cause:
      "A registration that names scopes gets those and 'basic' alone (Keycloak 26.4 to 26.7). Clients that register have no full scope.",
    fix: 'Have the MCP server go by aud. One that has to read roles gets them by a mapper of the scope itself: Client scopes, the scope, Mappers, User Realm Role, token claim name realm_access.roles.',
    sources: [ADMIN_GUIDE, SEEN],
  },
  find(seen) {
    const doors = doorsOf(seen);
    const hasRoles = doors.defaults.includes('roles');
    return restricted(seen).flatMap((server): Found[] => {
      const { resource, judged } = server;
      const mapper = 'oidc-usermodel-realm-role-mapper';
      const scopes = realmOf(seen).scopes.filter(({ name }) =>
        [judged.scope, ...judged.carriers].includes(name),
      );
      if (scopes.some(({ mappers }) => mappers.some(({ protocolMapper }) => protocolMapper === mapper)))
        return [];
      const named = { challenge: judged.scope, metadata: [judged.scope] };
      const lacks = (preset: Preset, naming: Naming) =>
        isScopeNamed(preset, doors, naming) ? !asksFor(preset, 'roles', doors, naming) : !hasRoles;
      const without = listRegistering(seen).filter((preset) => lacks(preset, named));
      if (without.length === 0) return [];
      const isAlways = without.every((preset) => lacks(preset, {}));
      const who = without.map(({ title }) => title).join(', ');
      const where = isAlways ? '' : ' where the MCP server names its scope';
      const message = `Tokens of ${who} for ${resource} name no role of their user${where}: the audience alone tells who may use it. An MCP server that reads roles turns everybody away.`;
      const fix = atMcpServer(
        'Go by aud, which only who has the role gets. To have roles in the token: Client scopes, the scope, Mappers, add User Realm Role.',
      );
      return [{ subject: judged.scope, message, fix }];
    });
  },
};

/** Rules about who may use MCP servers. */
export const accessGroup: RuleGroup = {
  title: 'Who may use an MCP server is decided by its roles',
  applies: ({ parts: { access: seen, record } }) =>
    (seen.visible && seen.value.mapped.some(({ roles }) => roles.length > 0)) ||
    (record.visible && entriesOf(record.value, 'access').length > 0),
  rules: [open, notClosed, nobodyHeld, composite, gone, everybodys, unused, shared, withoutRoles],
};
