import { findClientById } from '../keycloak/read/clients.ts';
import { lendRedirect, lendScope, takeScopes } from '../keycloak/write/probe-clients.ts';
import { heldAs } from '../realm/lists.ts';
import { isAudienceScope } from '../realm/mcp-scope.ts';
import { outcomeOf, record } from './exchange.ts';
import { signIn } from './login/sign-in.ts';
import type { ProbeClient } from './probe-clients/probes.ts';
import { endpoint } from './probes/server-metadata.ts';
import type { Run } from './step.ts';

/** A token that a person signed in for, or why there is none. */
export interface LoginToken {
  token?: string;
  problem?: string;
}

/** A person signs in, through a client of the run's own (`--login`). */
export async function loginToken(run: Run): Promise<LoginToken> {
  const { parts, target, voice, io, recorder } = run;
  const document = parts['server-metadata']?.document ?? {};
  const [authorizationEndpoint, tokenEndpoint] = [
    endpoint(document, 'authorization'),
    endpoint(document, 'token'),
  ];
  const issuer = parts['server-metadata']?.issuer;
  if (authorizationEndpoint === undefined || tokenEndpoint === undefined || issuer === undefined) {
    return { problem: 'There is nowhere to sign in: the authorization server was not found.' };
  }
  if (target.noRegistration)
    return { problem: 'To sign in takes a client, and none is registered (--no-registration).' };
  // A person's browser is sent there: no other scheme, and nothing that mcpkc itself would not ask.
  const { why } = await recorder.judge(authorizationEndpoint);
  if (why !== undefined) return { problem: `The authorization endpoint is not opened: ${why}.` };
  const asked = (parts.registration?.asked ?? []).filter((name) => name !== 'openid');
  let client: ProbeClient | undefined;
  const answer = await signIn({
    issuer,
    authorizationEndpoint,
    resource: target.mcp,
    scope: ['openid', ...asked].join(' '),
    signal: run.signal,
    client: async (redirectUri) => {
      client = await clientFor(run, redirectUri);
      if (client) return client;
      return {
        problem: `No client with the redirect URI ${redirectUri} could be registered: 127.0.0.1 is not trusted (mcpkc trusted-hosts --add 127.0.0.1).`,
      };
    },
    show: async (url) => {
      voice.progress(undefined);
      voice.note('Sign in as a user of the MCP server:');
      voice.log(url);
      if (!(await io.openBrowser(url)))
        voice.note('No browser could be opened here: open the address above in one on this machine.');
      voice.progress('Waiting for the sign-in');
    },
  });
  if ('problem' in answer) return answer;
  return redeem(run, tokenEndpoint, answer, client);
}

/** A client for the loopback redirect: registered with it, or, where 127.0.0.1 isn't trusted, given it by the admin side. */
async function clientFor(run: Run, redirectUri: string): Promise<ProbeClient | undefined> {
  const { parts, probes, inside, target } = run;
  const url = parts.registration?.endpoint;
  if (url === undefined) return undefined;
  const body = {
    client_name: 'mcpkc sign-in',
    grant_types: ['authorization_code'],
    token_endpoint_auth_method: 'client_secret_basic',
  };
  let { client } = await probes.register(url, { ...body, redirect_uris: [redirectUri] });
  if (!client && inside) {
    const redirectUris = target.presets[0]?.registration.redirect_uris ?? [];
    const other = (await probes.register(url, { ...body, redirect_uris: redirectUris })).client;
    if (other && (await lendRedirect(inside.keycloak, other.clientId, [...redirectUris, redirectUri])))
      client = other;
  }
  const { mode } = inside?.facts ?? {};
  if (client && inside?.scopeId !== undefined && mode === 'adopted')
    await lendScope(inside.keycloak, client.clientId, inside.scopeId);
  // A token that names a second server would be a bearer there, and is not sent: the others' scopes go first.
  if (client && inside) {
    const { clientId } = client;
    const found = await findClientById(inside.keycloak, clientId);
    const others = inside.snapshot.scopes.filter(
      (scope) =>
        isAudienceScope(scope) &&
        scope.id !== inside.scopeId &&
        found !== undefined &&
        heldAs(found, scope.name) !== 'none',
    );
    await takeScopes(
      inside.keycloak,
      client.clientId,
      others.map(({ id }) => id),
    );
  }
  return client;
}

async function redeem(
  { recorder, target }: Run,
  url: string,
  answer: { code: string; verifier: string; redirectUri: string; clientId: string },
  client: ProbeClient | undefined,
): Promise<LoginToken> {
  for (const secret of [answer.code, answer.verifier]) recorder.secrets.keep(secret);
  const pair = `${encodeURIComponent(answer.clientId)}:${encodeURIComponent(client?.secret ?? '')}`;
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code: answer.code,
    redirect_uri: answer.redirectUri,
    code_verifier: answer.verifier,
    resource: target.mcp,
  });
  const exchange = await recorder.send(url, {
    method: 'POST',
    to: 'keycloak',
    headers: {
      authorization: `Basic ${btoa(pair)}`,
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    },
    body: body.toString(),
  });
  const { access_token: token, id_token: id, error } = record(exchange.json);
  if (typeof id === 'string') recorder.secrets.keep(id);
  if (typeof token === 'string') return { token };
  return { problem: `The code could not be redeemed: ${outcomeOf(exchange)} ${String(error ?? '')}`.trim() };
}
