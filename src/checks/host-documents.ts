import { type Check, fail, type Judgement, pass } from './check.ts';
import { type Exchange, isDocument, listStrings, outcomeOf, toObject } from './exchange.ts';
import { judgeBy } from './step.ts';

/** The version that ChatGPT expects; with older values it falls back to older rules. */
const SCHEMA_VERSION = '2025-06-18';

function judgeManifest(
  exchange: Exchange,
  required: boolean,
  mcp: string,
  issuer: string | undefined,
): Judgement {
  const exchanges = [exchange];
  const { status = 0 } = exchange;
  if (status === 404 || status === 410) {
    if (!required) return pass('There is none, which is allowed.', { exchanges });
    return fail('There is no manifest.', {
      exchanges,
      fix: 'Serve /.well-known/mcp/manifest.json, or leave --manifest out.',
    });
  }
  if (status !== 200 || !isDocument(exchange)) {
    const cause =
      'A manifest that is no JSON document confuses the clients that look for one; none at all is fine.';
    return fail(`The manifest: ${outcomeOf(exchange)}.`, {
      exchanges,
      cause,
      fix: 'Serve the JSON, or answer 404.',
    });
  }
  const { schemaVersion, resource, transport, authorization } = toObject(exchange.json);
  if (schemaVersion !== SCHEMA_VERSION) {
    const cause = `ChatGPT takes a manifest with another schemaVersion for an older specification.`;
    return fail(`schemaVersion is ${String(schemaVersion)}, not ${SCHEMA_VERSION}.`, {
      exchanges,
      cause,
      fix: `schemaVersion: "${SCHEMA_VERSION}"`,
    });
  }
  const named = [resource, toObject(authorization).resource, toObject(transport).url];
  return agreement(exchange, named, listStrings(toObject(authorization).authorization_servers), mcp, issuer);
}

function agreement(
  exchange: Exchange,
  named: readonly unknown[],
  servers: readonly string[],
  mcp: string,
  issuer: string | undefined,
): Judgement {
  const exchanges = [exchange];
  const foreign = named.find((one) => one !== undefined && one !== mcp);
  const disagrees = foreign ?? (issuer === undefined ? undefined : servers.find((one) => one !== issuer));
  if (disagrees === undefined) return pass(`schemaVersion ${SCHEMA_VERSION}, and it agrees.`, { exchanges });
  const cause = 'Manifest and metadata come from different configurations.';
  const fix = `The manifest must name ${mcp} and ${issuer ?? 'the issuer'}.`;
  return fail(`The manifest names ${String(disagrees)}.`, { exchanges, cause, fix });
}

export const manifest: Check = {
  id: 'META-MANIFEST',
  title: 'The manifest, if there is one, is right',
  severity: 'info',
  needs: ['PRM-FOUND'],
  spec: 'a private convention of ChatGPT’s developer mode, observed 2025-09',
  cause: 'Its schemaVersion is an old one, or it disagrees with the metadata.',
  fix: 'Redeploy the manifest with schemaVersion 2025-06-18, or serve none.',
  judge: judgeBy('resource-metadata', ({ manifest: exchange }, { target, parts }) =>
    judgeManifest(
      exchange,
      target.manifestRequired,
      target.mcp,
      parts['server-metadata']?.issuer ?? target.issuer,
    ),
  ),
};

/** Cloudflare's words for an answer that came out of its cache. */
const FROM_CACHE = /^(HIT|STALE|UPDATING|REVALIDATED|EXPIRED)$/i;

function staleness({ plain, busted }: { plain: Exchange; busted: Exchange }): string | undefined {
  const age = Number(plain.headers.get('age') ?? 0);
  const cloud = plain.headers.get('cf-cache-status') ?? '';
  if (isDocument(busted) && busted.status === 200 && busted.text !== plain.text) {
    return `${plain.url} answers something else when a query is added: a cache serves an old copy`;
  }
  if (FROM_CACHE.test(cloud)) return `${plain.url} came out of a cache (CF-Cache-Status: ${cloud})`;
  return age > 0 ? `${plain.url} came out of a cache (Age: ${age})` : undefined;
}

export const cache: Check = {
  id: 'META-CACHE',
  title: 'No cache in front keeps the metadata',
  severity: 'should',
  needs: ['PRM-FOUND'],
  spec: 'RFC 9111; observed with Cloudflare',
  cause:
    'A cache in front serves yesterday’s metadata after a change, and clients fail with what was true then.',
  fix: 'Exempt /.well-known/* from the cache (Cache-Control: no-store, or a bypass rule), and purge it now.',
  judge: judgeBy('resource-metadata', ({ fresh }) => {
    const exchanges = fresh.flatMap(({ plain, busted }) => [plain, busted]);
    const stale = fresh.map(staleness).find((why) => why !== undefined);
    return stale === undefined
      ? pass('The metadata comes fresh, not from a cache.', { exchanges })
      : fail(`${stale}.`, { exchanges });
  }),
};
