/** Wrong metadata: protected resource metadata, manifest, what a cache makes of them, the way to the issuer. */
import {
  type Fault,
  type FaultRequest,
  html,
  isIssuerPlace,
  isManifest,
  isPrm,
  json,
  type Knob,
  only,
  PLACES,
  reheaded,
  rewritten,
} from '../fault.ts';

type Document = Record<string, unknown>;
type Edit = (document: Document, facts: Parameters<Fault>[2]) => unknown;

const isWellKnown = (request: FaultRequest) => isPrm(request) || isManifest(request);

const editing =
  (where: (request: FaultRequest) => boolean) =>
  (edit: Edit): Fault =>
    only(where, async (request, pass, facts) => {
      const response = await pass(request);
      return response.ok ? rewritten(response, (document) => edit(document, facts)) : response;
    });
const prm = editing(isPrm);
const manifest = editing(isManifest);
const without = (document: Document, name: string) => ({ ...document, [name]: undefined });

/** A cache that hasn't seen the query before asks the host; otherwise it serves what it has. */
const cached = (edit: (document: Document) => unknown): Fault =>
  only(isWellKnown, async (request, pass) => {
    const response = await pass(request);
    if (request.query !== '' || !response.ok) return response;
    const headers = { age: '86400', 'cf-cache-status': 'HIT', 'cache-control': 'public, max-age=604800' };
    return reheaded(await rewritten(response, edit), headers);
  });

export const metadataKnobs = {
  'manifest-old': {
    message: 'Its manifest has the schemaVersion of 2024.',
    breaks: ['META-MANIFEST'],
    fault: manifest((document) => ({ ...document, schemaVersion: '2024-11-05' })),
  },
  'manifest-disagrees': {
    message: 'Its manifest names another resource and issuer than its metadata.',
    breaks: ['META-MANIFEST'],
    fault: manifest((document) => ({
      ...document,
      transport: { type: 'streamable-http', url: 'https://elsewhere.example/mcp' },
      authorization: {
        resource: 'https://elsewhere.example/mcp',
        authorization_servers: ['https://elsewhere.example/realms/demo'],
      },
    })),
  },
  'manifest-missing': {
    message: 'It has no manifest, which is allowed.',
    breaks: [],
    fault: only(isManifest, () => json(404, { error: 'not_found' })),
  },
  'manifest-html': {
    message: 'It answers a page where the manifest should be.',
    breaks: ['META-MANIFEST'],
    fault: only(isManifest, () => html(200)),
  },
  'cache-age': {
    message: 'A cache in front keeps its metadata, which happens to be current.',
    breaks: ['META-CACHE'],
    fault: cached((document) => document),
  },
  'cache-stale': {
    message: 'A cache in front serves metadata of yesterday.',
    breaks: ['META-CACHE'],
    fault: cached((document) => ({ ...document, resource_name: 'Yesterday', title: 'Yesterday' })),
  },
  'prm-missing': {
    message: 'It has no protected resource metadata at any place.',
    breaks: ['PRM-FOUND'],
    fault: only(isPrm, () => json(404, { error: 'not_found' })),
  },
  'prm-root-only': {
    message: 'It serves the metadata at the root only.',
    breaks: [],
    fault: only(
      (request) => request.path === PLACES.prmPath,
      () => json(404, { error: 'not_found' }),
    ),
  },
  'prm-path-only': {
    message: 'It serves the metadata at the place of the path only, while the challenge names the root.',
    breaks: ['PRM-FOUND'],
    fault: only(
      (request) => request.path === PLACES.prmRoot,
      () => json(404, { error: 'not_found' }),
    ),
  },
  'prm-500': {
    message: 'Its metadata fails with a server error.',
    breaks: ['PRM-FOUND'],
    fault: only(isPrm, () => json(500, { error: 'server_error' })),
  },
  'prm-html': {
    message: 'It answers a page with 200 where the metadata should be.',
    breaks: ['PRM-FOUND'],
    fault: only(isPrm, () => html(200)),
  },
  'prm-array': {
    message: 'Its metadata is JSON, but no object.',
    breaks: ['PRM-FOUND'],
    fault: prm((document) => [document]),
  },
  'prm-disagree': {
    message: 'Its two places for the metadata say different things.',
    breaks: ['PRM-AGREE'],
    fault: only(
      (request) => request.path === PLACES.prmPath,
      async (request, pass) =>
        rewritten(await pass(request), (document) => ({ ...document, resource: 'https://old.example/mcp' })),
    ),
  },
  'resource-slash': {
    message: 'Its resource has a slash at the end that nobody types.',
    breaks: ['PRM-RESOURCE'],
    fault: prm((document) => ({ ...document, resource: `${document.resource}/` })),
  },
  'resource-origin-only': {
    message: 'Its resource is the origin, as older instructions had it.',
    breaks: ['PRM-RESOURCE'],
    fault: prm((document, { origin }) => ({ ...document, resource: origin })),
  },
  'resource-scheme': {
    message: 'Its resource has another scheme, as behind a proxy that it does not know of.',
    breaks: ['PRM-RESOURCE'],
    fault: prm((document) => ({
      ...document,
      resource: String(document.resource).replace(/^http:/, 'https:'),
    })),
  },
  'resource-missing': {
    message: 'Its metadata names no resource.',
    breaks: ['PRM-RESOURCE'],
    fault: prm((document) => without(document, 'resource')),
  },
  'issuer-as-metadata-url': {
    message: 'It names the metadata URL of the issuer instead of the issuer, as older instructions had it.',
    breaks: ['PRM-ISSUER'],
    fault: prm((document, { issuer }) => ({
      ...document,
      authorization_servers: [`${issuer}/.well-known/oauth-authorization-server`],
    })),
  },
  'issuer-slash': {
    message: 'It names the issuer with a slash that the tokens do not have.',
    breaks: ['PRM-ISSUER'],
    fault: prm((document, { issuer }) => ({ ...document, authorization_servers: [`${issuer}/`] })),
  },
  'issuer-other': {
    message: 'It names the issuer of another realm.',
    breaks: ['PRM-ISSUER'],
    fault: prm((document, { issuer }) => ({
      ...document,
      authorization_servers: [issuer.replace(/\/realms\/.*$/, '/realms/master')],
    })),
  },
  'issuer-second': {
    message: 'It names the right issuer, but second, where many clients do not look.',
    breaks: ['PRM-ISSUER'],
    fault: prm((document, { issuer }) => ({
      ...document,
      authorization_servers: ['https://login.example/tenant', issuer],
    })),
  },
  'issuer-missing': {
    message: 'Its metadata names no authorization server.',
    breaks: ['PRM-ISSUER'],
    fault: prm((document) => without(document, 'authorization_servers')),
  },
  'scopes-unknown': {
    message: 'It advertises a scope that no realm has.',
    breaks: ['PRM-SCOPES'],
    fault: prm((document) => ({ ...document, scopes_supported: ['no-such-scope'] })),
  },
  'scopes-offline-access': {
    message: 'It advertises offline_access.',
    breaks: ['PRM-SCOPES'],
    fault: prm((document) => ({
      ...document,
      scopes_supported: [...((document.scopes_supported as string[] | undefined) ?? []), 'offline_access'],
    })),
  },
  'bearer-body-only': {
    message: 'It says that it takes tokens in the body only.',
    breaks: ['PRM-BEARER'],
    fault: prm((document) => ({ ...document, bearer_methods_supported: ['body'] })),
  },
  'issuer-places-404': {
    message: 'It knows nothing of the issuer metadata, which is allowed.',
    breaks: [],
    fault: only(isIssuerPlace, () => json(404, { error: 'not_found' })),
  },
  'issuer-places-html': {
    message: 'It answers a page with 200 where clients probe for the issuer metadata.',
    breaks: ['ASM-REDIRECT'],
    fault: only(isIssuerPlace, () => html(200)),
  },
  'issuer-places-500': {
    message: 'It fails where clients probe for the issuer metadata.',
    breaks: ['ASM-REDIRECT'],
    fault: only(isIssuerPlace, () => json(500, { error: 'server_error' })),
  },
  'issuer-places-elsewhere': {
    message: 'It redirects the probes for the issuer metadata to somebody else.',
    breaks: ['ASM-REDIRECT'],
    fault: only(isIssuerPlace, () =>
      redirectTo('https://login.example/.well-known/openid-configuration', 308),
    ),
  },
  'issuer-places-302': {
    message: 'It redirects the probes with a temporary redirect to its own start page.',
    breaks: ['ASM-REDIRECT'],
    fault: only(isIssuerPlace, (_request, _pass, { origin }) => redirectTo(`${origin}/`, 302)),
  },
  'issuer-places-copy': {
    message: 'It serves issuer metadata of its own, which calls the host the issuer.',
    breaks: ['ASM-REDIRECT'],
    fault: only(isIssuerPlace, (_request, _pass, { origin }) =>
      json(200, {
        issuer: origin,
        authorization_endpoint: `${origin}/authorize`,
        token_endpoint: `${origin}/token`,
        response_types_supported: ['code'],
      }),
    ),
  },
} satisfies Record<string, Knob>;

function redirectTo(location: string, status: number): Response {
  return new Response(null, { status, headers: { location } });
}
