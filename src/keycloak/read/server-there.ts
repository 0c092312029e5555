import type { Io } from '../../cli/io.ts';
import type { Config } from '../../config/load.ts';
import type { McpkcError } from '../../errors.ts';
import { VERSION } from '../../version.ts';
import { obtainDispatcher, proxyTo, requestOptions } from '../connection/http.ts';
import { isUnknownAuthority, networkCode, networkError } from '../connection/network.ts';

/** A time longer than any Keycloak on this machine takes to answer. */
const PATIENCE_MS = 3000;

/** Whether a Keycloak answers at a base URL: its realm `master` shows its name, without a sign-in. */
export async function isKeycloakAnswer(base: string, signal: AbortSignal): Promise<boolean> {
  try {
    // biome-ignore lint/style/noRestrictedGlobals: keycloak/ sends requests.
    const answer = await fetch(`${base}/realms/master`, {
      redirect: 'manual',
      // biome-ignore lint/plugin/clock: a time limit of the request.
      signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
    });
    const said = (await answer.json()) as { realm?: unknown };
    return answer.status === 200 && said.realm === 'master';
  } catch {
    if (signal.aborted) throw signal.reason;
    return false;
  }
}

/** The answer of an address, seen without a secret. */
export type Answered =
  | { kind: 'answer'; status: number; body: string; challenge: string | undefined; isPage: boolean }
  | { kind: 'failure'; error: McpkcError; isUnknownAuthority: boolean };

/** How much of an answer is looked at; a realm’s own words are shorter. */
const LONGEST_BODY = 100_000;

/** Asks an address by GET, without a secret and without following redirects; by the system’s authorities where Node’s don’t do. */
export async function askAddress(
  url: string,
  config: Config,
  io: Io,
  signal: AbortSignal,
): Promise<Answered> {
  const ask = async (system: boolean): Promise<Answered> => {
    const dispatcher = await obtainDispatcher(config, io, { system });
    try {
      const options = requestOptions(config.requestTimeoutMs, signal, dispatcher);
      // biome-ignore lint/style/noRestrictedGlobals: keycloak/ sends requests.
      const answer = await fetch(url, {
        ...options,
        headers: { ...options.headers, 'user-agent': `mcpkc/${VERSION}` },
      });
      const challenge = answer.headers.get('www-authenticate') ?? undefined;
      const isPage = /^text\/html\b/i.test(answer.headers.get('content-type') ?? '');
      return { kind: 'answer', status: answer.status, body: await startOf(answer), challenge, isPage };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const code = networkCode(error);
      if (code === undefined) throw error;
      const failure = networkError(new URL(url).origin, code, error, proxyTo(url, io.env));
      return { kind: 'failure', error: failure, isUnknownAuthority: isUnknownAuthority(code) };
    }
  };
  const first = await ask(false);
  return first.kind === 'failure' && first.isUnknownAuthority ? ask(true) : first;
}

/** The first part of a body: an event stream has no end. */
async function startOf(answer: Response): Promise<string> {
  if (answer.body === null || /event-stream/.test(answer.headers.get('content-type') ?? '')) {
    await answer.body?.cancel();
    return '';
  }
  const decoder = new TextDecoder();
  let text = '';
  const reader = answer.body.getReader();
  for (let part = await reader.read(); part.value !== undefined; part = await reader.read()) {
    text += decoder.decode(part.value, { stream: true });
    if (text.length > LONGEST_BODY) break;
  }
  await reader.cancel();
  return text;
}

/** Whether an answer is that of a realm’s public page (`/realms/<name>`, Keycloak 26: `realm`, `public_key`). */
export function isRealmPage({ status, body }: { status: number; body: string }, realm: string): boolean {
  if (status !== 200) return false;
  try {
    return (JSON.parse(body) as { realm?: unknown }).realm === realm;
  } catch {
    return false;
  }
}
