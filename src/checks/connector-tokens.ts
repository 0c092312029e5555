import { McpkcError } from '../errors.ts';
import { exampleClaims } from '../keycloak/read/example-token.ts';
import { presetOf } from '../products/dynamic.ts';
import { formatCommand } from '../text.ts';
import type { ProbeClient } from './probe-clients/probes.ts';
import { barredUser, provingUser } from './proving-user.ts';
import type { Run } from './step.ts';

/** What one connector's token would hold. */
export interface ConnectorToken {
  /** The product, where it is known. */
  preset: string | undefined;
  clientId: string;
  /** `example`: Keycloak's answer what it would issue, without a signature; `issued`: one that it did issue. */
  how: 'example' | 'issued';
  claims: Readonly<Record<string, unknown>>;
}

/** What is known of connectors' tokens, or why nothing is. */
export interface ConnectorTokens {
  tokens: readonly ConnectorToken[];
  /** Why there are none, and the way out. */
  message: string;
  fix: string;
  /** Whose tokens they are may not use the server: why, and the way out. */
  mayNot?: { message: string; fix: string };
  /** The tokens of somebody who has none of the server's roles; absent where everybody may use it, or nobody was found. */
  barred?: { username: string; tokens: readonly ConnectorToken[] };
}

/** What of the run's own tokens may stand for a connector's. */
export interface Issued {
  client: ProbeClient | undefined;
  claims: Readonly<Record<string, unknown>>;
  /** Claims of a token that a person signed in for. */
  login: Readonly<Record<string, unknown>> | undefined;
}

const MOST = 5;
const NONE: ConnectorTokens = { tokens: [], message: '', fix: '' };

/**
 * The tokens that connectors would get: standing, of the clients just registered, asking for what the MCP server makes them
 * ask; adopted, of the clients that were adopted. Example tokens need the admin side; an outsider has the token that
 * its own probe got, which tells the same of the scopes that every client gets.
 */
export async function connectorTokens(run: Run, issued: Issued): Promise<ConnectorTokens> {
  const { inside } = run;
  if (!inside) return outsiders(run, issued);
  const subjects = inside.facts.mode === 'adopted' ? await adopted(run) : registered(run);
  if (subjects.length === 0) return noSubjects(run);
  try {
    const { id: userId, may, message, fix } = await provingUser(inside, run.user);
    const without = await barredUser(inside);
    const asked = run.parts.registration?.asked ?? [];
    const scope = ['openid', ...asked.filter((name) => name !== 'openid')].join(' ');
    const tokensOf = (user: string) =>
      Promise.all(
        subjects.map(async ({ preset, clientId, id }): Promise<ConnectorToken> => {
          const claims = await exampleClaims(inside.keycloak, id, user, scope);
          return { preset, clientId, how: 'example', claims };
        }),
      );
    const barred = without && { username: without.username, tokens: await tokensOf(without.id) };
    const found = { ...NONE, ...(barred && { barred }) };
    if (userId === undefined) return { ...found, message, fix };
    const tokens = await tokensOf(userId);
    return { ...found, tokens, ...(may ? {} : { mayNot: { message, fix } }) };
  } catch (error) {
    if (!(error instanceof McpkcError) || error.code !== 'ROLE_MISSING') throw error;
    return { ...NONE, message: error.message, fix: error.fix };
  }
}

interface Subject {
  preset: string | undefined;
  clientId: string;
  id: string;
}

/** The client of each product as it would be: with scopes in its registration where it sends those that the MCP server lists. */
function registered({ parts }: Run): Subject[] {
  const lists = (parts['resource-metadata']?.scopes ?? []).length > 0;
  return (parts.registration?.presets ?? []).flatMap(({ preset, plain, scoped }) => {
    const { client } = preset.sendsScope === 'yes' && lists ? scoped : plain;
    return client ? [{ preset: preset.name, clientId: client.clientId, id: client.clientId }] : [];
  });
}

async function adopted({ inside, target }: Run): Promise<Subject[]> {
  const clients = (await inside?.clients)?.adopted ?? [];
  const known = clients.map((client) => ({
    preset: presetOf(client, target.presets)?.name,
    clientId: client.clientId,
    id: client.id,
  }));
  const chosen = known.filter(({ preset }) => preset !== undefined);
  return (chosen.length > 0 ? chosen : known).slice(0, MOST);
}

function noSubjects({ target }: Run): ConnectorTokens {
  const { inside, mcp, noRegistration } = target;
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

function outsiders({ target }: Run, { client, claims, login }: Issued): ConnectorTokens {
  const preset = target.presets[0]?.name;
  if (login)
    return { ...NONE, tokens: [{ preset, clientId: String(login.azp ?? ''), how: 'issued', claims: login }] };
  if (client && claims.iss !== undefined) {
    return { ...NONE, tokens: [{ preset, clientId: client.clientId, how: 'issued', claims }] };
  }
  return {
    ...NONE,
    message: 'From outside only a token of one’s own tells, and there is none.',
    fix: 'Sign in (--login), or configure the service account (mcpkc init).',
  };
}
