// biome-ignore lint/style/noRestrictedImports: a PKCE challenge is a hash.
import { createHash, randomBytes } from 'node:crypto';
import type { Exchange } from '../exchange.ts';
import type { Run } from '../step.ts';
import { endpoint } from './server-metadata.ts';

/** The client that authorization requests are made for. */
export interface Subject {
  clientId: string;
  redirectUri: string;
  /** Whether it holds the audience scope, so that policies for it apply. */
  holdsScope: boolean;
}

/** How the authorization endpoint takes requests; nobody signs in. */
export interface AuthorizationEvidence {
  subject: Subject | undefined;
  /** As a client does it: must lead to the sign-in. */
  good: Exchange | undefined;
  withoutPkce: Exchange | undefined;
  plainPkce: Exchange | undefined;
  badRedirect: Exchange | undefined;
  /** With a scope that no realm has: an error response to look at. */
  badScope: Exchange | undefined;
  /** With the scopes that products ask for by themselves. */
  productScopes: readonly { title: string; scopes: readonly string[]; exchange: Exchange }[];
}

const UNREGISTERED = 'https://evil.example/cb';

/** Sends authorization requests as far as the sign-in page, right ones and wrong ones, side by side. */
export async function probeAuthorization(run: Run): Promise<AuthorizationEvidence> {
  const url = endpoint(run.parts['server-metadata']?.document ?? {}, 'authorization');
  const subject = await subjectOf(run);
  const nothing = {
    good: undefined,
    withoutPkce: undefined,
    plainPkce: undefined,
    badRedirect: undefined,
    badScope: undefined,
  };
  if (!subject || url === undefined) return { subject, ...nothing, productScopes: [] };
  const ask = (changes: Readonly<Record<string, string | undefined>>) =>
    run.recorder.send(requestUrl(url, subject, run, changes), {
      to: 'keycloak',
      headers: { accept: 'text/html' },
    });
  const without = { code_challenge: undefined, code_challenge_method: undefined };
  const verifier = randomBytes(32).toString('base64url');
  const [good, withoutPkce, plainPkce, badRedirect, badScope, productScopes] = await Promise.all([
    ask({}),
    ask(without),
    ask({ code_challenge: verifier, code_challenge_method: 'plain' }),
    ask({ redirect_uri: UNREGISTERED }),
    ask({ scope: 'openid mcpkc-no-such-scope' }),
    Promise.all(
      run.target.presets
        .filter(({ requestedScopes }) => requestedScopes.length > 0)
        .map(async ({ title, requestedScopes }) => ({
          title,
          scopes: requestedScopes,
          exchange: await ask({ scope: requestedScopes.join(' ') }),
        })),
    ),
  ]);
  return { subject, good, withoutPkce, plainPkce, badRedirect, badScope, productScopes };
}

/** The probe, which holds the scope where the mode gives it or it was lent; else a client that was given the scope. */
async function subjectOf({ parts, inside, target }: Run): Promise<Subject | undefined> {
  const probe = parts.registration?.audience?.client;
  const [redirectUri] = probe?.redirectUris ?? [];
  const held = parts.registration?.presets.some(
    (one) => one.held.plain === 'default' || one.held.plain === 'optional',
  );
  const holds = target.inside?.exists === true && (held === true || parts.token?.lent === true);
  if (probe && redirectUri !== undefined && (holds || !inside)) {
    return { clientId: probe.clientId, redirectUri, holdsScope: holds };
  }
  const adopted = (await inside?.clients)?.adopted.find(({ redirectUris }) => redirectUris.length > 0);
  if (adopted?.redirectUris[0] !== undefined) {
    return { clientId: adopted.clientId, redirectUri: adopted.redirectUris[0], holdsScope: true };
  }
  return probe && redirectUri !== undefined
    ? { clientId: probe.clientId, redirectUri, holdsScope: false }
    : undefined;
}

function requestUrl(
  url: string,
  { clientId, redirectUri }: Subject,
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
