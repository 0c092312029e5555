import { documentRefusedBy, type PolicyLists } from '../realm/document-policies.ts';
import { heldAs } from '../realm/lists.ts';
import type { Allowed } from '../realm/record.ts';
import { visible } from '../text.ts';
import type { DocumentState } from './document-state.ts';
import type { Preset } from './preset.ts';

/** How a product connects to an MCP server; `document`: by its document, seen from outside; `none`: not at all. */
export type ConnectsBy =
  | 'document-pinned'
  | 'document-fetched'
  | 'document'
  | 'client'
  | 'registration'
  | 'none';

/** How a product connects to an MCP server, and by which client. */
export interface Connection {
  way: ConnectsBy;
  /** The client that it uses; null where it makes its own. */
  clientId: string | null;
  /** The first reason why not, or by whose policy; null where there is nothing to add. */
  reason: string | null;
}

/** The ways as people read them, after 'connects'. */
const WAY_NAMES: Readonly<Record<ConnectsBy, string>> = {
  'document-pinned': 'by its document (pinned)',
  'document-fetched': 'by its document (fetched)',
  document: 'by its document',
  client: 'by a client made beforehand',
  registration: 'by registration',
  none: 'not at all',
};

/** The facts that decide whether a document's client lets its product in. */
export interface DocumentSurroundings {
  lists: PolicyLists;
  /** The MCP server, with the scope that carries its audience; undefined where the realm has none. */
  server: { resource?: string | undefined; carrier: string } | undefined;
}

/** The connection of a product whose document the realm knows. */
export function documentConnection(
  { cimdUrl = '', cimdReadable }: Pick<Preset, 'cimdUrl' | 'cimdReadable'>,
  state: Extract<DocumentState, { kind: 'pinned' | 'fetched' }>,
  { lists, server }: DocumentSurroundings,
): Connection {
  const refusing = documentRefusedBy(lists, cimdUrl);
  if (refusing !== undefined) {
    const reason = `DOCUMENT_POLICY_IN_VAIN: the client policy '${refusing}' refuses its document`;
    return { way: 'none', clientId: cimdUrl, reason };
  }
  if (state.client && server && heldAs(state.client, server.carrier) === 'none') {
    const reason = `DOCUMENT_NOT_ALLOWED: its client doesn’t hold the audience of ${server.resource ?? 'the MCP server'}`;
    return { way: 'none', clientId: cimdUrl, reason };
  }
  if (state.kind === 'pinned') return { way: 'document-pinned', clientId: cimdUrl, reason: null };
  const policy = `the client policy '${state.policy}', which others made`;
  // ChatGPT's and Claude's documents are refused by every policy (26.6 to 26.7).
  return cimdReadable === 'no' && state.client === undefined
    ? {
        way: 'none',
        clientId: cimdUrl,
        reason: `DOCUMENT_NOT_ALLOWED: ${policy} fetches its document, and Keycloak can’t read it`,
      }
    : { way: 'document-fetched', clientId: cimdUrl, reason: `fetched by ${policy}` };
}

/** A connection in words, to stand behind the product's name: way, client, and by whose policy. */
export function connectionText({ way, clientId, reason }: Connection): string {
  const name = WAY_NAMES[way];
  // The name of the way has that word already.
  const why = (reason ?? '').replace(/^fetched /, '');
  const who = [clientId ?? '', why].filter((part) => part !== '').join(', ');
  if (who === '') return name;
  return name.endsWith(')') ? `${name.slice(0, -1)}, ${visible(who)})` : `${name} (${visible(who)})`;
}

/** The client made for a product, whose id is typed into it, among those of a server; undefined where none was made. */
export function findMade(made: readonly Allowed[], { name }: Pick<Preset, 'name'>): Allowed | undefined {
  return made.find(({ way, products }) => way === 'client' && products.includes(name));
}
