import { documentFetchedBy, type PolicyLists } from '../realm/document-policies.ts';
import { allowancesOf, type RealmRecord } from '../realm/record.ts';
import type { Client } from '../realm/representations.ts';
import { judgeOrigin } from './dynamic.ts';

/** How a realm knows a product's metadata document. */
export type DocumentState =
  /** mcpkc made its client. */
  | { kind: 'pinned'; client: Client }
  /** Keycloak fetches it, by a policy that others made. */
  | { kind: 'fetched'; client: Client | undefined; policy: string }
  /** Somebody made a client of that id. */
  | { kind: 'taken'; client: Client }
  | { kind: 'unknown' };

/**
 * The facts of a realm that show it: the client that has the document's URL as its id, the record, the client policies.
 */
export interface DocumentFacts {
  client: Client | undefined;
  record: RealmRecord;
  lists: PolicyLists;
}

/** How a realm knows the document at this URL. */
export function documentStateOf(url: string, { client, record, lists }: DocumentFacts): DocumentState {
  if (client && allowancesOf(record, client).length > 0) return { kind: 'pinned', client };
  const by = documentFetchedBy(lists, url);
  const isFetched = client === undefined || judgeOrigin(client).kind === 'cimd';
  if (by && isFetched) return { kind: 'fetched', client, policy: by.policy.name };
  return client ? { kind: 'taken', client } : { kind: 'unknown' };
}
