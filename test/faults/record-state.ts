import { clientOf } from '../../src/keycloak/read/clients.ts';
import { PROOF_ATTRIBUTE, ROLE_ATTRIBUTE } from '../../src/keycloak/read/record.ts';
import {
  clientKeyOf,
  type Entry,
  idsOf,
  isSameId,
  MADE_ATTRIBUTE,
  RECORD_ROLE,
} from '../../src/realm/record.ts';
import { entriesIn } from '../../src/realm/record-attributes.ts';
import type { Client } from '../../src/realm/representations.ts';
import type { RealmSnapshot, Representation } from '../support/keycloak/snapshot.ts';

/**
 * The snapshot's clients, with mcpkc's record by its meaning. Names of attributes are hashes of ids that each run makes
 * anew; in their place stands what an entry says, and whether the client that it is about is there as it was.
 */
export function withRecordRead(snapshot: RealmSnapshot): Representation[] {
  const role = snapshot.realmRoles.find(({ name }) => name === RECORD_ROLE);
  const pledge = (name: string) => (role?.attributes as Record<string, string[]> | undefined)?.[name]?.[0];
  return snapshot.clients.map((client) => {
    if (role === undefined || client.id !== pledge(ROLE_ATTRIBUTE.id)) return client;
    const { [PROOF_ATTRIBUTE]: proof, ...attributes } = client.attributes as Record<string, string>;
    const meanings = entriesIn(attributes).map((entry) => JSON.stringify(meaningOf(entry, snapshot)));
    const others = Object.entries(attributes).filter(
      ([name, text]) => entriesIn({ [name]: text }).length === 0,
    );
    const record = [...new Set(meanings)].sort();
    const isProved = proof === pledge(ROLE_ATTRIBUTE.proof);
    return { ...client, attributes: { ...Object.fromEntries(others), isProved, record } };
  });
}

function meaningOf(entry: Entry, { clients, clientScopes }: RealmSnapshot): Record<string, unknown> {
  const all = clients.map(clientOf);
  const named = (keys: readonly string[]) =>
    keys
      .map((ids) => all.find((client) => idsOf(clientKeyOf(client)) === idsOf(ids))?.clientId ?? 'gone')
      .sort();
  switch (entry.kind) {
    case 'provisional': {
      const { key: _key, run, ...rest } = entry;
      return { ...rest, ...subject(entry, all), run: { by: run.by, command: run.command } };
    }
    case 'adopted':
    case 'kept':
    case 'age-accepted':
    case 'stage': {
      const { key: _key, ...rest } = entry;
      return { ...rest, ...subject(entry, all) };
    }
    case 'allowed': {
      const { key: _key, proof, ...rest } = entry;
      const made = all.find((client) => isSameId(entry.key, clientKeyOf(client)));
      return { ...rest, ...subject(entry, all), isProved: made?.attributes[MADE_ATTRIBUTE] === proof };
    }
    // The journal is history: a run that goes on where another was cut off tells its own part, and the other none.
    case 'deed':
      return { kind: entry.kind, by: entry.by };
    case 'first-look':
    case 'alive-on':
      return { ...entry, keys: named(entry.keys) };
    case 'looked-through': {
      const scope = clientScopes.find(({ id }) => id === entry.scope)?.name ?? 'gone';
      return { ...entry, scope };
    }
    case 'rehearsal':
      return { kind: entry.kind };
    default:
      return { ...entry };
  }
}

/** The client of an entry: the very one, another with its ids, or gone. */
function subject({ client, key }: Extract<Entry, { key: string }>, all: readonly Client[]) {
  const there = all.find((one) => isSameId(key, clientKeyOf(one)));
  const state = there === undefined ? 'gone' : clientKeyOf(there) === key ? 'same' : 'changed';
  return { client: { clientId: client.clientId, name: there?.name ?? '', state } };
}
