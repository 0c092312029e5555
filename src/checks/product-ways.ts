import type { Preset } from '../products/preset.ts';
import { requestedScope, type ScopesMet } from '../products/scopes.ts';
import type { Client } from '../realm/representations.ts';
import type { Registered } from './probe-clients/probes.ts';
import type { Run } from './step.ts';

/** How a product gets its client here. */
export type ProductWay =
  /** It registers (RFC 7591). */
  | { by: 'registration'; registered: Registered }
  /** Its client id is the URL of its metadata document; `pinned` is the client of that id, where the realm has one. */
  | { by: 'document'; documentUrl: string; pinned: Client | undefined; isKnown: boolean }
  /** Somebody made it, and the operator named it (`--client`). */
  | { by: 'client'; clientId: string; found: Client | undefined };

/** The client that a product would sign in with: what is needed to send its requests. */
export interface ProductClient {
  clientId: string;
  /** Undefined for a public client. */
  secret: string | undefined;
  redirectUri: string;
  /** The `scope` that its registration was answered with. */
  registeredScope: string;
}

/** What a product meets here, as far as scopes are concerned. */
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
export function advertisesDocuments({ parts }: Pick<Run, 'parts'>): boolean {
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
  const found = way.by === 'document' ? way.pinned : way.found;
  if (way.by === 'document' && found === undefined) return undefined;
  return {
    clientId: way.by === 'document' ? way.documentUrl : way.clientId,
    // A named client's secret is never read.
    secret: undefined,
    redirectUri,
    registeredScope: found?.optionalClientScopes.join(' ') ?? '',
  };
}

/** The `scope` that a product asks for at sign-in here. */
export function askedBy(preset: Preset, met: ScopesMet, client: ProductClient): string | undefined {
  return requestedScope(preset.scopes, met, client.registeredScope);
}

/** The words of a `scope`. */
export function wordsOf(scope: string | undefined): string[] {
  return (scope ?? '').split(' ').filter((word) => word !== '');
}
