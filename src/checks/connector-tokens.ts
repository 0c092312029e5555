import { ifAllowed } from '../keycloak/connection/failures.ts';
import { audiencesIn } from '../keycloak/connection/token-claims.ts';
import { readExampleClaims } from '../keycloak/read/example-token.ts';
import { lendScope } from '../keycloak/write/probe-clients.ts';
import { presetOf } from '../products/dynamic.ts';
import { requestedScope } from '../products/scopes.ts';
import { formatCommand, visible } from '../text.ts';
import type { ProbeClient } from './probe-clients/probes.ts';
import {
  askedBy,
  clientOf,
  findUntriedDocuments,
  foundIn,
  LET_IT_SIGN_IN,
  scopesMet,
} from './product-ways.ts';
import { chooseProvingUser, findBarredUser } from './proving-user.ts';
import type { Run } from './step.ts';

/** The token that one connector would get. */
export interface ConnectorToken {
  /** The product, where it is known. */
  preset: string | undefined;
  clientId: string;
  /**
   * `example`: Keycloak's example of a token that it would issue, without a signature; `issued`: one that it did issue.
   */
  how: 'example' | 'issued';
  /** The `scope` that was asked for; undefined where the product sends none. */
  scope: string | undefined;
  claims: Readonly<Record<string, unknown>>;
  /** The user whom it is for, where a role had to be had for the audience. */
  user: string | undefined;
  /**
   * Mode adopted: the client is one of this run, granted the audience as `onboard` grants it; none of the product's was
   * adopted.
   */
  once: boolean;
}

/** The connectors' tokens as far as they are known, or the reason why none are. */
export interface ConnectorTokens {
  tokens: readonly ConnectorToken[];
  /** The reason why there are none, and the way out. */
  message: string;
  fix: string;
  /** Set where the tokens' user may not use the server: the reason, and the way out. */
  mayNot?: { message: string; fix: string };
  /**
   * The tokens of a user who has none of the server's roles; absent where everybody may use it, or nobody was found.
   */
  barred?: { username: string; tokens: readonly ConnectorToken[] };
  /** Whether there are none because the run is from outside, which is no failure. */
  excused: boolean;
}

/** The tokens of the run itself that may stand for a connector's. */
export interface Issued {
  client: ProbeClient | undefined;
  claims: Readonly<Record<string, unknown>>;
  /** Claims of a token that a person signed in for. */
  login: Readonly<Record<string, unknown>> | undefined;
}

const MOST = 5;
const NONE: ConnectorTokens = { tokens: [], message: '', fix: '', excused: false };

/**
 * The tokens that connectors would get, each asking for the scopes that its product asks for here. Mode standing: those
 * of the clients just registered. Mode adopted: those of the adopted clients; for products without one, of a client of
 * this run that is granted the audience alike. Example tokens need the admin side; an outsider has the token of a
 * sign-in.
 */
export async function makeConnectorTokens(run: Run, issued: Issued): Promise<ConnectorTokens> {
  const { inside } = run;
  if (!inside) return outsiders(run, issued);
  if (!run.wants('TOK-AUD', 'TOK-EXTRA-AUD')) return NONE;
  const own = ofProducts(run);
  const subjects =
    inside.server.mode === 'adopted' && run.target.client === undefined ? await adopted(run, own) : own;
  if (subjects.length === 0) return withoutClients(run);
  const read = async (): Promise<ConnectorTokens> => {
    const { id: userId, username, may, message, fix } = await chooseProvingUser(inside, run.user);
    const without = await findBarredUser(inside);
    const tokensOf = (user: string, name: string | undefined) =>
      Promise.all(
        subjects.map(async ({ preset, clientId, id, scope, once }): Promise<ConnectorToken> => {
          const claims = await readExampleClaims(inside.keycloak, id, user, scope ?? '');
          return { preset, clientId, how: 'example', scope, claims, user: name, once };
        }),
      );
    const barred = without && {
      username: without.username,
      tokens: await tokensOf(without.id, without.username),
    };
    const found = { ...NONE, ...(barred && { barred }) };
    if (userId === undefined) return { ...found, message, fix };
    const tokens = await tokensOf(userId, username);
    return { ...found, tokens, ...(may ? {} : { mayNot: { message, fix } }) };
  };
  return ifAllowed(read, ({ message, fix }) => ({ ...NONE, message, fix }));
}

/** A client of which the tokens are judged, and the scope that it asks for. */
interface TokenClient {
  preset: string | undefined;
  clientId: string;
  id: string;
  scope: string | undefined;
  once: boolean;
}

/** The client of each product, as it came about here. */
function ofProducts(run: Run): TokenClient[] {
  const met = scopesMet(run);
  return (run.parts.registration?.presets ?? []).flatMap(({ preset, way }) => {
    const client = clientOf(preset, way);
    const id = way.by === 'registration' ? client?.clientId : foundIn(way)?.id;
    if (client === undefined || id === undefined) return [];
    const scope = askedBy(preset, met, client);
    return [{ preset: preset.name, clientId: client.clientId, id, scope, once: false }];
  });
}

/** Those that were adopted, as their products use them; and for the other products, a client of this run. */
async function adopted(run: Run, own: readonly TokenClient[]): Promise<TokenClient[]> {
  const { inside, target } = run;
  const clients = (await inside?.clients)?.adopted ?? [];
  const met = scopesMet(run);
  const known = clients.map((client): TokenClient => {
    const preset = presetOf(client, target.presets);
    const registeredScope = client.optionalClientScopes.join(' ');
    return {
      preset: preset?.name,
      clientId: client.clientId,
      id: client.id,
      scope: preset && requestedScope(preset.scopes, met, registeredScope),
      once: false,
    };
  });
  const served = new Set(known.map(({ preset }) => preset));
  const pinned = own.filter(({ preset, id, clientId }) => !served.has(preset) && id !== clientId);
  const others = own.filter(({ preset, id, clientId }) => !served.has(preset) && id === clientId);
  const lent = await Promise.all(others.map((one) => lendTo(run, one)));
  const chosen = known.filter(({ preset }) => preset !== undefined).slice(0, MOST);
  return [...chosen, ...pinned, ...lent.flat()];
}

/** Grants the audience to a client of this run, as `onboard` does; does nothing where the account may not. */
async function lendTo({ inside }: Run, client: TokenClient): Promise<TokenClient[]> {
  const { keycloak, scopeId } = inside ?? {};
  if (keycloak === undefined || scopeId === undefined) return [];
  return (await lendScope(keycloak, client.id, scopeId)) ? [{ ...client, once: true }] : [];
}

function withoutClients({ target, parts }: Run): ConnectorTokens {
  const { inside, mcp, noRegistration, client } = target;
  const untried = findUntriedDocuments(parts);
  if (untried !== undefined) return { ...NONE, message: untried, fix: LET_IT_SIGN_IN, excused: true };
  if (client !== undefined) {
    return {
      ...NONE,
      message: `There is no client '${visible(client.clientId)}' in the realm.`,
      fix: 'Name one that is there: --client',
    };
  }
  if (inside?.mode === 'adopted') {
    return {
      ...NONE,
      message: 'No client was adopted yet, so there is no connector’s token.',
      fix: formatCommand(['onboard', mcp]),
    };
  }
  const message = noRegistration
    ? 'No client is registered (--no-registration).'
    : 'No product’s client could be registered.';
  return { ...NONE, message, fix: noRegistration ? 'Sign in: --login' : 'Fix REG-PLAIN first.' };
}

function outsiders(run: Run, { client, claims, login }: Issued): ConnectorTokens {
  const { target } = run;
  const preset = target.presets[0]?.name;
  const token = (clientId: string, of: Readonly<Record<string, unknown>>): ConnectorTokens => {
    const one = {
      preset,
      clientId,
      how: 'issued',
      scope: undefined,
      claims: of,
      user: undefined,
      once: false,
    } as const;
    return { ...NONE, tokens: [one] };
  };
  if (login) return token(String(login.azp ?? ''), login);
  // In mode standing a client that registered itself has the audience; in mode adopted it has none before it is
  // adopted.
  if (client && audiencesIn(claims).some((one) => target.accepted.includes(one)))
    return token(client.clientId, claims);
  return {
    ...NONE,
    message:
      claims.iss === undefined
        ? 'From outside only a token of one’s own tells, and there is none.'
        : 'A client that registers itself gets a token without the audience: as it should be where clients are adopted, and from outside nothing tells.',
    fix: 'Sign in (--login), or configure the service account (mcpkc init).',
    excused: true,
  };
}
