import { type RealmSnapshot, type Representation, sorted } from '../support/keycloak/snapshot.ts';
import { withRecordRead } from './record-state.ts';

/** The part of an audience scope’s name that each run makes anew. */
const RANDOM = /(?<=mcp-audience-[a-z0-9-]*)[0-9a-f]{32}/g;
const ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const PORT = /(127\.0\.0\.1):\d+/g;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;
/** What is different in each realm, or what Keycloak adds to a client that is written again, and says nothing. */
const NOISE = new Set([
  'id',
  'containerId',
  'secret',
  'notBefore',
  'client.secret.creation.time',
  'realm_client',
  'backchannel.logout.session.required',
  'backchannel.logout.revoke.offline.tokens',
]);

/** A realm's state by natural keys: `client-scope foreign` → its text. Ids, times and key material are left out. */
export type State = ReadonlyMap<string, string>;

/** The state behind an administrator's snapshot of a realm with this name. */
export function stateOf(snapshot: RealmSnapshot, realm: string): State {
  const found: [key: string, text: string][] = [];
  const put = (key: string, value: unknown) => {
    const text = JSON.stringify(plain(value)).replaceAll(realm, '{realm}').replaceAll(ID, '{id}');
    const inert = text
      .replaceAll(RANDOM, '{random}')
      .replaceAll(TIME, '{time}')
      .replaceAll(PORT, '$1:{port}');
    found.push([
      key.replaceAll(realm, '{realm}').replaceAll(ID, '{id}').replaceAll(RANDOM, '{random}'),
      inert,
    ]);
  };
  put('realm', snapshot.realm);
  for (const scope of snapshot.defaultScopes) put(`realm default ${scope}`, true);
  for (const scope of snapshot.optionalScopes) put(`realm optional ${scope}`, true);
  put('events', snapshot.eventsConfig);
  for (const scope of snapshot.clientScopes) put(`client-scope ${scope.name}`, scope);
  for (const component of snapshot.components) {
    if (component.providerType !== 'org.keycloak.keys.KeyProvider')
      put(`component ${component.name} ${component.subType ?? ''}`, component);
  }
  const entries = (value: Representation, key: string) => (value[key] ?? []) as Representation[];
  for (const policy of entries(snapshot.clientPolicies, 'policies')) put(`policy ${policy.name}`, policy);
  for (const profile of entries(snapshot.clientProfiles, 'profiles')) put(`profile ${profile.name}`, profile);
  for (const client of withRecordRead(snapshot))
    put(`client ${client.clientId} ${client.name ?? ''}`, client);
  for (const role of snapshot.realmRoles) put(`realm role ${role.name}`, role);
  for (const [client, roles] of Object.entries(snapshot.clientRoles)) put(`roles of ${client}`, roles);
  for (const [client, roles] of Object.entries(snapshot.serviceAccountRoles)) put(`account ${client}`, roles);
  return numbered(found);
}

/** Those of the same name, such as clients that registered alike, are told apart by what they are, not by their ids. */
function numbered(found: readonly (readonly [key: string, text: string])[]): State {
  const state = new Map<string, string>();
  for (const [key, text] of found.toSorted(([, a], [, b]) => (a < b ? -1 : 1))) {
    let name = key;
    while (state.has(name)) name += ' (again)';
    state.set(name, text);
  }
  return state;
}

function plain(value: unknown): unknown {
  return sorted(withoutNoise(value), true);
}

function withoutNoise(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNoise);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => !NOISE.has(key));
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutNoise(inner)]));
}

/** What is in one state and not, or otherwise, in the other: a line each, cut. */
export function differences(wanted: State, found: State): string[] {
  const keys = [...new Set([...wanted.keys(), ...found.keys()])];
  return keys.flatMap((key) => {
    const [a, b] = [wanted.get(key), found.get(key)];
    if (a === b) return [];
    if (a === undefined) return [`${key} is there`];
    if (b === undefined) return [`${key} is missing`];
    const at = [...a].findIndex((letter, index) => letter !== b[index]);
    const part = (text: string) => text.slice(Math.max(0, at - 60), at + 80);
    return [`${key} is …${part(b)}… and should be …${part(a)}…`];
  });
}

/** What an interrupted run changed of things that a whole run leaves alone. */
export function foreignChanges(before: State, whole: State, after: State): string[] {
  const alone = new Map([...before].filter(([key, text]) => whole.get(key) === text));
  const found = new Map([...after].filter(([key]) => alone.has(key)));
  return differences(alone, found);
}
