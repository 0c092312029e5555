import { readClaims } from '../../../src/keycloak/connection/token-claims.ts';
import { type Passing, type ProxyAnswer, type ReverseProxy, startReverseProxy } from '../reverse-proxy.ts';
import type { Realm } from './realm.ts';

/**
 * What Keycloak 26.8 does otherwise, one switch each, in front of a server that is older. Read in its upgrading guide and
 * issues, never run: 26.8 could not be had.
 */
export interface Switches {
  /** 26.8.2: the admin API answers 401 to a token whose `aud` doesn't name it; admin-cli and the console have it. */
  audience?: boolean;
  /** 26.8.0: client secrets are `**********` without manage-clients. `always`: also for who has the role (fine-grained). */
  maskedSecrets?: boolean | 'always';
  /** 26.8.0: lists of a client's scopes are empty without the right to view scopes. `always` as above. */
  emptyLists?: boolean | 'always';
  /** 26.8.0: sessions of a client leave out users without view-users. */
  filteredSessions?: boolean;
  /** 26.8.2: protocol mappers are written with manage-realm alone. */
  mapperRole?: boolean;
  /** 26.8.0: a client policy refuses mappers of the admin API, no matter who writes them. */
  mapperPolicy?: boolean;
}

/** Starts the stand-in; each request that it answers otherwise is in `changed`. */
export async function startStandIn(
  target: string,
  switches: Switches,
): Promise<ReverseProxy & { changed: string[] }> {
  const changed: string[] = [];
  const note = (request: Passing) => changed.push(`${request.method} ${request.path}`);
  const proxy = await startReverseProxy(target, {
    before(request) {
      const refused = refusal(request, switches);
      if (refused !== undefined) note(request);
      return refused;
    },
    after(request, answer) {
      const body = bodyOf(request, answer, switches);
      if (body === undefined) return answer;
      note(request);
      return { ...answer, body };
    },
  });
  return Object.assign(proxy, { changed });
}

/** What the upgrade to 26.8.2 does to a realm, beside admin-cli and the console, which the stand-in lets in anyway. */
export async function upgradeRealm(realm: Realm): Promise<void> {
  await realm.admin.post(realm.path('client-scopes'), {
    name: 'kc-admin-api',
    protocol: 'openid-connect',
    attributes: { 'include.in.token.scope': 'true', 'display.on.consent.screen': 'false' },
    protocolMappers: [
      {
        name: 'admin api audience',
        protocol: 'openid-connect',
        protocolMapper: 'oidc-audience-mapper',
        config: {
          'included.custom.audience': `${realm.admin.access.url}/admin/realms/${encodeURIComponent(realm.name)}`,
          'access.token.claim': 'true',
        },
      },
    ],
  });
}

const BUILT_IN = ['admin-cli', 'security-admin-console'];
const json = (status: number, value: unknown): ProxyAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});

function claimsOf({ headers }: Passing) {
  return readClaims((headers.authorization ?? '').replace(/^Bearer /i, ''));
}

/** Roles of the bearer in any client that administers; an administrator through admin-cli has all. */
function may(request: Passing, ...roles: readonly string[]): boolean {
  const claims = claimsOf(request);
  if (BUILT_IN.includes(String(claims?.azp))) return true;
  const access = Object.values((claims?.resource_access ?? {}) as Record<string, { roles?: string[] }>);
  return access.some((one) => one.roles?.some((role) => roles.includes(role)) === true);
}

const inAdmin = (path: string) => /^[^?]*\/admin\//.test(path);
const isWrite = (method: string) => ['POST', 'PUT', 'DELETE'].includes(method);

function refusal(
  request: Passing,
  { audience, mapperRole, mapperPolicy }: Switches,
): ProxyAnswer | undefined {
  const { method, path } = request;
  if (!inAdmin(path)) return undefined;
  const claims = claimsOf(request);
  const admitted = [claims?.aud].flat().some((one) => /\/admin(\/|$)/.test(String(one)));
  if (audience === true && !admitted && !BUILT_IN.includes(String(claims?.azp)))
    return json(401, { error: 'HTTP 401 Unauthorized' });
  if (!isWrite(method) || !/\/protocol-mappers\//.test(path)) return undefined;
  if (mapperRole === true && !may(request, 'manage-realm')) return json(403, { error: 'HTTP 403 Forbidden' });
  if (mapperPolicy === true) {
    const words = "Protocol mapper type 'oidc-audience-mapper' is not allowed by client policy";
    return json(400, { error: 'invalid_request', errorMessage: words });
  }
  return undefined;
}

function bodyOf(
  request: Passing,
  { status, body = '' }: ProxyAnswer,
  { maskedSecrets, emptyLists, filteredSessions }: Switches,
): string | undefined {
  const { method, path } = request;
  if (!inAdmin(path) || method !== 'GET' || status !== 200) return undefined;
  const isClients = /\/clients(\/[^/?]*)?(\?|$)/.test(path);
  const masks = maskedSecrets === 'always' || (maskedSecrets === true && !may(request, 'manage-clients'));
  const empties =
    emptyLists === 'always' || (emptyLists === true && !may(request, 'view-clients', 'manage-clients'));
  if (
    filteredSessions === true &&
    /\/(user|offline)-sessions(\?|$)/.test(path) &&
    !may(request, 'view-users', 'manage-users')
  )
    return '[]';
  if (empties && /\/clients\/[^/]+\/(default|optional)-client-scopes/.test(path)) return '[]';
  if (masks && /\/client-secret$/.test(path)) return JSON.stringify({ ...JSON.parse(body), value: MASK });
  if (!isClients || (!masks && !empties)) return undefined;
  const change = (client: Record<string, unknown>) => ({
    ...client,
    ...(masks && client.secret !== undefined ? { secret: MASK } : {}),
    ...(empties ? { defaultClientScopes: [], optionalClientScopes: [] } : {}),
  });
  const parsed = JSON.parse(body) as Record<string, unknown> | Record<string, unknown>[];
  return JSON.stringify(Array.isArray(parsed) ? parsed.map(change) : change(parsed));
}

const MASK = '*'.repeat(10);
