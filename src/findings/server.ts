import { HOSTNAME_GUIDE, MCP_GUIDE, MCP_SPEC, PROXY_GUIDE, SEEN } from '../explanation.ts';
import type { IssuerMetadata } from '../keycloak/read/issuer-metadata.ts';
import { isLoopback } from '../names/loopback.ts';
import { isSelfRegistered } from '../products/dynamic.ts';
import type { PresentServer } from '../realm/mcp-server.ts';
import type { Client } from '../realm/representations.ts';
import { isOwnResourceClient, RESOURCE_URL, resourceClientDeviations } from '../realm/resource-client.ts';
import type { Fix, Found, Rule, RuleGroup } from './finding.ts';
import { atKeycloak, createScope } from './fixes.ts';
import { isShut, listServers, requireShown, type Seen } from './seen.ts';

/** The metadata that clients get: from the public address where it answers, else from the address of administration. */
export function readTold({ parts }: Seen): IssuerMetadata | undefined {
  return parts.face.atIssuer ?? parts.face.atKeycloak;
}

const HOSTNAME =
  'Start Keycloak with --hostname=<public URL, relative path included> (KC_HOSTNAME); behind a proxy also --proxy-headers=xforwarded, and let the proxy set X-Forwarded-Proto, -Host and -For.';

const mismatch: Rule = {
  code: 'ISSUER_MISMATCH',
  severity: 'error',
  needs: [],
  explanation: {
    what: "Keycloak’s metadata names another issuer than the one that the MCP server and the clients are told (KC_ISSUER). Clients compare the two and stop ('issuer mismatch'), before anything is registered; and tokens carry the other issuer, so the MCP server refuses them.",
    cause:
      'KC_HOSTNAME of the server lacks the scheme or the relative path (/auth), or is not set at all, so that the issuer follows the address of each request; the proxy doesn’t send X-Forwarded-Proto or -Host; a realm has a frontend URL of its own; or KC_ISSUER, KC_HOSTNAME or KC_SERVER of mcpkc’s configuration is wrong.',
    fix: `${HOSTNAME} If Keycloak is right, correct KC_ISSUER (or KC_HOSTNAME) in mcpkc’s configuration and OIDC_ISSUER at the MCP server.`,
    sources: [HOSTNAME_GUIDE, PROXY_GUIDE, 'RFC 8414 §3.3', 'RFC 9207', SEEN],
  },
  find(seen) {
    const { issuer } = seen;
    const said = readTold(seen);
    if (issuer === undefined || said?.issuer === issuer) return [];
    if (said === undefined) {
      const message = `Neither ${issuer} nor ${seen.server} answers with the realm’s metadata: clients can’t find Keycloak’s endpoints.`;
      const fix = atKeycloak(`Let the proxy pass /realms/… and /.well-known/… on. ${HOSTNAME}`);
      return [{ subject: issuer, message, fix }];
    }
    const { face } = seen.parts;
    // Only two addresses that answer, each with itself as issuer, show that none is fixed.
    const dynamic =
      face.atIssuer !== undefined &&
      face.atKeycloak !== undefined &&
      face.atIssuer.issuer !== face.atKeycloak.issuer
        ? ' It follows the address that it is asked at: no hostname is fixed.'
        : '';
    const message = `Keycloak calls itself ${said.issuer} (${said.url}), but everybody is told ${issuer}: clients stop with an issuer mismatch.${dynamic}`;
    return [
      {
        subject: issuer,
        message,
        fix: atKeycloak(`${HOSTNAME} Or correct KC_ISSUER here and OIDC_ISSUER at the MCP server.`),
      },
    ];
  },
};

const notHttps: Rule = {
  code: 'ISSUER_NOT_HTTPS',
  severity: 'error',
  needs: [],
  explanation: {
    what: 'Keycloak’s issuer is plain http on another machine than this one. ChatGPT and other clients refuse authorization servers without TLS, and passwords and tokens would travel readable.',
    cause:
      'Keycloak stands behind a TLS proxy and doesn’t know it (no --proxy-headers, or no X-Forwarded-Proto), or its hostname is set with http.',
    fix: HOSTNAME,
    sources: [HOSTNAME_GUIDE, PROXY_GUIDE, 'RFC 8414 §2 (https)', MCP_SPEC],
  },
  find(seen) {
    const issuer = readTold(seen)?.issuer;
    if (issuer === undefined || !URL.canParse(issuer)) return [];
    const url = new URL(issuer);
    if (url.protocol === 'https:' || isLoopback(url)) return [];
    const message = `Keycloak’s issuer ${issuer} is plain http: ChatGPT and other clients refuse it.`;
    return [{ subject: issuer, message, fix: atKeycloak(HOSTNAME) }];
  },
};

const basicOff: Rule = {
  code: 'BASIC_AUTH_DISABLED',
  severity: 'error',
  needs: ['authenticators'],
  explanation: {
    what: 'The realm doesn’t let clients authenticate with id and secret. ChatGPT sends both by HTTP Basic when it redeems the code, and Keycloak answers 401 invalid_client, though its metadata still advertises client_secret_basic. An account of mcpkc in this realm can’t sign in either; one in master can.',
    cause:
      "The execution 'Client Id and Secret' of the realm’s client authentication flow was disabled, or the realm is bound to a flow that lacks it.",
    fix: "In the admin console, Authentication, the flow that is bound as 'Client authentication flow' (clients, unless changed): set 'Client Id and Secret' to Alternative.",
    sources: ['RFC 6749 §2.3.1', SEEN],
  },
  find(seen) {
    const advertised = readTold(seen)?.authMethods;
    const off = !requireShown(seen.parts.authenticators).includes('client-secret');
    const hidden = advertised !== undefined && !advertised.includes('client_secret_basic');
    if (!off && !hidden) return [];
    const message =
      'Clients can’t authenticate with id and secret in this realm: ChatGPT’s HTTP Basic at the token endpoint is answered 401 (invalid_client).';
    const fix = atKeycloak(
      "In the admin console, Authentication, client authentication flow: set 'Client Id and Secret' to Alternative.",
    );
    return [{ subject: 'Client Id and Secret', message, fix }];
  },
};

const resourceIndicators: Rule = {
  code: 'RESOURCE_INDICATORS_BREAK_AUDIENCE',
  severity: 'error',
  needs: ['server', 'scopes', 'record', 'ids'],
  explanation: {
    what: 'The experimental feature resource-indicators is on. Keycloak then judges the `resource` parameter that every MCP client sends, finds no client with that resource URL, and ends the sign-in with invalid_target: an audience that comes from a custom-audience mapper alone doesn’t count.',
    cause:
      'Keycloak was started with --features=resource-indicators (or preview features that include it), and no client stands for the MCP server.',
    fix: 'mcpkc create-scope and onboard make that client on such a server: its id and its attribute resource_url are the MCP server’s URL, it is bearer-only and holds no scopes. Tokens then name this server alone. It does nothing on a server without the feature.',
    sources: ['RFC 8707', MCP_GUIDE, SEEN],
  },
  find(seen) {
    if (!judgesResource(seen)) return [];
    return listServers(seen).flatMap((judged): Found[] => {
      const { resource } = judged;
      if (resource === undefined || standsFor(seen, resource)) return [];
      const message = `The feature resource-indicators is on, and no client of mcpkc’s stands for ${resource}: the sign-in of every MCP client ends in invalid_target.`;
      const isTaken = holderOfId(seen, resource) !== undefined;
      return [{ subject: resource, message, fix: makeResourceClient(seen, judged, isTaken) }];
    });
  },
};

function judgesResource(seen: Seen): boolean {
  return requireShown(seen.parts.server).features?.includes('resource-indicators') === true;
}

/** Whether the client that stands for an MCP server is mcpkc's, and as it is made. */
function standsFor(seen: Seen, resource: string): boolean {
  return requireShown(seen.parts.ids).some(
    (client) =>
      isOwnResourceClient(client, resource, requireShown(seen.parts.record)) &&
      resourceClientDeviations(client, resource).length === 0,
  );
}

/** The client whose id is the URL of an MCP server. */
function holderOfId(seen: Seen, resource: string): Client | undefined {
  return requireShown(seen.parts.ids).find(({ clientId }) => clientId === resource);
}

/** The client whose id is the URL of an MCP server, where it registered itself. */
function squatterOf(seen: Seen, resource: string): Client | undefined {
  const client = holderOfId(seen, resource);
  const isOwn =
    client !== undefined && isOwnResourceClient(client, resource, requireShown(seen.parts.record));
  return client && !isOwn && isSelfRegistered(client) ? client : undefined;
}

/** Somebody else's client in its place is deleted for it, which takes a person's word. */
function makeResourceClient(seen: Seen, { resource = '', scope }: PresentServer, isTaken: boolean): Fix {
  const flags = ['--resource-client', ...(isTaken ? ['--yes'] : [])];
  return createScope(seen, resource, scope, { registration: 'keep', flags });
}

const resourceTaken: Rule = {
  code: 'RESOURCE_ID_TAKEN',
  severity: 'error',
  needs: ['scopes', 'record', 'ids'],
  explanation: {
    what: 'A client that registered itself has the URL of an MCP server as its id. Keycloak puts client ids into `aud`: its ID tokens name the MCP server, and roles that it brought put the URL into the access tokens of every application with full scope. An MCP server that looks at signature, issuer and audience lets them in, adopted or not. With the feature resource-indicators that id stands for the MCP server as well.',
    cause:
      'Anybody may choose a client id at the endpoint clients-registrations/default, and mcpkc’s own client did not hold this one yet.',
    fix: 'mcpkc create-scope --resource-client --yes shows it, deletes it with its roles, and makes mcpkc’s own client in its place: its registrant’s access token is dead, and nobody can take the id again.',
    sources: ['RFC 8707', SEEN],
  },
  find: (seen) =>
    listServers(seen).flatMap((judged): Found[] => {
      const { resource } = judged;
      if (resource === undefined || squatterOf(seen, resource) === undefined) return [];
      const message = `A client that registered itself has the id ${resource}, which is the MCP server’s URL: tokens of other clients can name the MCP server.`;
      return [{ subject: resource, message, fix: makeResourceClient(seen, judged, true) }];
    }),
};

const resourceFree: Rule = {
  code: 'RESOURCE_ID_FREE',
  severity: 'warning',
  needs: ['server', 'scopes', 'registrationPolicies', 'ids'],
  explanation: {
    what: 'Registration is open, and no client has the URL of an MCP server as its id. Anybody who registers a client of that id, with roles that every user gets, puts the URL into `aud` of every application with full scope; and on a Keycloak with the feature resource-indicators it decides whose sign-ins work.',
    cause: 'The MCP server was provisioned before mcpkc made that client, or somebody deleted it.',
    fix: 'mcpkc create-scope --resource-client makes it: bearer-only, without scopes, nobody signs in with it.',
    sources: ['RFC 8707', SEEN],
  },
  find(seen) {
    // Where `resource` counts, every sign-in fails without that client: a finding of its own.
    if (isShut(seen) || judgesResource(seen)) return [];
    return listServers(seen).flatMap((judged): Found[] => {
      const { resource } = judged;
      if (resource === undefined || holderOfId(seen, resource) !== undefined) return [];
      const message = `Anybody who may register can take ${resource} as client id: tokens of other clients would name the MCP server then.`;
      return [{ subject: resource, message, fix: makeResourceClient(seen, judged, false) }];
    });
  },
};

const foreignResource: Rule = {
  code: 'RESOURCE_CLIENT_FOREIGN',
  severity: 'warning',
  needs: ['server', 'scopes', 'record', 'ids'],
  explanation: {
    what: 'A client that mcpkc did not make, or that was changed since, has the URL of an MCP server as its client id, or claims it in its attribute resource_url. On a Keycloak with the feature resource-indicators it decides whether sign-ins that name the MCP server work.',
    cause:
      'Client ids and attributes are free to anybody who registers: a stranger can take the URL first. Or an administrator made it.',
    fix: 'mcpkc create-scope --resource-client --yes shows it, deletes it and makes mcpkc’s own: changed in place, its registrant’s access token would live on.',
    sources: ['RFC 8707', SEEN],
  },
  find(seen) {
    const { clients } = seen.parts;
    const listed = (clients.visible ? clients.value?.clients : undefined) ?? [];
    return listServers(seen).flatMap((judged): Found[] => {
      const { resource } = judged;
      if (resource === undefined) return [];
      const claiming = listed.filter(
        ({ clientId, attributes }) => clientId !== resource && attributes[RESOURCE_URL] === resource,
      );
      // A client that registered itself is a finding of its own, with or without the feature.
      const there = requireShown(seen.parts.ids).filter(
        (client) => client.clientId === resource && client !== squatterOf(seen, resource),
      );
      const foreign = [...(standsFor(seen, resource) ? [] : there), ...claiming];
      if (foreign.length === 0) return [];
      const names = foreign.map(({ clientId }) => `'${clientId}'`).join(', ');
      const severity = judgesResource(seen) ? 'error' : 'warning';
      const message = `The client ${names} stands for ${resource}, and mcpkc did not make it so.`;
      return [{ subject: resource, message, fix: makeResourceClient(seen, judged, true), severity }];
    });
  },
};

/** Rules about Keycloak's start options, and the realm's own settings. */
export const server: RuleGroup = {
  title: 'Issuer, sign-in and features',
  rules: [mismatch, notHttps, basicOff, resourceIndicators, resourceTaken, foreignResource, resourceFree],
};
