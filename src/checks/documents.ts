import type { Context } from '../cli/command.ts';
import type { Config } from '../config/load.ts';
import { isProxied, makePinnedDispatcher, obtainDispatcher } from '../keycloak/connection/http.ts';
import { Recorder } from './recorder.ts';

/** A metadata document as it is now, or in words the reason why it can't be read. */
export type LiveDocument = { redirectUris: string[] } | { why: string };

/** The time limit for a vendor's page, which answers at once or is not waited for. */
const REQUEST_MS = 10_000;

/**
 * Reads metadata documents at their addresses, without a redirect and from public addresses alone. The reason: an
 * outsider may have chosen the address that a client id leads to. `own`: addresses that the operator's configuration
 * names.
 */
export async function readDocuments(
  { io, signal }: Context,
  config: Config,
  urls: readonly string[],
  own: readonly string[] = [],
): Promise<Map<string, LiveDocument>> {
  const recorder = new Recorder({
    runId: crypto.randomUUID().slice(0, 8),
    now: io.now,
    signal,
    timeoutMs: REQUEST_MS,
    dispatcher: await obtainDispatcher(config, io),
    ...(isProxied(io) ? { lookUp: null } : {}),
    pin: (addresses) => makePinnedDispatcher(config, io, addresses),
  });
  recorder.keepToPublic(own.flatMap((url) => URL.parse(url)?.origin ?? []));
  const read = await Promise.all(
    urls.map(async (url): Promise<[string, LiveDocument]> => {
      const { status, json, problem } = await recorder.send(url, { to: 'mcp-server' });
      const { redirect_uris: uris } = (json ?? {}) as { redirect_uris?: unknown };
      if (problem) return [url, { why: problem.message }];
      if (status !== 200) return [url, { why: `it is answered with ${status}` }];
      if (!Array.isArray(uris)) return [url, { why: 'it lists no redirect_uris' }];
      return [url, { redirectUris: uris.map(String) }];
    }),
  );
  return new Map(read);
}
