import { isSelfRegistered, TOS_ATTRIBUTE } from '../../products/dynamic.ts';
import { AUDIENCE_MAPPER } from '../../realm/representations.ts';
import type { Keycloak } from '../connection/connect.ts';
import { type Attempt, ifAllowed, statusOf } from '../connection/failures.ts';
import { findClient } from '../read/clients.ts';
import { deleteClient } from './write-clients.ts';

const attempt = (what: string): Attempt => ({ what, role: 'manage-clients' });

/** Does something that takes `manage-clients`; false where the account lacks the role, or the client is gone. */
async function isDone(work: Promise<unknown>): Promise<boolean> {
  const done = work.then(
    () => true,
    (error: unknown) => {
      if (statusOf(error) === 404) return false;
      throw error;
    },
  );
  return (await ifAllowed(() => done)) ?? false;
}

/** Removes a probe; false where the account may not. One that is gone already counts as removed. */
export async function removeProbe(
  keycloak: Keycloak,
  client: { id: string; clientId: string },
): Promise<boolean> {
  const remove = async () => {
    await deleteClient(keycloak, client);
    return true;
  };
  return (await ifAllowed(remove)) ?? false;
}

/** A client for tokens of its own, with one audience. */
export interface BearerProbe {
  clientId: string;
  secret: string;
  /** The mark of the run that made it. */
  tosUri: string;
  /** The values of `aud`, and no others. */
  audiences: readonly string[];
  /** Client scopes that it holds; none of the realm's default ones is added. */
  scopes: readonly string[];
}

/**
 * Makes a confidential client whose tokens, by client credentials, name these audiences alone. It holds no scope of the
 * realm's lists, and no role. Returns its id; undefined where the account may not make clients. It is no registered
 * client, so the rules for those leave it alone.
 */
export async function makeBearerProbe(keycloak: Keycloak, probe: BearerProbe): Promise<string | undefined> {
  const { clientId, secret, tosUri, audiences, scopes } = probe;
  const grants = { publicClient: false, serviceAccountsEnabled: true, standardFlowEnabled: false };
  return ifAllowed(async () => {
    const { id } = await keycloak.create(attempt('make a probe client'), (admin) =>
      admin.clients.create({
        clientId,
        name: 'mcpkc probe',
        secret,
        ...grants,
        directAccessGrantsEnabled: false,
        fullScopeAllowed: false,
        defaultClientScopes: [...scopes],
        optionalClientScopes: [],
        attributes: { [TOS_ATTRIBUTE]: tosUri },
        protocolMappers: audiences.map(audienceMapper),
      }),
    );
    return id;
  });
}

function audienceMapper(audience: string, index: number) {
  return {
    name: `mcpkc-probe-audience-${index + 1}`,
    protocol: 'openid-connect',
    protocolMapper: AUDIENCE_MAPPER,
    config: { 'included.custom.audience': audience, 'access.token.claim': 'true', 'id.token.claim': 'false' },
  };
}

/** Grants a probe the audience scope for the moment; false where the account may not. */
export function lendScope(keycloak: Keycloak, id: string, clientScopeId: string): Promise<boolean> {
  return isDone(
    keycloak.replace(attempt('lend the scope to a probe client'), (admin) =>
      admin.clients.addDefaultClientScope({ id, clientScopeId }),
    ),
  );
}

/** Revokes client scopes from a probe, default and optional ones; false where the account may not. */
export async function revokeScopes(
  keycloak: Keycloak,
  id: string,
  scopeIds: readonly string[],
): Promise<boolean> {
  const what = attempt('take scopes from a probe client');
  for (const clientScopeId of scopeIds) {
    const taken = await isDone(
      keycloak.replace(what, async (admin) => {
        await admin.clients.delDefaultClientScope({ id, clientScopeId });
        await admin.clients.delOptionalClientScope({ id, clientScopeId });
      }),
    );
    if (!taken) return false;
  }
  return true;
}

/** Lets a probe use another redirect URI, beside its own; false where the account may not. */
export function lendRedirect(keycloak: Keycloak, id: string, redirectUris: string[]): Promise<boolean> {
  return isDone(
    keycloak.replace(attempt('give a probe client a redirect URI'), (admin) =>
      admin.clients.update({ id }, { redirectUris }),
    ),
  );
}

/** A client by which a person signs in for later runs (`--save-token`). */
export interface SignInClient {
  clientId: string;
  secret: string;
  /** Client scopes that it always holds, and those that it may ask for. */
  defaults: readonly string[];
  optionals: readonly string[];
}

/**
 * Makes a confidential client for the authorization code flow on 127.0.0.1; returns its id. It replaces one of this
 * name that an administrator made. A client that registered itself under the name is left alone: undefined, as where
 * the account may not make clients.
 */
export async function makeSignInClient(
  keycloak: Keycloak,
  client: SignInClient,
): Promise<string | undefined> {
  const { clientId, secret, defaults, optionals } = client;
  const there = await findClient(keycloak, clientId);
  if (there && isSelfRegistered(there)) return undefined;
  if (there && !(await removeProbe(keycloak, there))) return undefined;
  return ifAllowed(async () => {
    const { id } = await keycloak.create(attempt('make a client to sign in with'), (admin) =>
      admin.clients.create({
        clientId,
        name: 'mcpkc sign-in',
        description: 'For mcpkc validate --token-file; may be deleted.',
        secret,
        publicClient: false,
        serviceAccountsEnabled: false,
        directAccessGrantsEnabled: false,
        standardFlowEnabled: true,
        consentRequired: false,
        fullScopeAllowed: false,
        // Without a port: any port of the loopback address (RFC 8252 §7.3).
        redirectUris: ['http://127.0.0.1/callback'],
        defaultClientScopes: [...defaults],
        optionalClientScopes: [...optionals],
        attributes: { 'pkce.code.challenge.method': 'S256' },
      }),
    );
    return id;
  });
}
