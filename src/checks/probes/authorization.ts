// biome-ignore lint/style/noRestrictedImports: a PKCE challenge is a hash.
import { createHash, randomBytes } from 'node:crypto';
import type { Preset } from '../../products/preset.ts';
import { FOREIGN_URI } from '../../products/probe-mark.ts';
import type { Exchange } from '../exchange.ts';
import { askedBy, clientOf, type ProductClient, type ProductWay, scopesMet } from '../product-ways.ts';
import type { Run } from '../step.ts';
import { readEndpoint } from './server-metadata.ts';

/** The client that authorization requests are made for. */
export interface AskingClient {
  clientId: string;
  redirectUri: string;
  /** Whether it holds the audience scope, so that policies for it apply. */
  holdsScope: boolean;
}

/** The authorization endpoint's answers to requests; nobody signs in. */
export interface AuthorizationEvidence {
  subject: AskingClient | undefined;
  /** The request as a client makes it: must lead to the sign-in. */
  good: Exchange | undefined;
  withoutPkce: Exchange | undefined;
  plainPkce: Exchange | undefined;
  badRedirect: Exchange | undefined;
  /** With a scope that no realm has: an error response to look at. */
  badScope: Exchange | undefined;
  /** The request that each product sends here, with its own client. */
  products: readonly ProductRequest[];
  /** Requests with the scopes that products were seen to ask for whatever the MCP server lists. */
  productScopes: readonly { title: string; scopes: readonly string[]; exchange: Exchange }[];
}

/** A product's authorization request. */
export interface ProductRequest {
  preset: Preset;
  /** The `scope` in it; undefined where the product sends none. */
  scope: string | undefined;
  exchange: Exchange;
}

/** Sends authorization requests as far as the sign-in page, right ones and wrong ones, side by side. */
export async function probeAuthorization(run: Run): Promise<AuthorizationEvidence> {
  const url = readEndpoint(run.parts['server-metadata']?.document ?? {}, 'authorization');
  const subject = await chooseClient(run);
  const nothing = {
    good: undefined,
    withoutPkce: undefined,
    plainPkce: undefined,
    badRedirect: undefined,
    badScope: undefined,
  };
  if (url === undefined) return { subject, ...nothing, products: [], productScopes: [] };
  const products = run.wants('AUTHZ-SCOPES') ? await askAsProducts(run, url) : [];
  if (!subject) return { subject, ...nothing, products, productScopes: [] };
  const ask = (changes: Readonly<Record<string, string | undefined>>) =>
    run.recorder.send(requestUrl(url, subject, run, changes), {
      to: 'keycloak',
      headers: { accept: 'text/html' },
    });
  const without = { code_challenge: undefined, code_challenge_method: undefined };
  const verifier = randomBytes(32).toString('base64url');
  const wants = (...ids: string[]) => run.wants(...ids);
  const pkce = wants('AUTHZ-PKCE');
  const [good, withoutPkce, plainPkce, badRedirect, badScope, productScopes] = await Promise.all([
    pkce || wants('AUTHZ-SCOPES') ? ask({}) : undefined,
    pkce ? ask(without) : undefined,
    pkce ? ask({ code_challenge: verifier, code_challenge_method: 'plain' }) : undefined,
    wants('AUTHZ-REDIRECT') ? ask({ redirect_uri: FOREIGN_URI }) : undefined,
    wants('ASM-ISS') ? ask({ scope: 'openid mcpkc-no-such-scope' }) : undefined,
    Promise.all(
      run.target.presets
        .filter(({ requestedScopes }) => requestedScopes.length > 0 && wants('AUTHZ-SCOPES'))
        .map(async ({ title, requestedScopes }) => ({
          title,
          scopes: requestedScopes,
          exchange: await ask({ scope: requestedScopes.join(' ') }),
        })),
    ),
  ]);
  return { subject, good, withoutPkce, plainPkce, badRedirect, badScope, products, productScopes };
}

/** Each product's authorization request, with the client that it would use and the scopes that it would name. */
async function askAsProducts(run: Run, url: string): Promise<ProductRequest[]> {
  const met = scopesMet(run);
  const requests = (run.parts.registration?.presets ?? []).map(async ({ preset, way }) => {
    const client = clientOf(preset, way) ?? documentClient(preset, way);
    if (!client) return [];
    const scope = askedBy(preset, met, client);
    const subject = { clientId: client.clientId, redirectUri: client.redirectUri, holdsScope: false };
    const exchange = await run.recorder.send(requestUrl(url, subject, run, { scope }), {
      to: 'keycloak',
      headers: { accept: 'text/html' },
    });
    return [{ preset, scope, exchange }];
  });
  return (await Promise.all(requests)).flat();
}

/**
 * The client of a document that the realm doesn't know. It is asked for only where no client policy fetches that
 * document: elsewhere the request itself would make one.
 */
function documentClient(preset: Preset, way: ProductWay): ProductClient | undefined {
  if (way.by !== 'document' || way.state?.kind !== 'unknown') return undefined;
  const [redirectUri = ''] = preset.registration.redirect_uris;
  return { clientId: way.documentUrl, secret: undefined, redirectUri, registeredScope: '' };
}

/**
 * The probe, which holds the scope where the mode assigns it or it was lent; else a client that was granted the scope.
 */
async function chooseClient({ parts, inside, target }: Run): Promise<AskingClient | undefined> {
  const probe = parts.registration?.audience?.client;
  const [redirectUri] = probe?.redirectUris ?? [];
  const held = parts.registration?.presets.some(({ held: as }) => as === 'default' || as === 'optional');
  const holds = target.inside?.scopes.named !== undefined && (held === true || parts.token?.lent === true);
  if (probe && redirectUri !== undefined && (holds || !inside)) {
    return { clientId: probe.clientId, redirectUri, holdsScope: holds };
  }
  const named = target.client;
  if (named !== undefined) {
    const uri = target.presets[0]?.registration.redirect_uris[0] ?? '';
    return { clientId: named.clientId, redirectUri: uri, holdsScope: true };
  }
  const adopted = (await inside?.clients)?.adopted.find(({ redirectUris }) => redirectUris.length > 0);
  if (adopted?.redirectUris[0] !== undefined) {
    return { clientId: adopted.clientId, redirectUri: adopted.redirectUris[0], holdsScope: true };
  }
  const [own] = (parts.registration?.presets ?? []).flatMap(({ preset, way, held: as }) => {
    const client = way.by === 'registration' ? undefined : clientOf(preset, way);
    return client && as !== undefined ? [{ ...client, holdsScope: as !== 'none' }] : [];
  });
  if (own) return own;
  return probe && redirectUri !== undefined
    ? { clientId: probe.clientId, redirectUri, holdsScope: false }
    : undefined;
}

function requestUrl(
  url: string,
  { clientId, redirectUri }: AskingClient,
  { target }: Run,
  changes: Readonly<Record<string, string | undefined>>,
): string {
  const { inside } = target;
  const scope = inside?.list === 'optional' ? `openid ${inside.scope}` : 'openid';
  const challenge = createHash('sha256').update(randomBytes(32)).digest('base64url');
  const params: Record<string, string | undefined> = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    state: randomBytes(8).toString('hex'),
    scope,
    resource: target.mcp,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...changes,
  };
  const request = new URL(url);
  for (const [name, value] of Object.entries(params))
    if (value !== undefined) request.searchParams.set(name, value);
  return request.href;
}
