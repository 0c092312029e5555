import type { ClientFacts } from '../../../src/products/dynamic.ts';
import captured from './captured.json' with { type: 'json' };

/**
 * Clients as Keycloak 26.7.3 and 26.7.4 returned them by its admin API right after each had registered itself anonymously (and one
 * that an administrator made), without secrets and without the fields that nothing here reads. The keys say what was
 * posted: a preset's body (`npm run capture -- <product>`), ChatGPT's with one more grant, ChatGPT's with another redirect URI, and so on.
 */
const clients: Record<string, ClientFacts> = captured;

/** One of the captured clients, with changes. */
export function client(key: string, changes: ClientFacts = {}): ClientFacts {
  const found = clients[key];
  if (found === undefined) throw new Error(`nothing was captured as ${key}: npm run capture -- ${key}`);
  return { ...found, ...changes };
}

/** The keys of captured clients that begin like this. */
export function keys(prefix: string): string[] {
  return Object.keys(clients).filter((key) => key.startsWith(prefix));
}

/** A client as Keycloak makes it from a metadata document (attribute as in its source; not captured). */
export function fromDocument(url: string, of: string, changes: ClientFacts = {}): ClientFacts {
  const base = client(of);
  return {
    ...base,
    clientId: url,
    attributes: { ...base.attributes, 'cimd.cache.expiry.time.in.sec': '1795552394' },
    ...changes,
  };
}
