import { type Exchange, isDocument, listStrings, toObject } from '../exchange.ts';
import type { Run } from '../step.ts';

/** The authorization server's own documents about itself. */
export interface ServerEvidence {
  /**
   * The issuer: as configured, else as the MCP server names it, where that proves to be the realm. Without a realm, any
   * issuer will do.
   */
  issuer: string | undefined;
  /** The issuer that was asked, proven or not; undefined where nobody names an issuer. */
  asked: string | undefined;
  /** Whether the MCP server names another issuer, and that is one: clients go there. */
  elsewhere: boolean;
  /** The places in the order in which clients look (RFC 8414 §3.1, OpenID Connect Discovery §4). */
  places: readonly Exchange[];
  found: Exchange | undefined;
  document: Readonly<Record<string, unknown>>;
  /** `scopes_supported` of the realm: names of its client scopes; undefined where there is no metadata. */
  scopes: readonly string[] | undefined;
  /** The endpoints, each asked without anything in it. */
  endpoints: {
    authorization?: Exchange | undefined;
    token?: Exchange | undefined;
    jwks?: Exchange | undefined;
  };
}

/** An endpoint's URL. */
export function readEndpoint(document: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = document[`${name}_endpoint`];
  return typeof value === 'string' ? value : undefined;
}

/** The places of an issuer's metadata in the order in which clients look. */
function metadataPlaces(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    ...new Set([
      `${origin}/.well-known/oauth-authorization-server${path}`,
      `${origin}/.well-known/openid-configuration${path}`,
      `${origin}${path}/.well-known/openid-configuration`,
    ]),
  ];
}

/** Reads the authorization server's metadata as clients do, and asks its endpoints. */
export async function probeServer(run: Run): Promise<ServerEvidence> {
  const { target, parts, recorder } = run;
  const named = listStrings(parts['resource-metadata']?.document.authorization_servers)[0];
  const publicName = await otherName(run, named);
  const asked = publicName ?? target.issuer ?? named;
  const own = asked !== undefined && asked === target.issuer;
  if (asked === undefined || !URL.canParse(asked)) {
    return {
      issuer: undefined,
      asked,
      elsewhere: false,
      places: [],
      found: undefined,
      document: {},
      scopes: undefined,
      endpoints: {},
    };
  }
  const headers = { accept: 'application/json' };
  const places = await Promise.all(
    metadataPlaces(asked).map((url) => recorder.get(url, { to: 'keycloak', own, headers })),
  );
  const found = places.find((exchange) => exchange.status === 200 && isDocument(exchange));
  const document = toObject(found?.json);
  const issuer = publicName ?? target.issuer ?? (document.issuer === asked ? asked : undefined);
  const [endpoints, elsewhere] = await Promise.all([
    askEndpoints(run, document, asked),
    named !== undefined && named !== issuer && isIssuer(run, named),
  ]);
  const scopes = found && listStrings(document.scopes_supported);
  return { issuer, asked, elsewhere, places, found, document, scopes, endpoints };
}

/** Whether a URL is an issuer: metadata at its place calls itself so. */
async function isIssuer({ recorder }: Run, url: string): Promise<boolean> {
  const place = URL.canParse(url) ? metadataPlaces(url).at(-1) : undefined;
  if (place === undefined) return false;
  const { json } = await recorder.get(place, { to: 'keycloak', headers: { accept: 'application/json' } });
  return toObject(json).issuer === url;
}

async function askEndpoints(
  { recorder, target }: Run,
  document: Readonly<Record<string, unknown>>,
  asked: string,
) {
  const jwks = typeof document.jwks_uri === 'string' ? document.jwks_uri : undefined;
  const trusted = asked === target.issuer ? new URL(asked).origin : undefined;
  const ask = (url: string | undefined, init: { method?: string; body?: string } = {}) =>
    url !== undefined && URL.canParse(url)
      ? recorder.send(url, {
          to: 'keycloak',
          own: new URL(url).origin === trusted,
          ...init,
          ...(init.body === undefined
            ? {}
            : { headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
        })
      : undefined;
  const [authorization, token, keys] = await Promise.all([
    ask(readEndpoint(document, 'authorization')),
    ask(readEndpoint(document, 'token'), { method: 'POST', body: '' }),
    ask(jwks),
  ]);
  return { authorization, token, jwks: keys };
}

/**
 * The issuer that the MCP server names, where nobody configured one and Keycloak calls itself otherwise. Behind a proxy
 * a server without fixed hostname derives its name from the request. The issuer is the realm where its metadata calls
 * itself so and its keys are the realm's.
 */
async function otherName({ target, recorder }: Run, named: string | undefined): Promise<string | undefined> {
  const { issuer, issuerGiven } = target;
  if (named === undefined || issuer === undefined || issuerGiven || named === issuer) return undefined;
  if (!URL.canParse(named)) return undefined;
  const read = async (url: unknown) =>
    typeof url === 'string' && URL.canParse(url)
      ? toObject((await recorder.get(url, { to: 'keycloak', headers: { accept: 'application/json' } })).json)
      : {};
  const [own, there] = await Promise.all([issuer, named].map((one) => read(metadataPlaces(one).at(-1))));
  if (there?.issuer !== named) return undefined;
  const [keys, theirs] = await Promise.all([read(own?.jwks_uri), read(there.jwks_uri)]);
  const ids = (jwks: unknown) => keyIds(jwks).sort().join(' ');
  return ids(keys) !== '' && ids(keys) === ids(theirs) ? named : undefined;
}

/** The ids of a key set's keys. */
export function keyIds(jwks: unknown): string[] {
  const { keys } = toObject(jwks);
  return Array.isArray(keys) ? keys.map((key) => String(toObject(key).kid ?? '')) : [];
}
