import type { Connection } from '../products/connection.ts';
import type { DocumentState } from '../products/document-state.ts';
import type { Preset } from '../products/preset.ts';
import { requestedScope, type ScopesMet } from '../products/scopes.ts';
import type { Client } from '../realm/representations.ts';
import type { Registered } from './probe-clients/probes.ts';
import type { Run } from './step.ts';

/** The way in which a product gets its client here. */
export type ProductWay =
  /** The product registers (RFC 7591). */
  | { by: 'registration'; registered: Registered }
  /** Its client id is the URL of its metadata document; how the realm knows it is undefined from outside. */
  | { by: 'document'; documentUrl: string; state: DocumentState | undefined; connection: Connection }
  /** The client was made beforehand: the operator named it (`--client`), or mcpkc made it for the product (`isOwn`). */
  | { by: 'client'; clientId: string; found: Client | undefined; isOwn: boolean };

/** The client that a product would sign in with: the facts that its requests need. */
export interface ProductClient {
  clientId: string;
  /** Undefined for a public client. */
  secret: string | undefined;
  redirectUri: string;
  /** The `scope` that its registration was answered with. */
  registeredScope: string;
}

/** The scopes that a product meets here. */
export function scopesMet({ parts }: Pick<Run, 'parts'>): ScopesMet {
  const challenged = parts.challenge?.scopes ?? [];
  const listed = parts['resource-metadata']?.scopes ?? [];
  return {
    challenge: challenged.length === 0 ? undefined : challenged.join(' '),
    metadata: listed.length === 0 ? undefined : listed,
    issuer: parts['server-metadata']?.scopes ?? [],
  };
}

/** Whether the issuer advertises client id metadata documents (draft-ietf-oauth-client-id-metadata-document). */
export function isDocumentWayAdvertised({ parts }: Pick<Run, 'parts'>): boolean {
  return parts['server-metadata']?.document.client_id_metadata_document_supported === true;
}

/** The client of a way; undefined where the product gets none here. */
export function clientOf(preset: Preset, way: ProductWay | undefined): ProductClient | undefined {
  const [redirectUri = ''] = preset.registration.redirect_uris;
  if (way === undefined) return undefined;
  if (way.by === 'registration') {
    const { client } = way.registered;
    return (
      client && {
        clientId: client.clientId,
        secret: client.secret,
        redirectUri: client.redirectUris[0] ?? redirectUri,
        registeredScope: client.scopes.join(' '),
      }
    );
  }
  const found = foundIn(way);
  if (way.by === 'document' && found === undefined) return undefined;
  return {
    clientId: way.by === 'document' ? way.documentUrl : way.clientId,
    // A named client's secret is never read.
    secret: undefined,
    redirectUri,
    registeredScope: found?.optionalClientScopes.join(' ') ?? '',
  };
}

/** The client of a way that was made before this run, as the realm has it. */
export function foundIn(way: ProductWay): Client | undefined {
  if (way.by === 'registration') return undefined;
  if (way.by === 'client') return way.found;
  return way.state === undefined || way.state.kind === 'unknown' ? undefined : way.state.client;
}

/** The connection of a product here, whether or not it gets through. */
export function connectionOf(way: ProductWay | undefined): Connection {
  if (way?.by === 'document') return way.connection;
  if (way?.by === 'client') return { way: 'client', clientId: way.clientId, reason: null };
  return { way: 'registration', clientId: null, reason: null };
}

/** The step that makes the tokens of a document's client visible. */
export const LET_IT_SIGN_IN = 'Sign in with the product once, then run this again.';

/**
 * The reason why nothing is known of products that all use documents: seen from outside, or where a policy fetches
 * them; else undefined.
 */
export function findUntriedDocuments({ registration }: Run['parts']): string | undefined {
  const all = registration?.presets ?? [];
  const isUntried = ({ way }: { way: ProductWay }) =>
    way.by === 'document' && way.state?.kind !== 'unknown' && foundIn(way) === undefined;
  if (all.length === 0 || !all.every(isUntried)) return undefined;
  const titles = all.map(({ preset }) => preset.title).join(', ');
  return `${titles}: whether Keycloak takes the document was not tried, since that would make its client.`;
}

/** The `scope` that a product asks for at sign-in here. */
export function askedBy(preset: Preset, met: ScopesMet, client: ProductClient): string | undefined {
  return requestedScope(preset.scopes, met, client.registeredScope);
}

/** The words of a `scope`. */
export function wordsOf(scope: string | undefined): string[] {
  return (scope ?? '').split(' ').filter((word) => word !== '');
}
