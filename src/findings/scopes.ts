import { ADMIN_GUIDE, MCP_SPEC, SEEN } from '../explanation.ts';
import { differenceOf, type ResourceDifference } from '../names/resource-url.ts';
import { roleLabel } from '../realm/access.ts';
import { audiencesOf, isInAccessToken } from '../realm/audiences.ts';

import { freeName, nearResources } from '../realm/mcp-scope.ts';
import type { PresentServer } from '../realm/mcp-server.ts';
import { AUDIENCE_MAPPER } from '../realm/representations.ts';
import { listNames } from '../text.ts';
import type { Found, Rule, RuleGroup } from './finding.ts';
import { atKeycloak, atMcpServer, createScope, repair } from './fixes.ts';
import { listServers, nameFor, realmOf, requireShown, type Seen } from './seen.ts';

const GENERIC_ERROR =
  'ChatGPT shows a generic connection error after consent, since the MCP server answers 401';

const missing: Rule = {
  code: 'SCOPE_MISSING',
  severity: 'error',
  needs: ['scopes'],
  explanation: {
    what: 'The realm has no audience client scope for the MCP server. No token can name the server in `aud`, so the server answers every call with 401; ChatGPT shows a generic connection error after consent, or invalid_scope where the server’s metadata lists the scope.',
    cause:
      'The MCP server was not provisioned in this realm, somebody deleted the scope, or MCP_TRANSPORT_URL (or --resource) names another URL than the one that was provisioned.',
    fix: 'mcpkc create-scope for a server that every user may connect to, mcpkc onboard for one that only chosen connectors may reach. mcpkc status without --resource lists the scopes that are there.',
    sources: [MCP_SPEC, 'RFC 8707 (Resource Indicators), RFC 9068 §4 (aud of access tokens)'],
  },
  find(seen) {
    const { resource } = seen;
    if (resource === undefined) return listServers(seen).length > 0 ? [] : [unknownResource(seen)];
    const name = nameFor(seen, resource);
    if (realmOf(seen).scopes.some((scope) => scope.name === name)) return [];
    const near = nearResources(resource, realmOf(seen));
    const meant = near.length === 0 ? '' : ` It has one for ${listNames(near)}: is that one meant?`;
    const message = `The realm has no audience scope for ${resource}: no token can name it. ${GENERIC_ERROR}.${meant}`;
    return [{ subject: name, message, fix: createScope(seen, resource, name) }];
  },
};

function unknownResource({ realm }: Seen) {
  return {
    subject: realm,
    message: 'The realm has no audience scope for any MCP server, and no MCP server is configured.',
    fix: atMcpServer(
      'Name the MCP server: mcpkc status --resource <its URL as people type it> (or MCP_TRANSPORT_URL).',
    ),
  };
}

const mapperMissing: Rule = {
  code: 'AUDIENCE_MAPPER_MISSING',
  severity: 'error',
  needs: ['scopes'],
  explanation: {
    what: 'The audience scope has no mapper that puts the MCP server’s URL into `aud`. Sign-in and consent work, then the MCP server answers 401 and ChatGPT shows a generic connection error.',
    cause: 'The scope was made by hand without its mapper (oidc-audience-mapper), or somebody deleted it.',
    fix: 'mcpkc create-scope for the resource adds the mapper and leaves everything else as it is.',
    sources: [ADMIN_GUIDE, 'RFC 9068 §4'],
  },
  find: (seen) =>
    listServers(seen)
      .filter(({ scopes }) => audiencesOf(scopes.carrier).length === 0)
      .map((judged) => ({
        subject: judged.scope,
        message: `The scope '${judged.scope}' has no mapper that puts an audience into tokens. ${GENERIC_ERROR}.`,
        fix: repair(seen, judged),
      })),
};

const DIFFERENCES: Record<Exclude<ResourceDifference, 'same'>, string> = {
  slash: 'they differ in the slash at the end',
  case: 'they differ in upper and lower case, or in how the host is spelled',
  scheme: 'they differ in the scheme (http, https)',
  path: 'they differ in the path',
  host: 'they name different hosts',
};

const mismatch: Rule = {
  code: 'AUDIENCE_MISMATCH',
  severity: 'error',
  needs: ['scopes'],
  explanation: {
    what: 'The scope’s mapper puts another URL into `aud` than the one that people type. Audiences are compared as text, so a slash at the end, http instead of https, or another path is as wrong as another host: the MCP server answers 401 after consent.',
    cause:
      'The MCP server moved (another path, https), its URL was written down differently in Keycloak and in the connector, or two servers share one scope name.',
    fix: 'Decide which URL people type: it must be the same in the connector, in the MCP server’s `resource` and in Keycloak. mcpkc create-scope --resource <that URL> repairs Keycloak’s side. Another host’s scope is left alone: the server then gets a scope of its own name.',
    sources: [MCP_SPEC, 'RFC 8707 §2', 'RFC 9728 §3.3'],
  },
  find: (seen) => listServers(seen).flatMap((judged) => mismatchOf(seen, judged)),
};

function mismatchOf(seen: Seen, judged: PresentServer): Found[] {
  const { scope, scopes, resource } = judged;
  const audiences = audiencesOf(scopes.carrier);
  if (resource === undefined || audiences.length === 0 || audiences.includes(resource)) return [];
  const taken = resource === seen.resource && audiences.find((one) => seen.otherAudiences.includes(one));
  if (taken)
    return [{ subject: scope, severity: 'warning', ...otherAudience(seen, judged, taken, resource) }];
  const difference = audiences.map((one) => ({ one, how: differenceOf(one, resource) }));
  const nearest = difference.find(({ how }) => how !== 'host') ?? difference[0];
  if (nearest === undefined || nearest.how === 'same') return [];
  const message = `Tokens with the scope '${scope}' name ${nearest.one}, not ${resource}: ${DIFFERENCES[nearest.how]}. ${GENERIC_ERROR}.`;
  const foreign = nearest.how === 'host' && scopes.named.attributes['mcpkc.resource'] !== resource;
  const fix = foreign ? createScope(seen, resource, freeName(resource, realmOf(seen))) : repair(seen, judged);
  return [{ subject: scope, message, fix }];
}

/** An audience that isn't the URL and that the MCP server accepts works, against RFC 8707. */
function otherAudience(
  seen: Seen,
  judged: PresentServer,
  audience: string,
  resource: string,
): Pick<Found, 'message' | 'fix'> {
  const { text } = repair(seen, judged);
  return {
    message: `Tokens with the scope '${judged.scope}' name ${audience}, as OIDC_AUDIENCE has it, and not ${resource}: a product that compares the two turns away (RFC 8707).`,
    fix: atMcpServer(`Let the MCP server take ${resource} as well; then: ${text}`),
  };
}

const notInAccessToken: Rule = {
  code: 'MAPPER_NOT_IN_ACCESS_TOKEN',
  severity: 'error',
  needs: ['scopes'],
  explanation: {
    what: 'The audience mapper has the right URL, but is switched off for access tokens (Add to access token). The MCP server sees a token without its audience and answers 401.',
    cause:
      'The switch was turned off in the admin console, or the mapper was made by hand with `access.token.claim` left out.',
    fix: 'mcpkc create-scope for the resource switches it on.',
    sources: [ADMIN_GUIDE, SEEN],
  },
  find: (seen) =>
    listServers(seen)
      .filter(({ scopes: { carrier }, resource }) => {
        const right = carrier.mappers.filter(
          (mapper) =>
            mapper.protocolMapper === AUDIENCE_MAPPER &&
            audiencesOf({ ...carrier, mappers: [mapper] }).includes(resource ?? ''),
        );
        return right.length > 0 && !right.some(isInAccessToken);
      })
      .map((judged) => ({
        subject: judged.scope,
        message: `The mapper of '${judged.scope}' doesn’t add the audience to access tokens. ${GENERIC_ERROR}.`,
        fix: repair(seen, judged),
      })),
};

const notDefault: Rule = {
  code: 'SCOPE_NOT_DEFAULT',
  severity: 'error',
  needs: ['scopes'],
  explanation: {
    what: 'A scope of mode standing is in neither of the realm’s lists (default, optional client scopes). Clients that register from now on can’t get the audience: ChatGPT connects and is answered 401 by the MCP server, and a client that names the scope is refused (403 at registration, invalid_scope at sign-in).',
    cause: 'Somebody took the scope out of the realm’s default client scopes.',
    fix: 'mcpkc create-scope for the resource puts it back. If only chosen connectors must have it: mcpkc create-scope --attach none makes its mode adopted.',
    sources: [ADMIN_GUIDE, SEEN],
  },
  find: (seen) =>
    listServers(seen)
      .filter(({ mode, list }) => mode === 'standing' && list === 'none')
      .map((judged) => ({
        subject: judged.scope,
        message: `The scope '${judged.scope}' serves everybody (standing), but is neither a default nor an optional client scope of the realm: a client that registers now can’t get the audience. ${GENERIC_ERROR}.`,
        fix: repair(seen, judged),
      })),
};

const requestedMissing: Rule = {
  code: 'REQUESTED_SCOPE_MISSING',
  severity: 'error',
  needs: ['scopes'],
  explanation: {
    what: 'A product asks for client scopes at sign-in that the realm doesn’t offer. Keycloak then ends the sign-in with invalid_scope, before the login page.',
    cause:
      "Keycloak’s built-in scopes (address, phone, microprofile-jwt, organization) were deleted, or taken out of the realm’s default and optional client scopes. 'organization' is there from Keycloak 26 on.",
    fix: 'Make the scopes again (Client scopes, Create client scope; an empty one will do), and add them to the realm’s optional client scopes (Client scopes, column Assigned type: Optional). Clients that registered before need them too.',
    sources: ['ChatGPT’s authorization requests, observed 2025-09-17', SEEN],
  },
  find(seen) {
    const { all, defaults, optionals } = requireShown(seen.parts.scopes);
    return seen.presets.flatMap(({ title, requestedScopes }) => {
      const gone = requestedScopes.filter((scope) => ![...defaults, ...optionals].includes(scope));
      if (gone.length === 0) return [];
      const absent = gone.filter((name) => !all.some((scope) => scope.name === name));
      const make = absent.length === 0 ? '' : `create ${absent.join(', ')}; then `;
      const message = `${title} asks for the scopes ${gone.join(', ')}, which this realm doesn’t offer: its sign-in ends in invalid_scope.`;
      const fix = atKeycloak(
        `In the admin console, Client scopes: ${make}set the assigned type of ${gone.join(', ')} to Optional.`,
      );
      return [{ subject: title, message, fix }];
    });
  },
};

const shared: Rule = {
  code: 'SERVERS_SHARE_TOKENS',
  severity: 'warning',
  needs: ['scopes'],
  explanation: {
    what: 'Several MCP servers of the realm are open to every client: each connector’s token names all of them in `aud`. So each of these servers can use the tokens that it is sent at the others, as the person who signed in.',
    cause: 'More than one standing scope is a default or optional client scope of the realm.',
    fix: 'Where the servers don’t trust each other alike: grant the audience to chosen clients alone (mcpkc create-scope --attach none, then mcpkc onboard for each product); bind each server to a role (mcpkc access); or have Keycloak name only the server that a client asks for (resource indicators).',
    sources: ['RFC 8707 §3', 'RFC 9700 §2.3', SEEN],
  },
  find(seen) {
    const standing = listServers(seen).filter(({ mode, list }) => mode === 'standing' && list !== 'none');
    if (standing.length < 2) return [];
    const named = standing.map((server) => {
      const roles = rolesFor(server);
      const name = server.resource ?? server.scope;
      return roles.length === 0 ? name : `${name} with the role ${listNames(roles)}`;
    });
    const some = standing.some((server) => rolesFor(server).length > 0);
    const whose = some
      ? 'A connector’s token opens all of these that its person may use'
      : `Every connector’s token opens ${standing.length} MCP servers alike`;
    const message = `${whose} (${named.join(', ')}): each of them can use it at the others.`;
    const fix = atMcpServer(
      'Decide whether these servers trust each other. If not: create-scope --attach none and onboard for one of them, a role for each (mcpkc access), or resource indicators.',
    );
    return [{ subject: standing.map(({ scope }) => scope).join(' '), message, fix }];
  },
};

/** The roles of which a person needs one; none where everybody may use the server, or that isn't visible. */
function rolesFor({ roles }: PresentServer): string[] {
  return (roles?.gates ?? []).map(roleLabel);
}

/** Rules about the audience scopes and their mappers. */
export const scopes: RuleGroup = {
  title: 'Audience scope and mapper',
  rules: [missing, mapperMissing, mismatch, notInAccessToken, notDefault, requestedMissing, shared],
};
