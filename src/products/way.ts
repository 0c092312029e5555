import type { Way } from '../realm/ways.ts';
import type { Preset } from './preset.ts';

/** The facts of the issuer that decide how a product connects. */
export interface IssuerSays {
  /** Whether its metadata advertises client id metadata documents. */
  documents: boolean;
}

/**
 * The redirect URIs of a product as an administrator writes them down: exact ones, and loopback ones without a port.
 * Keycloak takes the latter with any port (26.7.4). Paths of a connection's own (`{id}`) can't be written so: they are
 * left out.
 */
export function exactRedirects(uris: readonly string[]): { exact: string[]; leftOut: string[] } {
  const leftOut = uris.filter((uri) => uri.includes('{id}'));
  const exact = uris.filter((uri) => !leftOut.includes(uri)).map((uri) => uri.replace(':<port>', ''));
  return { exact: [...new Set(exact)], leftOut };
}

/** The way that a product takes where none is chosen: its document where the issuer takes documents, else a client. */
export function preferredWay(
  { cimdUrl }: Pick<Preset, 'cimdUrl'>,
  issuer: IssuerSays,
): 'document' | 'client' {
  return issuer.documents && cimdUrl !== undefined ? 'document' : 'client';
}

/** The prospect of a product here. */
export interface Prospect {
  connects: 'yes' | 'no' | 'unknown';
  /** A sentence, or several. */
  message: string;
}

/** The prospect of a product with the client that was made for it. Pure: what this issuer advertises decides. */
export function prospectOf(
  preset: Preset | undefined,
  way: Exclude<Way, 'registration'>,
  issuer: IssuerSays,
): Prospect {
  if (preset === undefined)
    return {
      connects: 'unknown',
      message: 'It connects where it is given the client id; mcpkc doesn’t know it.',
    };
  const { title, withClient } = preset;
  if (way === 'client' && withClient) {
    return { connects: 'yes', message: `${title} connects here once it is given the client as above.` };
  }
  if (way === 'client') {
    const message = `Whether ${title} can be given a client id isn’t known. Where it asks for one, enter this.`;
    return { connects: 'unknown', message };
  }
  if (issuer.documents) {
    return { connects: 'yes', message: `${title} connects here by its document: it registers nothing.` };
  }
  const byHand = withClient ? ' Its URL works as a client id too where it is typed in by hand.' : '';
  const message = `${title} won’t use it: this issuer doesn’t advertise client id metadata documents (Keycloak’s feature cimd), so it registers.${byHand}`;
  return { connects: 'no', message };
}
