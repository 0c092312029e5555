// biome-ignore lint/style/noRestrictedImports: the secret of a client to sign in with.
import { randomBytes } from 'node:crypto';
import { findClientById } from '../keycloak/read/clients.ts';
import { lendRedirect, lendScope, makeSignInClient, revokeScopes } from '../keycloak/write/probe-clients.ts';
import { signInClientId } from '../products/probe-mark.ts';
import { OFFLINE } from '../products/scopes.ts';
import { heldAs } from '../realm/lists.ts';
import { isAudienceScope } from '../realm/mcp-scope.ts';
import { outcomeOf, toObject } from './exchange.ts';
import { signIn } from './login/sign-in.ts';
import type { ProbeClient } from './probe-clients/probes.ts';
import { readEndpoint } from './probes/server-metadata.ts';
import { foreignSignIn, type SavedSignIn } from './saved-sign-in.ts';
import type { Run } from './step.ts';
import { tokenRequest } from './token-request.ts';

/** A token that a person signed in for, or the reason why there is none. */
export interface LoginToken {
  token?: string;
  /** The refresh token beside it, where there is one. */
  refresh?: string;
  problem?: string;
}

/** Lets a person sign in, through a client of this run (`--login`). */
export async function obtainLoginToken(run: Run): Promise<LoginToken> {
  const { parts, target, voice, io, recorder } = run;
  const document = parts['server-metadata']?.document ?? {};
  const [authorizationEndpoint, tokenEndpoint] = [
    readEndpoint(document, 'authorization'),
    readEndpoint(document, 'token'),
  ];
  const issuer = parts['server-metadata']?.issuer;
  if (authorizationEndpoint === undefined || tokenEndpoint === undefined || issuer === undefined) {
    return { problem: 'There is nowhere to sign in: the authorization server was not found.' };
  }
  if (target.noRegistration)
    return { problem: 'To sign in takes a client, and none is registered (--no-registration).' };
  // The endpoint is where a person's browser is sent: no other scheme, and no address that mcpkc itself would not ask.
  const { why } = await recorder.judge(authorizationEndpoint);
  if (why !== undefined) return { problem: `The authorization endpoint is not opened: ${why}.` };
  const asked = (parts.registration?.asked ?? []).filter((name) => name !== 'openid');
  const keeps = run.keepSignIn !== undefined;
  let client: ProbeClient | undefined;
  const answer = await signIn({
    issuer,
    authorizationEndpoint,
    resource: target.mcp,
    scope: ['openid', ...asked, ...(keeps ? [OFFLINE] : [])].join(' '),
    signal: run.signal,
    client: async (redirectUri) => {
      client = keeps ? await keptClient(run, redirectUri) : await clientFor(run, redirectUri);
      if (client) return client;
      if (keeps) return { problem: NO_KEPT };
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
  const redeemed = await redeem(run, tokenEndpoint, answer, client);
  if (!keeps || redeemed.token === undefined) return redeemed;
  const { refresh } = redeemed;
  if (refresh === undefined) return { problem: 'The sign-in gave no refresh token to keep.' };
  const { clientId, secret: clientSecret = '' } = client ?? { clientId: answer.clientId };
  await run.keepSignIn?.({
    resource: target.mcp,
    issuer,
    tokenEndpoint,
    clientId,
    clientSecret,
    refreshToken: refresh,
  });
  return redeemed;
}

const NO_KEPT =
  'A client to keep a sign-in for can’t be made: that takes a service account with manage-clients, and a client id that nobody who registered has taken.';

/** The client of a sign-in that is kept: made by the admin API for this MCP server, and left there. */
async function keptClient(
  { inside, target, recorder }: Run,
  redirectUri: string,
): Promise<ProbeClient | undefined> {
  if (!inside) return undefined;
  const { snapshot, server, keycloak } = inside;
  const secret = randomBytes(24).toString('base64url');
  recorder.secrets.keep(secret);
  const known = (names: readonly string[]) =>
    names.filter((name) => snapshot.scopes.some((one) => one.name === name));
  const clientId = signInClientId(target.mcp);
  const optionals = known([OFFLINE, server.scope]).filter((name) => name !== server.carrier);
  const made = await makeSignInClient(keycloak, {
    clientId,
    secret,
    defaults: known(['basic', server.carrier]),
    optionals,
  });
  return made === undefined
    ? undefined
    : { clientId, secret, redirectUris: [redirectUri], scopes: optionals, authMethod: undefined };
}

/** A token of a sign-in that was kept; the sign-in that Keycloak answers with is kept in its place. */
export async function renewSignIn(run: Run, saved: SavedSignIn): Promise<LoginToken> {
  const { recorder, target, parts } = run;
  const foreign = foreignSignIn(saved, { mcp: target.mcp, issuer: parts['server-metadata']?.issuer });
  if (foreign !== undefined) return { problem: foreign };
  const { clientId, clientSecret: secret, refreshToken } = saved;
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken, resource: target.mcp };
  const exchange = await recorder.send(saved.tokenEndpoint, {
    ...tokenRequest(form, { clientId, secret }),
    own: true,
  });
  const { access_token: token, refresh_token: refresh, error } = toObject(exchange.json);
  for (const secret of [token, refresh]) if (typeof secret === 'string') recorder.secrets.keep(secret);
  if (typeof token !== 'string') {
    return { problem: `The saved sign-in is over: ${outcomeOf(exchange)} ${String(error ?? '')}`.trim() };
  }
  if (typeof refresh === 'string') await run.keepSignIn?.({ ...saved, refreshToken: refresh });
  return { token };
}

/**
 * A client for the loopback redirect: registered with it, or, where 127.0.0.1 isn't trusted, assigned it by the admin
 * side.
 */
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
  const { mode } = inside?.server ?? {};
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
    await revokeScopes(
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
  const form = {
    grant_type: 'authorization_code',
    code: answer.code,
    redirect_uri: answer.redirectUri,
    code_verifier: answer.verifier,
    resource: target.mcp,
  };
  const { clientId } = answer;
  const exchange = await recorder.send(url, tokenRequest(form, { clientId, secret: client?.secret ?? '' }));
  const { access_token: token, id_token: id, refresh_token: refresh, error } = toObject(exchange.json);
  for (const secret of [id, refresh]) if (typeof secret === 'string') recorder.secrets.keep(secret);
  if (typeof token === 'string') return { token, ...(typeof refresh === 'string' ? { refresh } : {}) };
  return { problem: `The code could not be redeemed: ${outcomeOf(exchange)} ${String(error ?? '')}`.trim() };
}
