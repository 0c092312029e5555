import { type Exchange, isDocument, listStrings, toObject } from '../exchange.ts';
import type { Run } from '../step.ts';

/** A place where metadata may be, and the answer found there. */
export interface MetadataPlace {
  where: 'challenge' | 'path' | 'root';
  url: string;
  exchange: Exchange;
}

/** The MCP server's own documents about itself. */
export interface MetadataEvidence {
  /** The places in the order in which clients look (RFC 9728 §3.1), each URL once. */
  places: readonly MetadataPlace[];
  /** The first that holds a JSON object. */
  found: MetadataPlace | undefined;
  document: Readonly<Record<string, unknown>>;
  /** `scopes_supported`; empty where it is absent. */
  scopes: readonly string[];
  manifest: Exchange;
  /** The document and the manifest again, past a cache: each with the exchange that it is compared with. */
  fresh: readonly { plain: Exchange; busted: Exchange }[];
  /**
   * The places at the MCP server where clients may look for the issuer's metadata (each is 404 or leads to Keycloak).
   */
  issuerPlaces: readonly Exchange[];
}

const PRM = '/.well-known/oauth-protected-resource';
const MANIFEST = '/.well-known/mcp/manifest.json';

/** The well-known places of a name at the MCP server: with the endpoint's path, then at the root. */
export function wellKnown(mcp: string, name: string): string[] {
  const { origin, pathname } = new URL(mcp);
  const path = pathname === '/' ? '' : pathname;
  return [...new Set([`${origin}${name}${path}`, `${origin}${name}`])];
}

/** Reads metadata and manifest wherever clients look, and again past any cache. */
export async function probeMetadata(run: Run): Promise<MetadataEvidence> {
  const { target, parts } = run;
  const { origin } = new URL(target.mcp);
  const read = (url: string) =>
    run.recorder.get(url, {
      to: 'mcp-server',
      own: new URL(url).origin === origin,
      headers: { accept: 'application/json' },
    });
  const [path, root] = wellKnown(target.mcp, PRM);
  const named = namedByChallenge(run, origin);
  const urls = new Map<string, MetadataPlace['where']>();
  if (named !== undefined) urls.set(named, 'challenge');
  for (const [url, where] of [
    [path, 'path'],
    [root, 'root'],
  ] as const) {
    if (url !== undefined && !urls.has(url)) urls.set(url, root === undefined ? 'root' : where);
  }
  const silent = parts.challenge?.answered === false;
  const issuer = (url: string) => run.recorder.send(url, { to: 'mcp-server', own: true });
  const [places, manifest, issuerPlaces] = await Promise.all([
    Promise.all([...urls].map(async ([url, where]) => ({ where, url, exchange: await read(url) }))),
    read(`${origin}${MANIFEST}`),
    silent ? [] : Promise.all(wellKnown(target.mcp, '/.well-known/oauth-authorization-server').map(issuer)),
  ]);
  const found = places.find(({ exchange }) => exchange.status === 200 && isDocument(exchange));
  const document = toObject(found?.exchange.json);
  const scopes = listStrings(document.scopes_supported);
  const fresh = await pastCache(run, [found?.exchange, manifest.status === 200 ? manifest : undefined]);
  return { places, found, document, scopes, manifest, fresh, issuerPlaces };
}

/** The challenge's URL, where it is one of the MCP server's own: no other is asked, since the MCP server chose it. */
function namedByChallenge({ parts }: Run, origin: string): string | undefined {
  const url = parts.challenge?.challenge?.params.resource_metadata;
  const parsed = url === undefined ? null : URL.parse(url);
  return parsed?.origin === origin ? url : undefined;
}

async function pastCache(run: Run, seen: readonly (Exchange | undefined)[]) {
  const plain = seen.filter((exchange) => exchange !== undefined);
  return Promise.all(
    plain.map(async (exchange) => {
      const url = new URL(exchange.url);
      url.searchParams.set('mcpkc', run.target.runId);
      return {
        plain: exchange,
        busted: await run.recorder.send(url.href, {
          to: 'mcp-server',
          headers: { accept: 'application/json' },
        }),
      };
    }),
  );
}
