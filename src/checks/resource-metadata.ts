import { type Check, fail, type Judgement, pass } from './check.ts';
import { type Exchange, isDocument, isPage, listStrings, outcomeOf, toObject } from './exchange.ts';
import { cache, manifest } from './host-documents.ts';
import { probeMetadata } from './probes/resource-metadata.ts';
import { bearer, issuer, resource, scopes } from './resource-metadata-fields.ts';
import { judgeBy, type Step } from './step.ts';

const NAMES = {
  challenge: 'the place that the challenge names',
  path: 'the place with the path',
  root: 'the root',
};

function whyMissing(exchanges: readonly Exchange[]): Partial<Judgement> {
  const refused = exchanges.find(({ problem }) => problem?.kind === 'refused');
  if (refused) {
    const cause =
      'The MCP server sends clients to an address that none may be sent to (a cloud’s metadata service holds credentials).';
    return { cause, fix: 'Serve the metadata itself; find out who configured that redirect.' };
  }
  const broken = exchanges.find(({ status, problem }) => status === 200 && problem);
  if (broken) {
    const cause = `The answer is no whole document: ${broken.problem?.message}.`;
    return { cause, fix: 'Fix the handler, or the proxy that cuts or swells its answer.' };
  }
  if (exchanges.some((one) => one.status === 200 && isPage(one))) {
    const cause =
      'A page for people stands where the JSON belongs: a front end’s catch-all, or a proxy’s sign-in.';
    return { cause, fix: 'Route /.well-known/ to the MCP server, past the front end.' };
  }
  if (exchanges.some(({ status }) => status === 200)) {
    return {
      cause: 'The answer is not JSON object.',
      fix: 'Serve the metadata as one JSON object (RFC 9728 §3.2).',
    };
  }
  if (exchanges.some(({ status = 0 }) => status >= 500)) {
    return {
      cause: 'The handler, or a proxy in front of it, fails.',
      fix: 'The MCP server’s log shows why; search it for the request id.',
    };
  }
  if (exchanges.every(({ status }) => status === undefined)) {
    return { cause: 'The MCP server can’t be reached.', fix: 'Start the MCP server, or correct the URL.' };
  }
  return {};
}

const found: Check = {
  id: 'PRM-FOUND',
  title: 'The protected resource metadata is found',
  severity: 'must',
  needs: [],
  spec: 'RFC 9728 §3.1; MCP 2026-07-28, Authorization',
  cause: 'Without the metadata no client knows where to sign in.',
  fix: 'Serve /.well-known/oauth-protected-resource and the same with the endpoint’s path, as JSON, without a sign-in.',
  judge: judgeBy('resource-metadata', ({ places, found: place }) => {
    const exchanges = places.map(({ exchange }) => exchange);
    if (!place) {
      const seen = places.map(({ where, exchange }) => `${NAMES[where]}: ${outcomeOf(exchange)}`).join('; ');
      return fail(`No metadata: ${seen}.`, { exchanges, ...whyMissing(exchanges) });
    }
    const pointer = places.find(({ where }) => where === 'challenge');
    if (pointer && place !== pointer) {
      return fail(
        `The challenge names ${pointer.url}, which answers ${outcomeOf(pointer.exchange)}; found at ${NAMES[place.where]}.`,
        {
          exchanges,
          cause:
            'Clients go to the URL that the challenge names, and look nowhere else then (MCP 2026-07-28, Authorization; the SDK does).',
          fix: `Name ${place.url} as resource_metadata in the challenge, or serve the metadata at the URL that is named.`,
        },
      );
    }
    return pass(`Found at ${place.url}.`, { exchanges });
  }),
};

const agree: Check = {
  id: 'PRM-AGREE',
  title: 'All places with metadata hold the same',
  severity: 'should',
  needs: ['PRM-FOUND'],
  spec: 'RFC 9728 §3.1',
  cause: 'Which place a client looks at depends on the client: some see the one, some the other.',
  fix: 'Serve the same document at the root and at the place with the endpoint’s path.',
  judge: judgeBy('resource-metadata', ({ places }) => {
    const answering = places.filter(({ exchange }) => exchange.status === 200 && isDocument(exchange));
    const exchanges = answering.map(({ exchange }) => exchange);
    const [first, ...rest] = answering;
    const fields = ['resource', 'authorization_servers', 'scopes_supported', 'bearer_methods_supported'];
    for (const { url, exchange } of rest) {
      const differs = fields.filter((name) => text(first?.exchange, name) !== text(exchange, name));
      if (differs.length > 0)
        return fail(`${first?.url} and ${url} differ in ${differs.join(', ')}.`, { exchanges });
    }
    const places200 =
      answering.length === 1 ? 'One place answers' : `${answering.length} places answer alike`;
    return pass(`${places200}.`, { exchanges });
  }),
};

function text(exchange: Exchange | undefined, name: string): string {
  const value = toObject(exchange?.json)[name];
  return Array.isArray(value) ? listStrings(value).join(' ') : String(value);
}

/** The step of the MCP server's own documents: metadata, manifest, caches. */
export const resourceMetadataStep: Step<'resource-metadata'> = {
  name: 'resource-metadata',
  doing: 'Reading the MCP server’s metadata',
  after: ['challenge'],
  probe: probeMetadata,
  checks: [manifest, cache, found, agree, resource, issuer, scopes, bearer],
};
