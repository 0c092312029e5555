import { isForeign } from '../../findings/clients.ts';
import { listServers, type Seen } from '../../findings/seen.ts';
import type { SessionCount } from '../../keycloak/read/sessions.ts';
import { createdAt, isProbe, judgeOrigin, presetOf } from '../../products/dynamic.ts';
import { heldOf as listOf } from '../../realm/mcp-scope.ts';
import type { PresentServer } from '../../realm/mcp-server.ts';
import { PKCE_ATTRIBUTE, PKCE_METHOD } from '../../realm/own-policies.ts';
import type { Client } from '../../realm/representations.ts';

/**
 * The relation of a client to the MCP servers. `adopted` holds the audience of a resource of that mode; `holds` one of
 * a standing resource. `foreign` holds one that nobody granted it; `no scope` holds none. `probe` is mcpkc's own;
 * `account` is mcpkc itself.
 */
export type RowVerdict = 'adopted' | 'holds' | 'foreign' | 'no scope' | 'disabled' | 'probe' | 'account';

/** A client of the table: those that registered themselves, and any other that holds a scope that is judged. */
export interface ClientRow {
  clientId: string;
  name: string | null;
  /** `dynamic` registered itself, `cimd` came from a metadata document, `other` was made by somebody. */
  kind: 'dynamic' | 'cimd' | 'other';
  /** The product that it is one of; null where it is none of those in question. */
  product: string | null;
  /** The time as ISO 8601; null where Keycloak doesn't tell: public clients carry no time. */
  createdAt: string | null;
  ageMs: number | null;
  /** The judged scopes that it holds, each with the list in which it is held. */
  scopes: { name: string; list: 'default' | 'optional' }[];
  /** The number of sessions; null where they are not visible to the account. */
  sessions: SessionCount | null;
  /** Whether Keycloak asks users for consent. */
  consent: boolean;
  /** Whether Keycloak demands PKCE with S256 of its sign-ins. */
  pkce: boolean;
  verdict: RowVerdict;
}

/** The table of `status --clients`; undefined where the clients were not listed or are not visible. */
export function clientRows(seen: Seen): ClientRow[] | undefined {
  const { clients, scopes } = seen.parts;
  if (!clients.visible || clients.value === undefined || !scopes.visible) return undefined;
  const { clients: all, sessions } = clients.value;
  const judged = listServers(seen);
  return all
    .filter((client) => judgeOrigin(client).kind !== 'other' || heldOf(client, judged).length > 0)
    .map((client) => {
      const has = sessions.visible ? (sessions.value.get(client.id) ?? { active: 0, offline: 0 }) : null;
      return rowOf(seen, client, judged, has);
    });
}

function rowOf(
  seen: Seen,
  client: Client,
  judged: readonly PresentServer[],
  sessions: SessionCount | null,
): ClientRow {
  const created = createdAt(client);
  return {
    clientId: client.clientId,
    name: client.name ?? null,
    kind: judgeOrigin(client).kind,
    product: presetOf(client, seen.presets)?.name ?? null,
    createdAt: created === undefined ? null : new Date(created).toISOString(),
    ageMs: created === undefined ? null : Math.max(0, seen.now - created),
    scopes: heldOf(client, judged),
    sessions,
    consent: client.consentRequired === true,
    pkce: client.attributes[PKCE_ATTRIBUTE] === PKCE_METHOD,
    verdict: verdictOf(seen, client, judged),
  };
}

function heldOf(client: Client, judged: readonly PresentServer[]): ClientRow['scopes'] {
  return judged.flatMap(({ scope: name, carriers }) => {
    const list = listOf(client, carriers);
    return list === 'none' ? [] : [{ name, list }];
  });
}

function verdictOf(seen: Seen, client: Client, judged: readonly PresentServer[]): RowVerdict {
  if (client.clientId === seen.account) return 'account';
  if (judged.some((one) => isForeign(seen, client, one))) return 'foreign';
  if (client.enabled !== true) return 'disabled';
  const held = heldOf(client, judged);
  if (held.length === 0) return isProbe(client) ? 'probe' : 'no scope';
  const isAdopted = (name: string) => judged.some((one) => one.scope === name && one.mode === 'adopted');
  return held.some(({ name }) => isAdopted(name)) ? 'adopted' : 'holds';
}
