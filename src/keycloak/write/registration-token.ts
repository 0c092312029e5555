import { McpkcError } from '../../errors.ts';
import { clientKeyOf } from '../../realm/record.ts';
import { type Client, isKeycloakId } from '../../realm/representations.ts';
import { formatCommand, typedList } from '../../text.ts';
import type { Keycloak } from '../connection/connect.ts';
import { type Attempt, statusOf } from '../connection/failures.ts';
import { mapSome } from '../connection/lists.ts';
import { askRealm } from '../connection/realm-request.ts';
import { findClient, findClientById } from '../read/clients.ts';

const attempt = (clientId: string): Attempt => ({
  what: `revoke the registration access token of the client '${clientId}'`,
  role: 'manage-clients',
});

/**
 * Ends the registration access token (RFC 7592) of a client: nobody can read, change or delete the client by it any
 * more. A new token replaces the old one. It stays in this process, and only shows later whether the registrant's is dead
 * (`readTokenState`). The client's secret and its sign-ins go on (Keycloak 26.4.0 and 26.7.4). Undefined where the client is
 * gone.
 */
export async function revokeRegistrationToken(
  keycloak: Keycloak,
  { id, clientId }: Pick<Client, 'id' | 'clientId'>,
): Promise<string | undefined> {
  try {
    const made = await keycloak.replace(attempt(clientId), (admin) =>
      admin.clients.generateRegistrationAccessToken({ id }),
    );
    return made.registrationAccessToken;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/**
 * Whether the registrant's token is dead, by whether the one that replaced it still lives: a client has one, and each
 * change by a token replaces it. A change that was under way while the token was replaced writes its own over it. So a
 * registrant who goes on changing a client keeps it (26.7.3: four times of five). That is why this is asked a moment
 * later. `unknown` where Keycloak can't be asked: its endpoint for registrations is closed from here.
 */
export async function readTokenState(
  keycloak: Keycloak,
  { clientId }: Pick<Client, 'clientId'>,
  token: string,
): Promise<'dead' | 'alive' | 'unknown'> {
  const answer = await view(keycloak, clientId, token);
  if (answer === 200) return 'dead';
  if (answer === 401) return (await tellsTokens(keycloak)) ? 'alive' : 'unknown';
  // Ids that Keycloak made are no reason for another answer; one that was chosen may be.
  return isKeycloakId(clientId) ? 'unknown' : 'alive';
}

/**
 * Whether a token of this very moment is accepted here, tried on mcpkc's own account. Where the endpoint refuses every
 * token (another issuer than the one that is asked), a refusal shows nothing.
 */
async function tellsTokens(keycloak: Keycloak): Promise<boolean> {
  const { account } = keycloak.place;
  if (keycloak.accountRealm !== keycloak.realm) return true;
  const own = await findClient(keycloak, account);
  const token = own && (await revokeRegistrationToken(keycloak, own));
  return token === undefined || (await view(keycloak, account, token)) === 200;
}

async function view(keycloak: Keycloak, clientId: string, token: string): Promise<number> {
  // `fetch` takes these for parts of the path, encoded or not.
  if (clientId === '.' || clientId === '..') return 0;
  const path = `clients-registrations/openid-connect/${encodeURIComponent(clientId)}`;
  const { status } = await askRealm(keycloak, attempt(clientId), path, {
    method: 'GET',
    headers: { authorization: `Bearer ${token}` },
  });
  return status;
}

/** A client that registered itself and whose registrant's token was replaced, and when (the run's clock, milliseconds). */
export interface Revoked {
  client: Pick<Client, 'id' | 'clientId'>;
  token: string;
  at: number;
  /** The client's content when it was judged (`clientKeyOf`); undefined where that doesn't matter. */
  seen: string | undefined;
}

/** The time by which a change that was under way when the token was replaced is done. */
const SETTLED_MS = 500;
/** So often a token is replaced of somebody who goes on changing his client. */
const ROUNDS = 8;

/**
 * Shows that the registrants' tokens are dead, and replaces those that aren't once more. Throws CHANGE_NOT_KEPT where a
 * client is another one by then, or where its registrant can't be stopped.
 */
export async function proveRevoked(keycloak: Keycloak, revoked: readonly Revoked[]): Promise<void> {
  const { waiting } = keycloak;
  let left = [...revoked];
  for (let round = 1; left.length > 0; round++) {
    const rest = Math.max(...left.map(({ at }) => at)) + SETTLED_MS - waiting.now();
    if (rest > 0) await waiting.sleep(rest, waiting.signal);
    const again = await mapSome(left, async (one): Promise<Revoked | undefined> => {
      if ((await readTokenState(keycloak, one.client, one.token)) !== 'alive') return undefined;
      if (round === ROUNDS) throw changedError(one, 'goes on being changed by its registration access token');
      const token = await revokeRegistrationToken(keycloak, one.client);
      const now = token === undefined ? undefined : await findClientById(keycloak, one.client.id);
      if (token === undefined || now === undefined) return undefined;
      if (one.seen !== undefined && clientKeyOf(now) !== one.seen)
        throw changedError(one, 'was changed by its registration access token after it was judged');
      return { ...one, token, at: waiting.now() };
    });
    left = again.filter((one) => one !== undefined);
  }
}

function changedError({ client: { clientId } }: Revoked, what: string): McpkcError {
  const message = `The client '${clientId}' ${what}: somebody holds on to it. It must not have an audience.`;
  const detach = formatCommand(['create-scope', ['--detach', typedList([clientId])]]);
  const fix = `Disable or delete it (admin console, Clients), or take the audience from it:\n${detach}`;
  return new McpkcError('CHANGE_NOT_KEPT', message, fix);
}
